"""The SQL that asks for the bound file of a session, and stores it."""

from datetime import datetime
from uuid import UUID

from services.escalation.domain.session_file import GIVEN_UP, KEPT
from shared.contracts.fact import Actor
from shared.db import Transaction


async def ask(tx: Transaction, session_id: UUID, *, by: Actor, at: datetime) -> None:
    """Ask for the file, again or for the first time; one that is being made already is waited for."""
    await tx.execute(
        """
        INSERT INTO session_file AS file (session_id, asked_at, asked_by)
        VALUES ($1, $2, $3)
        ON CONFLICT (session_id) DO UPDATE
        SET asked_at = EXCLUDED.asked_at, asked_by = EXCLUDED.asked_by, begun_at = NULL
        WHERE file.made_at >= file.asked_at OR file.failed_at >= file.asked_at
        """,
        session_id,
        at,
        by.model_dump(mode="json"),
    )


async def begin_one(tx: Transaction, *, at: datetime) -> tuple[UUID, datetime] | None:
    """Take the file that was asked for first and that nobody makes; return its session, and when it was asked for."""
    row = await tx.fetchrow(
        """
        UPDATE session_file
        SET begun_at = $1
        WHERE session_id = (
            SELECT session_id
            FROM session_file
            WHERE (made_at IS NULL OR made_at < asked_at)
                AND (failed_at IS NULL OR failed_at < asked_at)
                AND (begun_at IS NULL OR begun_at < $2)
            ORDER BY asked_at
            LIMIT 1
            FOR UPDATE SKIP LOCKED
        )
        RETURNING session_id, asked_at
        """,
        at,
        at - GIVEN_UP,
    )
    return (row["session_id"], row["asked_at"]) if row else None


async def save(
    tx: Transaction,
    session_id: UUID,
    *,
    asked_at: datetime,
    content: bytes,
    pages: int,
    request_ids: list[UUID],
    seconds: float,
    at: datetime,
) -> None:
    """Store a file, unless it was asked for again meanwhile."""
    await tx.execute(
        """
        UPDATE session_file
        SET content = $3, pages = $4, request_ids = $5, seconds = $6, made_at = $7, begun_at = NULL
        WHERE session_id = $1 AND asked_at = $2
        """,
        session_id,
        asked_at,
        content,
        pages,
        request_ids,
        seconds,
        at,
    )


async def note_failed(tx: Transaction, session_id: UUID, *, asked_at: datetime, at: datetime) -> None:
    """Write that a file could not be made."""
    await tx.execute(
        "UPDATE session_file SET failed_at = $3, begun_at = NULL WHERE session_id = $1 AND asked_at = $2",
        session_id,
        asked_at,
        at,
    )


async def forget_old_files(tx: Transaction, *, at: datetime) -> None:
    """Delete the files that were made long ago."""
    await tx.execute("DELETE FROM session_file WHERE made_at < $1 AND made_at >= asked_at", at - KEPT)
