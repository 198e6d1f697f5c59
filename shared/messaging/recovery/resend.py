"""What is sent again: rows of the journal, put into the outbox once more."""

from shared.db import Transaction
from shared.messaging.handlers import single

MOST_EVENTS = 500
"""Events sent again for one request."""

MOST_WAITING = 5_000
"""Events that may wait in the outbox to be sent again to one queue: who asks for more will ask again."""


MOST_WAITING_IN_ALL = 50_000
"""Events that may wait in the outbox to be sent again to all queues together."""


async def resend(tx: Transaction, *, source: str, subject: str, first: int, last: int, queue: str) -> int:
    """Put events of our journal into the outbox again, for one queue (or, with an empty name, for all who listen).

    At most `MOST_EVENTS`, the oldest first, and none while `MOST_WAITING` wait for this queue. What has not been told
    yet, because much waits or the broker is away, misses nobody. Gives how many; a source that is not ours gives none.
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
