"""Resend: puts events of the journal into the outbox once more, for one queue or for all consumers."""

from shared.db import Transaction
from shared.messaging.handlers import single

MOST_EVENTS = 500
"""Events that are resent for one request, at most."""

MOST_WAITING = 5_000
"""Resent events for one queue in the outbox, at most; further ones are requested again."""


MOST_WAITING_IN_ALL = 50_000
"""Resent events for all queues in the outbox, at most."""


async def resend(tx: Transaction, *, source: str, subject: str, first: int, last: int, queue: str) -> int:
    """Put events of our journal into the outbox again, for one queue (or, with an empty name, for all consumers).

    At most `MOST_EVENTS`, the oldest first, and none while `MOST_WAITING` wait for this queue. Events that were not
    published yet are left out: nobody misses them. Returns how many; none of a source that is not ours.
    """
    tag = await tx.execute(
        """
        INSERT INTO outbox (position, queue)
        SELECT position, $5
        FROM journal
        WHERE source = $1 AND ((subject = $2 AND sequence BETWEEN $3 AND $4) OR id = $7)
          AND (SELECT count(*) FROM outbox WHERE queue = $5) < $8
          AND (SELECT count(*) FROM (SELECT FROM outbox WHERE queue <> '' LIMIT $9) AS again) < $9
          AND NOT EXISTS (SELECT FROM outbox o WHERE o.position = journal.position AND o.queue = '')
        ORDER BY sequence
        LIMIT $6
        ON CONFLICT DO NOTHING
        """,
        source,
        subject,
        first,
        last,
        queue,
        MOST_EVENTS,
        single(subject),
        MOST_WAITING,
        MOST_WAITING_IN_ALL,
    )
    return int(tag.rsplit(" ", 1)[1])
