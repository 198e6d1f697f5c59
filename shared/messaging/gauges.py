"""The depth and the age of what waits, read for Prometheus."""

from shared.db import Database
from shared.messaging import metrics


async def measure(database: Database) -> None:
    """Read the depth and the age of what waits, into the gauges."""
    row = await database.fetchrow(
        """
        SELECT (SELECT count(*) FROM outbox) AS outbox,
               (SELECT coalesce(extract(epoch FROM now() - min(waiting_since)), 0)
                FROM outbox WHERE queue = '')::float AS outbox_age,
               (SELECT count(*) FROM inbox_held) AS held,
               (SELECT count(*) FROM inbox_waiting) AS waiting,
               (SELECT coalesce(extract(epoch FROM now() - min(received_at)), 0) FROM inbox_waiting)::float
                   AS waiting_age,
               (SELECT count(*) FROM quarantine WHERE settled_at IS NULL) AS quarantine
        """
    )
    if row is not None:
        metrics.OUTBOX_EVENTS.set(row["outbox"])
        metrics.OUTBOX_AGE.set(row["outbox_age"])
        metrics.HELD_STREAMS.set(row["held"])
        metrics.WAITING_EVENTS.set(row["waiting"])
        metrics.WAITING_AGE.set(row["waiting_age"])
        metrics.QUARANTINE_OPEN.set(row["quarantine"])
