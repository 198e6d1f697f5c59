"""Figures of one service's database: events to publish, events to apply, messages in quarantine."""

from pydantic import BaseModel

from shared.db import Reader
from shared.messaging.inbox.quarantine import FOREIGN
from shared.messaging.names import LEADER_LOCK

WAITS_FOR_ANOTHER = 60.0
"""Seconds for which an event may wait for one of another stream: between two streams there is no order."""


class ServiceFigures(BaseModel):
    """What waits in one service's database; the ages are seconds, of the oldest."""

    outbox: int
    outbox_seconds: float
    unsendable: int
    """Of those in the outbox, set aside because the broker refuses them; `outbox` counts the others."""
    held: int
    held_given_up: int
    held_seconds: float
    """Of those that are still tried."""
    held_in_order: int
    """Of the held ones, those that have waited for an event of another stream for less than `WAITS_FOR_ANOTHER`."""
    forked: int
    """Held because their source publishes another history than the one applied."""
    disputed: int
    """Streams of this service of which listeners applied events that are not in its journal."""
    waiting: int
    gaps: int
    gap_seconds: float
    quarantine: int
    quarantine_foreign: int
    """Of forms of others, which `quarantine` does not count."""
    relay: bool
    """Whether somebody hands this database's events to the broker."""


async def figures(reader: Reader, service: str, perimeter: list[str] | None = None) -> ServiceFigures:
    """Count what waits, of these départements or of all.

    Somebody else's session that holds the relay's lock is no relay, where the role may see whose it is.
    """
    row = await reader.fetchrow(
        f"""
        WITH queued AS (
            SELECT o.queue, o.waiting_since, o.unsendable_since
            FROM outbox o
            WHERE $1::text[] IS NULL
               OR EXISTS (SELECT FROM journal j
                          WHERE j.position = o.position AND split_part(j.routing_key, '.', 3) = ANY($1))
        ), waiting AS (
            SELECT w.subject, w.source, w.received_at
            FROM inbox_waiting w
            WHERE $1::text[] IS NULL OR w.departement = ANY($1)
        ), held AS (
            SELECT h.subject, h.source, h.next_attempt_at, h.held_since, h.code
            FROM inbox_held h
            WHERE $1::text[] IS NULL
               OR h.departement = ANY($1)
               OR EXISTS (SELECT FROM inbox_waiting w
                          WHERE w.subject = h.subject AND w.source = h.source AND w.sequence = h.sequence
                            AND w.departement = ANY($1))
        ), put_aside AS (
            SELECT {FOREIGN} AS is_foreign
            FROM quarantine
            WHERE settled_at IS NULL AND deaths IS NULL
              AND ($1::text[] IS NULL OR split_part(routing_key, '.', 3) = ANY($1))
        ), gap AS (
            SELECT min(w.received_at) AS since
            FROM waiting w
            WHERE NOT EXISTS (SELECT FROM inbox_held h WHERE h.subject = w.subject AND h.source = w.source)
            GROUP BY w.subject, w.source
        )
        SELECT (SELECT count(*) FROM queued WHERE unsendable_since IS NULL) AS outbox,
               (SELECT count(*) FROM queued WHERE unsendable_since IS NOT NULL) AS unsendable,
               (SELECT coalesce(extract(epoch FROM now() - min(waiting_since)), 0)::float
                FROM queued WHERE queue = '' AND unsendable_since IS NULL) AS outbox_seconds,
               (SELECT count(*) FROM held) AS held,
               (SELECT count(*) FROM held WHERE next_attempt_at IS NULL AND code <> 'forked') AS held_given_up,
               (SELECT coalesce(extract(epoch FROM now() - min(held_since)), 0)::float
                FROM held WHERE next_attempt_at IS NOT NULL AND code <> 'forked') AS held_seconds,
               (SELECT count(*) FROM held
                WHERE code = 'waits_for_another' AND held_since > now() - make_interval(secs => $4)) AS held_in_order,
               (SELECT count(*) FROM held WHERE code = 'forked') AS forked,
               (SELECT count(DISTINCT (f.source, f.subject))
                FROM stream_fork f
                LEFT JOIN stream s ON s.source = f.source AND s.subject = f.subject
                WHERE $1::text[] IS NULL OR s.departement = ANY($1)) AS disputed,
               (SELECT count(*) FROM waiting) AS waiting,
               (SELECT count(*) FROM gap) AS gaps,
               (SELECT coalesce(extract(epoch FROM now() - min(since)), 0)::float FROM gap) AS gap_seconds,
               (SELECT count(*) FROM put_aside WHERE NOT is_foreign) AS quarantine,
               (SELECT count(*) FROM put_aside WHERE is_foreign) AS quarantine_foreign,
               EXISTS (SELECT FROM pg_locks l
                       JOIN pg_stat_activity a USING (pid)
                       WHERE l.locktype = 'advisory' AND l.granted AND l.classid = 0 AND l.objid = $2 AND l.objsubid = 1
                         AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database())
                         AND (a.application_name IS NULL OR a.application_name = $3)) AS relay
        """,
        perimeter,
        LEADER_LOCK,
        service,
        WAITS_FOR_ANOTHER,
    )
    if row is None:
        raise LookupError("an aggregate without a row")
    return ServiceFigures(**row)
