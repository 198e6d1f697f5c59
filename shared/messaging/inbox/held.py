"""Streams that wait because one of their events could not be applied, and when each is tried again."""

from dataclasses import dataclass

from shared.db import Row, Transaction
from shared.errors import Refusal
from shared.messaging import metrics
from shared.messaging.consumers import Heard
from shared.messaging.inbox import streams


@dataclass(frozen=True, slots=True)
class Patience:
    """How a held stream is tried again: seconds before the n-th attempt double up to a bound, with jitter."""

    first: float = 1.0
    longest: float = 300.0
    attempts: int = 20


async def hold(tx: Transaction, heard: Heard, reason: str, *, first_retry: float | None) -> None:
    """Keep the event and hold its stream; it is tried again after so many seconds, or when an operator says so."""
    await streams.keep(tx, heard)
    await tx.execute(
        """
        INSERT INTO inbox_held (source, subject, sequence, event_id, type, reason, attempts, next_attempt_at)
        VALUES ($1, $2, $3, $4, $5, $6, 1, now() + make_interval(secs => $7 * (0.75 + random() / 2)))
        ON CONFLICT (subject, source) DO UPDATE SET
            sequence = EXCLUDED.sequence,
            event_id = EXCLUDED.event_id,
            type = EXCLUDED.type,
            reason = EXCLUDED.reason,
            last_attempt_at = now()
        """,
        heard.source,
        heard.subject,
        heard.sequence,
        heard.envelope.id,
        heard.envelope.type,
        reason,
        first_retry,
    )
    metrics.HELD.inc()


async def take_due(tx: Transaction, patience: Patience) -> Row | None:
    """Count one more attempt for the held stream whose time came first, and say when the next would be."""
    return await tx.fetchrow(
        """
        UPDATE inbox_held AS h SET
            attempts = h.attempts + 1,
            last_attempt_at = now(),
            next_attempt_at = CASE WHEN h.attempts + 1 < $1 THEN
                now() + make_interval(
                    secs => least($3, $2 * power(2, least(h.attempts, 30))) * (0.75 + random() / 2))
            END
        WHERE (h.subject, h.source) = (
            SELECT subject, source FROM inbox_held
            WHERE next_attempt_at <= now()
            ORDER BY next_attempt_at
            LIMIT 1
            FOR UPDATE SKIP LOCKED
        )
        RETURNING h.subject, h.source
        """,
        patience.attempts,
        patience.first,
        patience.longest,
    )


async def release(tx: Transaction, subject: str, source: str) -> None:
    """Let the stream go on."""
    await tx.execute("DELETE FROM inbox_held WHERE subject = $1 AND source = $2", subject, source)


def reason(error: Exception) -> str:
    """Say why in a line for the operator; database details, which may quote personal data, stay out."""
    said = error.code if isinstance(error, Refusal) else getattr(error, "message", None) or str(error)
    return f"{type(error).__name__}: {said}"[:500]
