"""Held streams: a stream whose next event failed is held and retried with growing pauses."""

from dataclasses import dataclass
from enum import StrEnum

from shared.db import Database, Row, Transaction
from shared.errors import Refusal, WaitsForAnother
from shared.messaging import metrics
from shared.messaging.handlers import NewerThanThisService
from shared.messaging.inbox import attempts, parking
from shared.messaging.inbox.parking import ParkedEvent

LEASE = 5.0
"""Seconds until a held stream is retried whose attempt was interrupted; that counts as no failure."""

FORKED_RETRIED_EVERY = 30.0
"""Seconds between two requests to the source to check a forked stream, after an operator asked for a retry."""


class Code(StrEnum):
    """Why a stream is held."""

    FAILED = "failed"
    WAITS_FOR_ANOTHER = "waits_for_another"
    NEWER = "newer_than_this_service"
    FORKED = "forked"

    @classmethod
    def of(cls, error: Exception) -> "Code":
        """Return the code for the error of a handler."""
        if isinstance(error, WaitsForAnother):
            return cls.WAITS_FOR_ANOTHER
        return cls.NEWER if isinstance(error, NewerThanThisService) else cls.FAILED


@dataclass(frozen=True, slots=True)
class RetryPolicy:
    """Retry policy of held streams: the pause in seconds doubles from `first` to `longest`, with jitter."""

    first: float = 1.0
    longest: float = 300.0
    attempts: int = 20


LONGEST = {Code.WAITS_FOR_ANOTHER: 60.0, Code.NEWER: 300.0}
"""Longest pause in seconds for the codes that are retried for ever."""


async def hold(
    tx: Transaction, event: ParkedEvent, reason: str, retry_policy: RetryPolicy, code: Code = Code.FAILED
) -> None:
    """Park the event and hold its stream; count the attempt. After the last attempt an operator decides.

    Attempts are counted from 1 again for another event of the stream, and for another code.
    """
    await parking.park(tx, event)
    await tx.execute(
        """
        INSERT INTO inbox_held AS h
            (source, subject, sequence, event_id, type, reason, code, departement, attempts, next_attempt_at)
        VALUES ($1, $2, $3, $4, $5, $6, $10, $11, 1, now() + make_interval(secs => $7 * (0.75 + random() / 2)))
        ON CONFLICT (subject, source) DO UPDATE SET
            sequence = EXCLUDED.sequence,
            event_id = EXCLUDED.event_id,
            type = EXCLUDED.type,
            reason = EXCLUDED.reason,
            code = EXCLUDED.code,
            departement = EXCLUDED.departement,
            claimed_hash = NULL,
            held_since = CASE WHEN h.sequence = EXCLUDED.sequence THEN h.held_since ELSE now() END,
            attempts = CASE WHEN h.sequence = EXCLUDED.sequence AND h.code = EXCLUDED.code
                            THEN h.attempts + 1 ELSE 1 END,
            last_attempt_at = now(),
            next_attempt_at = CASE
                WHEN h.sequence <> EXCLUDED.sequence OR h.code <> EXCLUDED.code THEN EXCLUDED.next_attempt_at
                WHEN $9::int IS NULL OR h.attempts + 1 < $9 THEN
                    now() + make_interval(
                        secs => least($8, $7 * power(2, least(h.attempts, 30))) * (0.75 + random() / 2))
            END
        """,
        event.source,
        event.subject,
        event.sequence,
        event.event_id,
        event.type,
        reason,
        retry_policy.first,
        min(retry_policy.longest, LONGEST.get(code, retry_policy.longest)),
        None if code in LONGEST else retry_policy.attempts,
        code,
        event.departement,
    )
    metrics.HELD.inc()


async def hold_for_good(tx: Transaction, event: ParkedEvent, reason: str) -> None:
    """Hold the stream until an operator decides; a retry that they order is a single attempt."""
    await hold(tx, event, reason, RetryPolicy())
    await tx.execute(
        "UPDATE inbox_held SET next_attempt_at = NULL WHERE subject = $1 AND source = $2", event.subject, event.source
    )
    await attempts.leave_one(tx, event.fingerprint, readable=True)


async def hold_forked(tx: Transaction, event: ParkedEvent, reason: str, *, claimed_hash: bytes | None = None) -> bool:
    """Hold the stream because its source publishes another history than the one applied; return whether that is new.

    `event` shows the fork, or stands for a stream head where it has no body. An earlier reason to hold the stream is
    replaced; the first sign of a fork stays.
    """
    if event.body:
        await parking.park(tx, event)
    row = await tx.fetchrow(
        """
        INSERT INTO inbox_held AS h
            (source, subject, sequence, event_id, type, reason, attempts, code, departement, claimed_hash)
        VALUES ($1, $2, $3, $4, $5, $6, 1, 'forked', $7, $8)
        ON CONFLICT (subject, source) DO UPDATE SET
            sequence = EXCLUDED.sequence,
            event_id = EXCLUDED.event_id,
            type = EXCLUDED.type,
            reason = EXCLUDED.reason,
            attempts = 1,
            code = EXCLUDED.code,
            departement = EXCLUDED.departement,
            claimed_hash = EXCLUDED.claimed_hash,
            held_since = now(),
            last_attempt_at = now(),
            next_attempt_at = NULL
        WHERE h.code <> 'forked'
        RETURNING TRUE AS new
        """,
        event.source,
        event.subject,
        event.sequence,
        event.event_id,
        event.type,
        reason,
        event.departement,
        claimed_hash,
    )
    return row is not None


async def take_due(tx: Transaction) -> Row | None:
    """Lease the held stream that is due first, for `LEASE` seconds."""
    return await tx.fetchrow(
        """
        UPDATE inbox_held AS h SET
            last_attempt_at = now(),
            next_attempt_at = now() + make_interval(secs => $1)
        WHERE (h.subject, h.source) = (
            SELECT subject, source FROM inbox_held
            WHERE next_attempt_at <= now()
            ORDER BY next_attempt_at
            LIMIT 1
            FOR UPDATE SKIP LOCKED
        )
        RETURNING h.subject, h.source, h.code
        """,
        LEASE,
    )


async def try_newer_now(database: Database) -> None:
    """Make streams due that are held for a type newer than this service: an update may have started."""
    async with database.transaction() as tx:
        await tx.execute(
            "UPDATE inbox_held SET next_attempt_at = now() WHERE code = $1 AND next_attempt_at > now()", Code.NEWER
        )


async def release(tx: Transaction, subject: str, source: str, *, forked: bool = False) -> bool:
    """Release a held stream; return whether it was held. A forked one is released only with `forked`."""
    tag = await tx.execute(
        "DELETE FROM inbox_held WHERE subject = $1 AND source = $2 AND (code <> 'forked' OR $3)",
        subject,
        source,
        forked,
    )
    return tag != "DELETE 0"


def reason(error: Exception) -> str:
    """Return one line for the operator, without details of the database, which may quote personal data."""
    text = error.code if isinstance(error, Refusal) else getattr(error, "message", None) or str(error)
    return f"{type(error).__name__}: {text}"[:500]
