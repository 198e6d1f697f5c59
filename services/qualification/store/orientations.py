"""Rows of orientations."""

from datetime import date, datetime
from uuid import UUID

from services.qualification.domain.orientation import Orientation
from services.qualification.store.rows import ORIENTATION, orientation_of
from shared.db import Transaction


async def insert(tx: Transaction, orientation: Orientation) -> None:
    """Store a new orientation."""
    await tx.execute(
        """
        INSERT INTO orientation (id, request_id, departement, provider_id, provider, motive, until, state, opened_at)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)
        """,
        orientation.id,
        orientation.request_id,
        orientation.departement,
        orientation.provider_id,
        orientation.provider.model_dump(mode="json"),
        orientation.motive,
        orientation.until,
        orientation.state,
        orientation.opened_at,
    )


async def save(tx: Transaction, orientation: Orientation) -> None:
    """Write what was answered, and that the help ended."""
    await tx.execute(
        "UPDATE orientation SET state = $2, answer = $3, answered_at = $4, ended_at = $5 WHERE id = $1",
        orientation.id,
        orientation.state,
        orientation.answer,
        orientation.answered_at,
        orientation.ended_at,
    )


async def save_link(tx: Transaction, orientation: Orientation) -> None:
    """Write which link is valid, and where it was sent."""
    await tx.execute(
        """
        UPDATE orientation
        SET provider = $2, link_generation = $3, link_sent_at = $4, link_withdrawn = $5
        WHERE id = $1
        """,
        orientation.id,
        orientation.provider.model_dump(mode="json"),
        orientation.link_generation,
        orientation.link_sent_at,
        orientation.link_withdrawn,
    )


async def case_of(tx: Transaction, orientation_id: UUID) -> tuple[UUID, str] | None:
    """Return which case (request, département) an orientation belongs to."""
    row = await tx.fetchrow("SELECT request_id, departement FROM orientation WHERE id = $1", orientation_id)
    return (row["request_id"], row["departement"]) if row else None


async def load_for_update(tx: Transaction, orientation_id: UUID) -> Orientation | None:
    """Lock one orientation."""
    row = await tx.fetchrow(
        f"SELECT {ORIENTATION} FROM orientation AS o WHERE o.id = $1 FOR UPDATE",
        orientation_id,
    )
    return orientation_of(row) if row else None


async def load_current(tx: Transaction, request_id: UUID, departement: str) -> Orientation | None:
    """Lock the orientation of a case that is open or accepted."""
    row = await tx.fetchrow(
        f"""
        SELECT {ORIENTATION}
        FROM orientation AS o
        WHERE o.request_id = $1
          AND o.departement = $2
          AND o.state IN ('open', 'accepted')
        FOR UPDATE
        """,
        request_id,
        departement,
    )
    return orientation_of(row) if row else None


async def silent_since(tx: Transaction, before: date, limit: int) -> list[UUID]:
    """List open orientations whose delay ended before that day, by request, as their cases are locked; lock nothing."""
    rows = await tx.fetch(
        """
        SELECT silent.id
        FROM (
            SELECT id, request_id
            FROM orientation
            WHERE state = 'open'
              AND until < $1
            ORDER BY until
            LIMIT $2
        ) AS silent
        ORDER BY silent.request_id
        """,
        before,
        limit,
    )
    return [row["id"] for row in rows]


async def end(tx: Transaction, request_id: UUID, at: datetime) -> None:
    """An accepted help is over: it counts no more in the provider's capacity."""
    await tx.execute(
        """
        UPDATE orientation SET state = 'ended', ended_at = $2
        WHERE request_id = $1
          AND state = 'accepted'
        """,
        request_id,
        at,
    )
