"""Events in the outbox that the broker refuses permanently: list."""

from datetime import datetime
from uuid import UUID

from pydantic import BaseModel

from shared.db import Reader
from shared.messaging.names import EVERYBODY


class Unsendable(BaseModel):
    """One event that was set aside: for which queue (empty: all consumers), why, since when, and its size in bytes."""

    service: str
    event_id: UUID
    type: str
    subject: str
    sequence: int
    queue: str
    bytes: int
    reason: str
    since: datetime


async def list_unsendable(reader: Reader, service: str, *, most: int = 200) -> list[Unsendable]:
    """Return what was set aside, the oldest first."""
    rows = await reader.fetch(
        """
        SELECT j.id AS event_id, j.type, j.subject, j.sequence, CASE o.queue WHEN $2 THEN '' ELSE o.queue END AS queue,
               octet_length(j.body) AS bytes, o.unsendable_reason AS reason, o.unsendable_since AS since
        FROM outbox o
        JOIN journal j USING (position)
        WHERE o.unsendable_since IS NOT NULL
        ORDER BY o.position, o.queue
        LIMIT $1
        """,
        most,
        EVERYBODY,
    )
    return [Unsendable(service=service, **row) for row in rows]
