"""Gauges for Prometheus: depth and age of outbox, held streams, parked events, gaps and quarantine."""

from shared.db import Database, Reader
from shared.messaging import metrics
from shared.messaging.inbox.quarantine import FOREIGN

MOST_SOURCES = 150
"""Sources whose age is reported: more than there are départements, and bounded for forged sources."""


async def measure(database: Database) -> float:
    """Set the gauges from the database; return the age of the oldest unpublished event in seconds."""
    row = await database.fetchrow(
        f"""
        SELECT (SELECT count(*) FROM outbox WHERE unsendable_since IS NULL) AS outbox,
               (SELECT coalesce(extract(epoch FROM now() - min(waiting_since)), 0)
                FROM outbox WHERE queue = '' AND unsendable_since IS NULL)::float AS outbox_age,
               (SELECT count(*) FROM outbox WHERE unsendable_since IS NOT NULL) AS unsendable,
               (SELECT count(*) FROM inbox_held) AS held,
               (SELECT count(*) FROM inbox_held WHERE next_attempt_at IS NULL AND code <> 'forked') AS held_given_up,
               (SELECT count(*) FROM inbox_held WHERE code = 'forked') AS forked,
               (SELECT count(DISTINCT (source, subject)) FROM stream_fork) AS disputed,
               (SELECT count(*) FROM inbox_waiting) AS waiting,
               (SELECT count(*) FROM quarantine
                WHERE settled_at IS NULL AND deaths IS NULL AND NOT {FOREIGN}) AS quarantine,
               (SELECT count(*) FROM quarantine WHERE settled_at IS NULL AND deaths IS NOT NULL) AS dead
        """
    )
    if row is not None:
        metrics.OUTBOX_EVENTS.set(row["outbox"])
        metrics.OUTBOX_AGE.set(row["outbox_age"])
        metrics.OUTBOX_UNSENDABLE.set(row["unsendable"])
        metrics.HELD_STREAMS.set(row["held"])
        metrics.HELD_GIVEN_UP.set(row["held_given_up"])
        metrics.FORKED_STREAMS.set(row["forked"])
        metrics.DISPUTED_STREAMS.set(row["disputed"])
        metrics.WAITING_EVENTS.set(row["waiting"])
        metrics.QUARANTINE_OPEN.set(row["quarantine"])
        metrics.DEAD_LETTERS.set(row["dead"])
    ages = await unapplied(database)
    metrics.UNAPPLIED_AGE.clear()
    for source, age in ages.items():
        metrics.UNAPPLIED_AGE.labels(source).set(age)
    return 0.0 if row is None else float(row["outbox_age"])


async def unapplied(reader: Reader) -> dict[str, float]:
    """Return by source for how many seconds its first unapplied event has been parked or known to be missing."""
    rows = await reader.fetch(
        """
        SELECT source, extract(epoch FROM now() - min(since))::float AS age
        FROM (
            SELECT source, received_at AS since FROM inbox_waiting
            UNION ALL
            SELECT source, since FROM inbox_expected
        ) AS unapplied
        GROUP BY source
        ORDER BY age DESC
        LIMIT $1
        """,
        MOST_SOURCES,
    )
    return {row["source"]: row["age"] for row in rows}
