"""The SQL of invited colleagues and of the requests that their links open."""

from datetime import datetime
from typing import Final
from uuid import UUID

from services.intake.domain.colleagues import Colleague, Holder, Invitation
from shared.contracts import intake
from shared.db import Reader, Transaction
from shared.errors import NotFound

COLUMNS: Final = "id, name, email, invited_at, mail_failed_at, false AS waiting, removed_at"


async def add(tx: Transaction, fact: intake.ColleagueInvited) -> None:
    """Store who was invited."""
    await tx.execute(
        "INSERT INTO colleague (id, request_id, name, email, invited_at) VALUES ($1, $2, $3, $4, $5)",
        fact.colleague_id,
        fact.request_id,
        fact.name,
        fact.email,
        fact.at,
    )


async def add_waiting(tx: Transaction, fact: intake.ColleagueInvited) -> None:
    """Store whom to invite once the contact is confirmed."""
    await tx.execute(
        "INSERT INTO waiting_invitation (id, request_id, name, email, asked_at) VALUES ($1, $2, $3, $4, $5)",
        fact.colleague_id,
        fact.request_id,
        fact.name,
        fact.email,
        fact.at,
    )


async def take_waiting(tx: Transaction, request_id: UUID, colleague_id: UUID | None = None) -> list[Colleague]:
    """Delete the waiting invitations of a request, or one of them, and give them in order."""
    rows = await tx.fetch(
        """
        DELETE FROM waiting_invitation
        WHERE request_id = $1 AND ($2::uuid IS NULL OR id = $2)
        RETURNING id, name, email, asked_at AS invited_at, NULL::timestamptz AS mail_failed_at, true AS waiting
        """,
        request_id,
        colleague_id,
    )
    return sorted((Colleague(**row) for row in rows), key=lambda one: (one.invited_at, one.id))


async def remove(tx: Transaction, colleague_id: UUID, *, at: datetime) -> None:
    """Revoke a colleague's link."""
    await tx.execute("UPDATE colleague SET removed_at = $2 WHERE id = $1 AND removed_at IS NULL", colleague_id, at)


async def note_mail(tx: Transaction, colleague_id: UUID, *, failed_at: datetime | None) -> None:
    """Store whether the latest mail to a colleague failed."""
    await tx.execute("UPDATE colleague SET mail_failed_at = $2 WHERE id = $1", colleague_id, failed_at)


async def of_request(reader: Reader, request_id: UUID) -> list[Invitation]:
    """Return everybody who was ever invited to a request, or whose invitation waits, in order."""
    rows = await reader.fetch(
        f"""
        SELECT {COLUMNS} FROM colleague WHERE request_id = $1
        UNION ALL
        SELECT id, name, email, asked_at, NULL, true, NULL FROM waiting_invitation WHERE request_id = $1
        ORDER BY invited_at, id
        """,
        request_id,
    )
    return [Invitation(**row) for row in rows]


async def load(reader: Reader, colleague_id: UUID, *, of: UUID) -> Invitation:
    """Return one who was invited to that request; refuses with `NotFound`."""
    row = await reader.fetchrow(
        f"SELECT {COLUMNS} FROM colleague WHERE id = $1 AND request_id = $2",
        colleague_id,
        of,
    )
    if row is None:
        raise NotFound
    return Invitation(**row)


async def holder_by_own_link(reader: Reader, request_id: UUID, generation: int, *, by_mail: bool) -> Holder | None:
    """Return what an applicant's link opens; None when its generation is not valid, or no longer."""
    changes = await reader.fetchval(
        """
        SELECT link_generation = $2 AND old_link_generation IS NOT NULL OR $3 AND contact_confirmed_at IS NULL
        FROM request
        WHERE id = $1 AND $2 IN (link_generation, old_link_generation)
        """,
        request_id,
        generation,
        by_mail,
    )
    return None if changes is None else Holder(request_id, generation, by_mail=by_mail, changes=changes)


async def holder_by_invitation(reader: Reader, colleague_id: UUID) -> Holder | None:
    """Return what a colleague's link opens; None when the invitation was taken back."""
    request_id = await reader.fetchval(
        "SELECT request_id FROM colleague WHERE id = $1 AND removed_at IS NULL", colleague_id
    )
    return Holder(request_id, colleague_id=colleague_id) if request_id else None
