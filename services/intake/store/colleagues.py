"""The SQL of invited colleagues: who they are, and which request their links open."""

from datetime import datetime
from typing import Final
from uuid import UUID

from services.intake.domain.colleagues import Colleague, Holder
from shared.db import Reader, Transaction
from shared.errors import NotFound

COLUMNS: Final = "id, name, email, invited_at, removed_at, mail_failed_at"


async def add(tx: Transaction, request_id: UUID, colleague: Colleague) -> None:
    """Keep who was invited."""
    await tx.execute(
        "INSERT INTO colleague (id, request_id, name, email, invited_at) VALUES ($1, $2, $3, $4, $5)",
        colleague.id,
        request_id,
        colleague.name,
        colleague.email,
        colleague.invited_at,
    )


async def remove(tx: Transaction, colleague_id: UUID, *, at: datetime) -> None:
    """Let a colleague's link open nothing any more."""
    await tx.execute("UPDATE colleague SET removed_at = $2 WHERE id = $1 AND removed_at IS NULL", colleague_id, at)


async def note_mail(tx: Transaction, colleague_id: UUID, *, failed_at: datetime | None) -> None:
    """Remember whether the latest mail to a colleague failed."""
    await tx.execute("UPDATE colleague SET mail_failed_at = $2 WHERE id = $1", colleague_id, failed_at)


async def of_request(reader: Reader, request_id: UUID) -> list[Colleague]:
    """Give everybody who was ever invited to a request, in order."""
    rows = await reader.fetch(
        f"SELECT {COLUMNS} FROM colleague WHERE request_id = $1 ORDER BY invited_at, id",  # noqa: S608 - our own list of columns
        request_id,
    )
    return [Colleague(**row) for row in rows]


async def load(reader: Reader, colleague_id: UUID, *, of: UUID) -> Colleague:
    """Give one who was invited to that request; refuses with `NotFound`."""
    row = await reader.fetchrow(
        f"SELECT {COLUMNS} FROM colleague WHERE id = $1 AND request_id = $2",  # noqa: S608 - our own list of columns
        colleague_id,
        of,
    )
    if row is None:
        raise NotFound
    return Colleague(**row)


async def holder_by_own_link(reader: Reader, request_id: UUID, generation: int) -> Holder | None:
    """Tell what an applicant's link opens; None when another generation is valid."""
    held = await reader.fetchval(
        "SELECT true FROM request WHERE id = $1 AND link_generation = $2", request_id, generation
    )
    return Holder(request_id, generation=generation) if held else None


async def holder_by_invitation(reader: Reader, colleague_id: UUID) -> Holder | None:
    """Tell what a colleague's link opens; None when the invitation was taken back."""
    request_id = await reader.fetchval(
        "SELECT request_id FROM colleague WHERE id = $1 AND removed_at IS NULL", colleague_id
    )
    return Holder(request_id, colleague_id=colleague_id) if request_id else None
