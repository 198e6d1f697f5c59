"""Events in the outbox that the broker refuses for what they are: listed, and published again on request."""

from datetime import datetime
from uuid import UUID

from pydantic import BaseModel

from services.operations.adapters.connections import Watched
from services.operations.domain.actions import Action
from services.operations.store import record
from shared.db import Reader
from shared.errors import NotFound
from shared.messaging.names import EVERYBODY


class NotUnsendable(NotFound):
    """No such event of this service is set aside (any more)."""

    code = "not_unsendable"
    title = "No such event is set aside"
    sentence = "Cet événement n’est pas mis de côté dans ce service\u00a0: il est parti, ou quelqu’un s’en est occupé."


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
    """Give what was set aside, the oldest first."""
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


async def retry(watched: Watched, event_id: UUID, *, by: str, why: str) -> int:
    """Have the relay publish an event again that was set aside; gives for how many queues. Refuses (`NotUnsendable`).

    What was for all consumers goes back as a resend to all: the relay may have passed its place in the outbox.
    """
    async with watched.database.transaction() as tx:
        rows = await tx.fetch(
            """
            WITH taken AS (
                DELETE FROM outbox o
                USING journal j
                WHERE j.position = o.position AND j.id = $1 AND o.unsendable_since IS NOT NULL
                RETURNING o.position, o.queue, o.waiting_since
            )
            SELECT position, CASE queue WHEN '' THEN $2 ELSE queue END AS queue, waiting_since FROM taken
            """,
            event_id,
            EVERYBODY,
        )
        if not rows:
            raise NotUnsendable
        await tx.executemany(
            "INSERT INTO outbox (position, queue, waiting_since) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING",
            [tuple(row) for row in rows],
        )
        await record.note(tx, by=by, action=Action.UNSENDABLE_RETRY, target=str(event_id), why=why)
    return len(rows)
