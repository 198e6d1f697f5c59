"""Store webhook subscriptions, the order of partners' events, and the attempts to deliver them."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from shared import clock
from shared.db import Row, Transaction
from shared.errors import NotFound

_NUMBERING = 2
_SWEEPING = 3

WANTED = """
    (w.types = '{}' OR e.type = ANY(w.types)) AND (w.departements = '{}' OR e.departement = ANY(w.departements))
"""
"""Which events a subscription wants: `w` is the subscription, `e` the event."""

IN_PERIMETER = "($1::text[] IS NULL OR (w.departements <> '{}' AND w.departements <@ $1))"


async def note_partner_event(
    tx: Transaction, event_id: UUID, *, wire_type: str, departement: str, body: dict[str, Any], at: datetime
) -> None:
    """Store what partners may receive of an event, once."""
    await tx.execute(
        """
        INSERT INTO partner_event (event_id, type, departement, body, noted_at)
        VALUES ($1, $2, $3, $4, $5)
        ON CONFLICT (event_id) DO NOTHING
        """,
        event_id,
        wire_type,
        departement,
        body,
        at,
    )


async def number_partner_events(tx: Transaction) -> int:
    """Give positions to what was committed since; return how many. One numberer at a time."""
    if not await tx.fetchval("SELECT pg_try_advisory_xact_lock(1001, $1)", _NUMBERING):
        return 0
    numbered: int = await tx.fetchval(
        """
        WITH fresh AS (
            SELECT event_id, row_number() OVER (ORDER BY noted_at, event_id) AS place
            FROM partner_event
            WHERE position IS NULL
            ORDER BY noted_at, event_id
            LIMIT 1000
        ), numbered AS (
            UPDATE partner_event e SET position = (SELECT coalesce(max(position), 0) FROM partner_event) + fresh.place
            FROM fresh
            WHERE e.event_id = fresh.event_id
            RETURNING e.event_id
        )
        SELECT count(*) FROM numbered
        """
    )
    if numbered:
        await tx.execute(
            f"""
            UPDATE webhook w SET position = h.head
            FROM (SELECT max(position) AS head FROM partner_event) h
            WHERE w.state = 'active'
              AND w.position < h.head
              AND NOT EXISTS (SELECT FROM partner_event e WHERE e.position > w.position AND {WANTED})
            """
        )
    return numbered


async def head(tx: Transaction) -> int:
    """Return the position of the newest event."""
    position: int = await tx.fetchval("SELECT coalesce(max(position), 0) FROM partner_event")
    return position


async def position_before(tx: Transaction, moment: datetime) -> int:
    """Return the position after which every event since a moment comes."""
    position: int = await tx.fetchval(
        """
        SELECT coalesce(
            (SELECT min(position) - 1 FROM partner_event WHERE noted_at >= $1),
            (SELECT max(position) FROM partner_event),
            0
        )
        """,
        moment,
    )
    return position


@dataclass(frozen=True, slots=True)
class NewWebhook:
    """A subscription to store."""

    id: UUID
    name: str
    url: str
    types: list[str]
    departements: list[str]
    position: int
    created_by: UUID
    at: datetime


async def add_webhook(tx: Transaction, new: NewWebhook) -> None:
    """Store a subscription."""
    await tx.execute(
        """
        INSERT INTO webhook (
            id, name, url, types, departements, position, state, secret_changed_at, next_attempt_at, created_by,
            created_at
        )
        VALUES ($1, $2, $3, $4, $5, $6, 'active', $7, least($7, now()), $8, $7)
        """,
        new.id,
        new.name,
        new.url,
        new.types,
        new.departements,
        new.position,
        new.at,
        new.created_by,
    )


async def lock_webhook(tx: Transaction, webhook_id: UUID, perimeter: list[str] | None) -> Row:
    """Lock a subscription of the caller's perimeter."""
    row = await tx.fetchrow(
        f"""
        SELECT w.id, w.state, w.position, w.secret_generation
        FROM webhook w
        WHERE w.id = $2 AND {IN_PERIMETER}
        FOR UPDATE
        """,
        perimeter,
        webhook_id,
    )
    if row is None:
        raise NotFound
    return row


async def save_state(
    tx: Transaction,
    webhook_id: UUID,
    *,
    state: str,
    because: str | None,
    position: int,
    at: datetime,
    gave_up_at: datetime | None = None,
) -> None:
    """Set whether and from where it is served. What is under way counts no more: it ends for the journal alone."""
    await tx.execute(
        """
        UPDATE webhook SET
            state = $2, suspended_because = $3, position = $4, next_attempt_at = least($5, now()), failures = 0,
            failing_since = NULL, attempt_id = NULL, lease_until = NULL, gave_up_at = $6
        WHERE id = $1
        """,
        webhook_id,
        state,
        because,
        position,
        at,
        gave_up_at,
    )


async def save_secret(tx: Transaction, webhook_id: UUID, generation: int, *, at: datetime) -> None:
    """Let another secret be valid."""
    await tx.execute(
        "UPDATE webhook SET secret_generation = $2, secret_changed_at = $3 WHERE id = $1", webhook_id, generation, at
    )


