"""Gaps: which events of which streams are missing here, and when to request them."""

from collections.abc import Iterable

from pydantic import BaseModel, ConfigDict

from shared.db import Row, Transaction
from shared.messaging.control_messages import StreamHeads
from shared.messaging.recovery.resend import MOST_EVENTS

MOST_REQUESTS = 500
"""Requests of one run."""

MOST_EXPECTED = 100_000
"""Streams with gaps that are noted of one source; further ones follow when some of these are complete."""

ASKED_AT_MOST = 60
"""Requests for one gap without an answer (about four hours); then only a new head of the source makes one."""


class RecoveryPolicy(BaseModel):
    """Times of gap recovery in seconds: age of a gap before its first request, longest pause between two requests."""

    model_config = ConfigDict(frozen=True)

    before_asking: float = 5.0
    longest: float = 300.0
    heads_every: float = 10.0
    heads_of_the_last: float = 600.0


async def expect(tx: Transaction, message: StreamHeads, departement: str, before_asking: float) -> None:
    """Note streams whose published head is beyond the applied events.

    The source is there: unanswered requests to it are repeated soon.
    """
    subjects: Iterable[str] = [subject for subject, _ in message.heads]
    await tx.execute(
        """
        INSERT INTO inbox_expected AS e (source, subject, sequence, departement, next_ask_at)
        SELECT $1, h.subject, h.sequence, $4, now() + make_interval(secs => $5)
        FROM unnest($2::text[], $3::bigint[]) AS h (subject, sequence)
        LEFT JOIN inbox_stream s ON s.source = $1 AND s.subject = h.subject
        WHERE h.sequence > coalesce(s.applied, 0)
          AND ((SELECT count(*) FROM inbox_expected WHERE source = $1) < $6
               OR EXISTS (SELECT FROM inbox_expected x WHERE x.source = $1 AND x.subject = h.subject))
        ORDER BY h.subject
        ON CONFLICT (subject, source) DO UPDATE SET
            sequence = greatest(e.sequence, EXCLUDED.sequence),
            next_ask_at = least(e.next_ask_at, EXCLUDED.next_ask_at)
        """,
        message.source,
        list(subjects),
        [sequence for _, sequence in message.heads],
        departement,
        before_asking,
        MOST_EXPECTED,
    )


async def notice(tx: Transaction, before_asking: float) -> None:
    """Note streams with an event that is parked for too long, and delete those that are complete."""
    await tx.execute(
        """
        DELETE FROM inbox_expected
        WHERE (subject, source) IN (
            SELECT e.subject, e.source
            FROM inbox_expected e
            JOIN inbox_stream s ON s.subject = e.subject AND s.source = e.source
            WHERE s.applied >= e.sequence
            FOR UPDATE OF e SKIP LOCKED
        )
        """
    )
    await tx.execute(
        """
        INSERT INTO inbox_expected (source, subject, sequence, departement, next_ask_at)
        SELECT w.source, w.subject, max(w.sequence), max(w.departement), now()
        FROM inbox_waiting w
        JOIN inbox_stream s USING (subject, source)
        WHERE NOT EXISTS (SELECT FROM inbox_held h WHERE h.subject = w.subject AND h.source = w.source)
          AND NOT EXISTS (SELECT FROM inbox_expected e WHERE e.subject = w.subject AND e.source = w.source)
        GROUP BY w.source, w.subject, s.applied
        HAVING min(w.sequence) > s.applied + 1 AND min(w.received_at) < now() - make_interval(secs => $1)
        LIMIT 500
        ON CONFLICT DO NOTHING
        """,
        before_asking,
    )


async def take_due(tx: Transaction, policy: RecoveryPolicy) -> list[Row]:
    """Return the gaps to request now, and schedule the next request for each.

    If all events that one answer can hold are applied, the rest is requested at once, as for the first time. A stream
    with several gaps is requested up to the last gap; parked events between them come again as duplicates.
    """
    return await tx.fetch(
        """
        WITH due AS (
            SELECT e.subject, e.source, coalesce(s.applied, 0) + 1 AS first,
                   CASE WHEN s.applied >= e.asked_to THEN 0 ELSE e.asked END AS asked,
                   coalesce((SELECT CASE WHEN max(w.sequence) - min(w.sequence) + 1 = count(*)
                                         THEN min(w.sequence) - 1 ELSE max(w.sequence) - 1 END
                             FROM inbox_waiting w
                             WHERE w.subject = e.subject AND w.source = e.source), e.sequence) AS last
            FROM inbox_expected e
            LEFT JOIN inbox_stream s ON s.subject = e.subject AND s.source = e.source
            WHERE (e.next_ask_at <= now() OR (e.asked > 0 AND s.applied >= e.asked_to))
              AND NOT EXISTS (SELECT FROM inbox_held h WHERE h.subject = e.subject AND h.source = e.source)
            ORDER BY e.next_ask_at
            LIMIT $1
            FOR UPDATE OF e SKIP LOCKED
        )
        UPDATE inbox_expected e SET
            asked = due.asked + 1,
            asked_to = least(due.last, due.first + $4 - 1),
            next_ask_at = CASE
                WHEN due.asked + 1 < $5 THEN now() + make_interval(
                    secs => least($2, $3 * power(2, least(due.asked, 30))) * (0.75 + random() / 2))
                ELSE 'infinity' END
        FROM due
        WHERE e.subject = due.subject AND e.source = due.source
        RETURNING e.source, e.subject, e.departement, due.first, due.last
        """,
        MOST_REQUESTS,
        policy.longest,
        policy.before_asking,
        MOST_EVENTS,
        ASKED_AT_MOST,
    )
