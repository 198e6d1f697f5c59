"""The SQL of messages between the applicant and the département, and of their readers."""

from datetime import datetime
from uuid import UUID

from services.intake.domain.colleagues import Holder
from shared.contracts import intake
from shared.contracts.vocabulary import Team
from shared.db import Transaction

WRITTEN = """
    SELECT at, text FROM message WHERE request_id = $2 AND author = 'applicant'
    UNION ALL
    SELECT at, coalesce(details ->> 'text', '') FROM step WHERE request_id = $2 AND type = 'intake.progress_told.v1'
"""
"""What the applicant's side wrote of a request, for `texts.find_room`."""


async def add(
    tx: Transaction,
    request_id: UUID,
    *,
    message_id: UUID,
    at: datetime,
    author: Team,
    text: str,
    author_name: str | None = None,
) -> None:
    """Store a message; one that is stored already stays as it is. `author_name` is the colleague who wrote it."""
    await tx.execute(
        """
        INSERT INTO message (id, request_id, at, author, author_name, text)
        VALUES ($1, $2, $3, $4, $5, $6)
        ON CONFLICT (id) DO NOTHING
        """,
        message_id,
        request_id,
        at,
        author,
        author_name,
        text,
    )


async def add_own(
    tx: Transaction, fact: intake.MessagePosted | intake.InformationProvided, *, message_id: UUID
) -> None:
    """Store what the applicant's side wrote."""
    author = fact.by.name if fact.by else None
    await add(
        tx,
        fact.request_id,
        message_id=message_id,
        at=fact.at,
        author=Team.APPLICANT,
        author_name=author,
        text=fact.text,
    )


async def mark_read(tx: Transaction, holder: Holder) -> None:
    """Store that whoever holds this link has read all messages that are there."""
    await tx.execute(
        """
        UPDATE request SET messages_read_at = (SELECT max(at) FROM message WHERE request_id = $1)
        WHERE id = $1 AND $2::uuid IS NULL
        """,
        holder.request_id,
        holder.colleague_id,
    )
    await tx.execute(
        """
        UPDATE colleague SET messages_read_at = (SELECT max(at) FROM message WHERE request_id = $1)
        WHERE request_id = $1 AND id = $2
        """,
        holder.request_id,
        holder.colleague_id,
    )
