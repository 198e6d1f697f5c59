"""Write which notices an agent has read."""

from datetime import datetime
from uuid import UUID

from shared.db import Transaction


async def mark_read(tx: Transaction, agent_id: UUID, holders: list[str], *, only: UUID | None, at: datetime) -> int:
    """Mark one notice of these mailboxes as read, or all there are; return how many of them are the agent's."""
    marked: int = await tx.fetchval(
        """
        WITH ringing AS (
            SELECT id FROM delivery
            WHERE holder = ANY($2) AND ($3::uuid IS NULL OR id = $3)
        ), marked AS (
            INSERT INTO bell_read (agent_id, delivery_id, read_at)
            SELECT $1, id, $4 FROM ringing
            ON CONFLICT DO NOTHING
        )
        SELECT count(*) FROM ringing
        """,
        agent_id,
        holders,
        only,
        at,
    )
    return marked
