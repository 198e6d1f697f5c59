"""Have the relay retry an event that the broker refused."""

from uuid import UUID

from services.operations.adapters.connections import Watched
from services.operations.domain.actions import Action
from services.operations.store import record
from shared.errors import NotFound
from shared.messaging.names import EVERYBODY


class NotUnsendable(NotFound):
    """No such event of this service is set aside (any more)."""

    code = "not_unsendable"
    title = "No such event is set aside"
    sentence = "Cet événement n’est pas mis de côté dans ce service\u00a0: il est parti, ou quelqu’un s’en est occupé."


async def retry(watched: Watched, event_id: UUID, *, by: str, why: str) -> int:
    """Have the relay publish an event again that was set aside; returns for how many queues. Refuses (`NotUnsendable`).

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
