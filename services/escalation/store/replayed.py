"""SQL used only by a replay into an empty database: referenced rows, and the counters of numbers."""

from datetime import date, datetime
from uuid import UUID

from services.escalation.domain.committee import Session
from shared.contracts.fact import Actor
from shared.db import Transaction


async def ensure_session(tx: Transaction, session: Session, *, by: Actor, at: datetime) -> None:
    """Plan a session that an agenda refers to, unless it is there."""
    await tx.execute(
        """
        INSERT INTO committee_session (id, title, held_on, created_at, created_by)
        VALUES ($1, $2, $3, $4, $5)
        ON CONFLICT (id) DO NOTHING
        """,
        session.id,
        session.title,
        session.held_on,
        at,
        by.model_dump(mode="json"),
    )


async def note_decision_number(tx: Transaction, year: int, last: int) -> None:
    """Count on from a number that was given."""
    await tx.execute(
        """
        INSERT INTO decision_counter AS counter (year, last)
        VALUES ($1, $2)
        ON CONFLICT (year) DO UPDATE SET last = greatest(counter.last, EXCLUDED.last)
        """,
        year,
        last,
    )


async def note_milestone_late(tx: Transaction, request_id: UUID, *, title: str, due_on: date) -> None:
    """Mark that a milestone's delay was published; of two alike, the one that was not marked."""
    await _note_milestone(tx, request_id, "overdue_told", title=title, due_on=due_on)


async def note_milestone_soon(tx: Transaction, request_id: UUID, *, title: str, due_on: date) -> None:
    """Mark that a milestone's reminder was published; of two alike, the one that was not marked."""
    await _note_milestone(tx, request_id, "soon_told", title=title, due_on=due_on)


async def _note_milestone(tx: Transaction, request_id: UUID, column: str, *, title: str, due_on: date) -> None:
    await tx.execute(
        f"""
        UPDATE milestone SET {column} = true
        WHERE id = (
            SELECT id
            FROM milestone
            WHERE request_id = $1 AND title = $2 AND due_on = $3 AND NOT {column} AND reached_on IS NULL
            LIMIT 1
        )
        """,
        request_id,
        title,
        due_on,
    )
