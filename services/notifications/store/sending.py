"""Store the attempts to send a mail: claimed, content offered to the server, ended, lost."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from services.notifications.domain.deliveries import Status
from services.notifications.store.deliveries import MailRow
from shared.db import Row, Transaction


async def claim_delivery(tx: Transaction, *, attempt_id: UUID, at: datetime, lease: timedelta) -> Row | None:
    """Take the next mail that is due, leaving to others what others took, and write its attempt down.

    The lease ends by PostgreSQL's clock: one that a sender dated hours ahead would outlive it by hours.
    """
    return await tx.fetchrow(
        """
        WITH due AS (
            SELECT d.id
            FROM delivery d
            LEFT JOIN domain_pace p ON p.domain = d.domain
            WHERE d.status = 'queued' AND d.cadence = 'instant' AND d.next_attempt_at <= $2
              AND (p.free_at IS NULL OR p.free_at <= now())
            ORDER BY d.next_attempt_at
            LIMIT 1
            FOR UPDATE OF d SKIP LOCKED
        ), taken AS (
            UPDATE delivery d SET
                status = 'sending', attempts = d.attempts + 1, attempt_id = $1, lease_until = now() + $3,
                tried_since = CASE WHEN d.attempts = 0 THEN $2 ELSE d.tried_since END
            FROM due
            WHERE d.id = due.id
            RETURNING d.id, d.event_id, d.event_type, d.request_id, d.departement, d.audience, d.template, d.holder,
                      d.recipient, d.subject, d.text_body, d.html_body, d.link_kind, d.link_target, d.reply_to,
                      d.thread_id, d.round, d.asked_by, d.attempts, d.tried_since, d.domain, d.letter
        ), attempt AS (
            INSERT INTO delivery_attempt (id, delivery_id, round, asked_by, began_at)
            SELECT $1, id, round, asked_by, $2 FROM taken
        )
        SELECT t.*, coalesce(k.link_generation, 1) AS link_generation
        FROM taken t
        LEFT JOIN known_request k ON k.request_id = t.request_id
        """,
        attempt_id,
        at,
        lease,
    )


async def postpone(tx: Transaction, delivery_id: UUID, *, pause: timedelta, reason: str) -> None:
    """Put back what was just claimed, as if it had not been: its recipient had as many mails as may be for now."""
    await tx.execute(
        """
        WITH postponed AS (
            UPDATE delivery SET
                status = 'queued', attempts = attempts - 1, attempt_id = NULL, lease_until = NULL,
                next_attempt_at = now() + $2, tried_since = now() + $2, reason = $3
            FROM (SELECT attempt_id AS claimed FROM delivery WHERE id = $1) AS before
            WHERE id = $1
            RETURNING claimed
        )
        DELETE FROM delivery_attempt USING postponed WHERE delivery_attempt.id = postponed.claimed
        """,
        delivery_id,
        pause,
        reason,
    )


async def pace_domain(tx: Transaction, domain: str, pause: timedelta) -> None:
    """Let no other mail leave for a domain during a pause. Senders that come at the same moment queue up behind it."""
    await tx.execute(
        """
        INSERT INTO domain_pace AS p (domain, free_at)
        VALUES ($1, now() + $2)
        ON CONFLICT (domain) DO UPDATE SET free_at = greatest(p.free_at, now()) + $2
        """,
        domain,
        pause,
    )


async def note_content_offered(tx: Transaction, attempt_id: UUID, *, at: datetime) -> bool:
    """Write down, before it happens, that the server is given the content; False when the attempt is no longer ours."""
    ours = await tx.fetchval(
        """
        SELECT id FROM delivery
        WHERE id = (SELECT delivery_id FROM delivery_attempt WHERE id = $1)
          AND attempt_id = $1 AND status = 'sending' AND lease_until > now()
        FOR UPDATE
        """,
        attempt_id,
    )
    if ours is None:
        return False
    await tx.execute("UPDATE delivery_attempt SET content_at = $2 WHERE id = $1", attempt_id, at)
    return True


@dataclass(frozen=True, slots=True, kw_only=True)
class Tried(MailRow):
    """A delivery after an attempt, or one of those that its digest gathered."""

    attempts: int
    tried_since: datetime
    unanswered: int = 0
    """Attempts since then whose content was offered and of which nobody knows the end: each may be a copy."""


async def settle_attempt(tx: Transaction, attempt_id: UUID, *, result: str, answer: str, at: datetime) -> Tried | None:
    """Record how an attempt ended, and lock its delivery; None when it was settled otherwise meanwhile.

    A late answer still settles what had been declared uncertain, unless somebody began to send it again.
    """
    row = await tx.fetchrow(
        """
        SELECT id, event_id, request_id, departement, audience, template, holder, recipient, attempts, tried_since
        FROM delivery
        WHERE id = (SELECT delivery_id FROM delivery_attempt WHERE id = $1)
          AND attempt_id = $1 AND status IN ('sending', 'queued', 'uncertain')
        FOR UPDATE
        """,
        attempt_id,
    )
    if row is None:
        return None
    await tx.execute(
        "UPDATE delivery_attempt SET ended_at = $2, result = $3, answer = $4 WHERE id = $1",
        attempt_id,
        at,
        result,
        answer,
    )
    unanswered = await tx.fetchval(
        """
        SELECT count(*) FROM delivery_attempt
        WHERE delivery_id = $1 AND began_at >= $2 AND result = 'uncertain'
        """,
        row["id"],
        row["tried_since"],
    )
    return Tried(**row, unanswered=unanswered)


async def queue_again(tx: Transaction, delivery_id: UUID, *, next_attempt_at: datetime, reason: str) -> None:
    """Set the moment of the next attempt."""
    await tx.execute(
        """
        UPDATE delivery SET status = 'queued', next_attempt_at = $2, reason = $3, lease_until = NULL
        WHERE id = $1
        """,
        delivery_id,
        next_attempt_at,
        reason,
    )


async def conclude(
    tx: Transaction, delivery_id: UUID, *, status: Status, reason: str | None, sent_at: datetime | None
) -> list[Tried]:
    """Set how a delivery ended, and with it what its digest gathered; return all that were concerned, by request.

    Each of them may record an event: the streams of two digests about the same requests are locked in one order.
    """
    rows = await tx.fetch(
        """
        WITH locked AS (
            SELECT id FROM delivery WHERE id = $1 OR digest_id = $1 ORDER BY id FOR UPDATE
        ), concluded AS (
            UPDATE delivery d SET
                status = $2,
                reason = $3,
                next_attempt_at = NULL,
                sent_at = coalesce($4, d.sent_at),
                lease_until = NULL
            FROM locked
            WHERE d.id = locked.id
            RETURNING d.id, d.event_id, d.request_id, d.departement, d.audience, d.template, d.holder, d.recipient,
                      d.attempts, d.tried_since
        )
        SELECT * FROM concluded ORDER BY request_id, id
        """,
        delivery_id,
        status,
        reason,
        sent_at,
    )
    return [Tried(**row) for row in rows]


async def note_outcome(
    tx: Transaction, delivery_id: UUID, *, status: Status, reason: str | None, sent_at: datetime | None
) -> None:
    """Record how a delivery ended, as its event says: for a database that is rebuilt."""
    await tx.execute(
        """
        UPDATE delivery SET status = $2, reason = $3, sent_at = coalesce($4, sent_at), next_attempt_at = NULL
        WHERE id = $1
        """,
        delivery_id,
        status,
        reason,
        sent_at,
    )


async def lost_attempt(tx: Transaction) -> Row | None:
    """Lock the delivery whose sender is most overdue: it died, or lost the database."""
    return await tx.fetchrow(
        """
        SELECT d.id, d.attempt_id, a.content_at
        FROM delivery d
        JOIN delivery_attempt a ON a.id = d.attempt_id
        WHERE d.status = 'sending' AND d.lease_until <= now()
        ORDER BY d.lease_until
        LIMIT 1
        FOR UPDATE OF d SKIP LOCKED
        """
    )