async def request_test(tx: Transaction, webhook_id: UUID, *, by: UUID, at: datetime) -> None:
    """Store that a test event is to be sent; one that still waits is enough."""
    await tx.execute(
        """
        INSERT INTO webhook_test (webhook_id, requested_by, requested_at) VALUES ($1, $2, $3)
        ON CONFLICT (webhook_id) DO NOTHING
        """,
        webhook_id,
        by,
        at,
    )


async def claim_test(tx: Transaction, *, at: datetime) -> Row | None:
    """Take the oldest requested test event and record its attempt; it is attempted once."""
    return await tx.fetchrow(
        """
        WITH due AS (
            SELECT webhook_id FROM webhook_test ORDER BY requested_at LIMIT 1 FOR UPDATE SKIP LOCKED
        ), taken AS (
            DELETE FROM webhook_test USING due WHERE webhook_test.webhook_id = due.webhook_id
            RETURNING webhook_test.webhook_id
        ), attempt AS (
            INSERT INTO webhook_attempt (id, webhook_id, event_id, position, began_at, test)
            SELECT $1, w.id, $1, w.position, $2, true FROM webhook w JOIN taken ON taken.webhook_id = w.id
        )
        SELECT $1::uuid AS attempt_id, $1::uuid AS event_id, w.id, w.url, w.position, w.secret_generation,
               w.secret_changed_at
        FROM webhook w
        JOIN taken ON taken.webhook_id = w.id
        """,
        clock.new_id(),
        at,
    )


async def claim_event(tx: Transaction, *, at: datetime, lease: timedelta) -> Row | None:
    """Take the next event of a subscription that nobody serves now, and write its attempt down.

    The lease ends by PostgreSQL's clock, as that of a mail.
    """
    return await tx.fetchrow(
        f"""
        WITH due AS (
            SELECT w.id, e.event_id, e.position, e.body
            FROM webhook w
            CROSS JOIN LATERAL (
                SELECT e.event_id, e.position, e.body
                FROM partner_event e
                WHERE e.position > w.position AND {WANTED}
                ORDER BY e.position
                LIMIT 1
            ) e
            WHERE w.state = 'active' AND w.next_attempt_at <= $2 AND (w.lease_until IS NULL OR w.lease_until <= now())
            ORDER BY w.next_attempt_at
            LIMIT 1
            FOR UPDATE OF w SKIP LOCKED
        ), taken AS (
            UPDATE webhook w SET attempt_id = $1, lease_until = now() + $3
            FROM due
            WHERE w.id = due.id
            RETURNING w.id, w.url, w.secret_generation, w.secret_changed_at
        ), attempt AS (
            INSERT INTO webhook_attempt (id, webhook_id, event_id, position, began_at)
            SELECT $1, id, event_id, position, $2 FROM due
        )
        SELECT $1::uuid AS attempt_id, t.*, due.event_id, due.position, due.body
        FROM taken t
        JOIN due ON due.id = t.id
        """,
        clock.new_id(),
        at,
        lease,
    )


async def end_attempt(
    tx: Transaction, attempt_id: UUID, *, result: str, status: int | None, answer: str, at: datetime
) -> Row | None:
    """Record how an attempt ended, and lock its subscription; None when it was moved or served anew meanwhile."""
    await tx.execute(
        "UPDATE webhook_attempt SET ended_at = $2, result = $3, status = $4, answer = $5 WHERE id = $1",
        attempt_id,
        at,
        result,
        status,
        answer,
    )
    return await tx.fetchrow(
        """
        SELECT w.id, w.name, w.url, w.failures, w.failing_since, w.position, a.position AS tried
        FROM webhook w
        JOIN webhook_attempt a ON a.id = $1
        WHERE w.attempt_id = $1 AND w.state = 'active'
        FOR UPDATE OF w
        """,
        attempt_id,
    )


async def move_on(tx: Transaction, webhook_id: UUID, position: int, *, at: datetime) -> None:
    """Note that the partner took the event of this position."""
    await tx.execute(
        """
        UPDATE webhook SET
            position = $2, failures = 0, failing_since = NULL, next_attempt_at = $3, attempt_id = NULL,
            lease_until = NULL
        WHERE id = $1
        """,
        webhook_id,
        position,
        at,
    )


async def try_later(
    tx: Transaction, webhook_id: UUID, *, failures: int, failing_since: datetime, next_attempt_at: datetime
) -> None:
    """Note that the partner did not take it, and when it is tried again."""
    await tx.execute(
        """
        UPDATE webhook SET
            failures = $2, failing_since = $3, next_attempt_at = $4, attempt_id = NULL, lease_until = NULL
        WHERE id = $1
        """,
        webhook_id,
        failures,
        failing_since,
        next_attempt_at,
    )


async def forget_partner_events(tx: Transaction, *, before: datetime) -> None:
    """Forget old events and attempts; the newest event stays, for positions go on from it."""
    if not await tx.fetchval("SELECT pg_try_advisory_xact_lock(1001, $1)", _SWEEPING):
        return
    await tx.execute("DELETE FROM webhook_attempt WHERE began_at < $1", before)
    await tx.execute(
        "DELETE FROM partner_event WHERE noted_at < $1 AND position < (SELECT max(position) FROM partner_event)", before
    )
