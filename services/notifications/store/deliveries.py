"""Store mail deliveries: add, lock, resend, and collect in a digest."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import asyncpg

from services.notifications.domain.deliveries import AlreadyMailed, Delivery, Status
from services.notifications.domain.perimeter import Perimeter
from services.notifications.domain.preferences import Cadence
from services.notifications.store.perimeter import SEES_DELIVERY
from shared.contracts.notifications import Audience
from shared.db import Row, Transaction
from shared.errors import NotFound


@dataclass(frozen=True, slots=True, kw_only=True)
class MailRow:
    """One mail: about which event of which request, for whom, by which template."""

    id: UUID
    event_id: UUID
    request_id: UUID | None = None
    departement: str | None = None
    audience: Audience
    template: str
    holder: str
    recipient: str


@dataclass(frozen=True, slots=True, kw_only=True)
class NewDelivery(MailRow):
    """A mail to be stored and sent; `link_target` is what the link of `link_kind` leads to."""

    event_type: str
    event_at: datetime
    number: str | None = None
    subject: str
    text_body: str
    html_body: str
    link_kind: str
    link_target: str
    reply_to: str | None = None
    cadence: str = Cadence.INSTANT
    status: str
    next_attempt_at: datetime | None
    reason: str | None = None
    created_at: datetime
    letter: dict[str, Any] | None = None


async def add_delivery(tx: Transaction, new: NewDelivery) -> bool:
    """Insert a delivery; return whether it is new: the same event never mails the same person twice.

    One that is to leave at once is due by PostgreSQL's clock, whatever the service's own says.
    """
    added = await tx.fetchval(
        """
        INSERT INTO delivery (
            id, event_id, event_type, event_at, request_id, number, departement, audience, template, holder, recipient,
            subject, text_body, html_body, link_kind, link_target, reply_to, thread_id, cadence, status, tried_since,
            next_attempt_at, reason, created_at, letter
        )
        VALUES (
            $1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17,
            coalesce(
                (SELECT d.thread_id FROM delivery d
                 WHERE d.request_id = $5 AND d.recipient = $11 AND d.recipient <> ''
                 ORDER BY d.created_at, d.id LIMIT 1),
                $1),
            $18, $19, $22, CASE WHEN $18 = 'instant' THEN least($20, now()) ELSE $20 END, $21, $22,
            $23
        )
        ON CONFLICT ON CONSTRAINT delivery_once_per_event_and_person DO NOTHING
        RETURNING id
        """,
        new.id,
        new.event_id,
        new.event_type,
        new.event_at,
        new.request_id,
        new.number,
        new.departement,
        new.audience,
        new.template,
        new.holder,
        new.recipient,
        new.subject,
        new.text_body,
        new.html_body,
        new.link_kind,
        new.link_target,
        new.reply_to,
        new.cadence,
        new.status,
        new.next_attempt_at,
        new.reason,
        new.created_at,
        new.letter,
    )
    return added is not None


async def lock_delivery(tx: Transaction, delivery_id: UUID, perimeter: Perimeter) -> tuple[Delivery, Row]:
    """Lock a delivery of the caller's perimeter; return it, and the row with what it is about."""
    row = await tx.fetchrow(
        f"""
        SELECT id, status, attempts, round, next_attempt_at, tried_since, recipient, holder, audience, departement,
               digest_id, cadence
        FROM delivery
        WHERE {SEES_DELIVERY} AND id = $4
        FOR UPDATE
        """,
        *perimeter.arguments,
        delivery_id,
    )
    if row is None:
        raise NotFound
    delivery = Delivery(
        id=row["id"],
        status=Status(row["status"]),
        attempts=row["attempts"],
        round=row["round"],
        next_attempt_at=row["next_attempt_at"],
        tried_since=row["tried_since"],
        recipient=row["recipient"],
    )
    return delivery, row


async def save_resend(tx: Transaction, delivery: Delivery, *, asked_by: str) -> None:
    """Record that somebody asked to send it again, on its own and at once; refuse an address that already had it."""
    try:
        async with tx.savepoint():
            await tx.execute(
                """
                UPDATE delivery SET
                    status = $2, round = $3, recipient = $4, next_attempt_at = now(), tried_since = now(),
                    asked_by = $5, cadence = 'instant', digest_id = NULL, reason = NULL
                WHERE id = $1
                """,
                delivery.id,
                delivery.status,
                delivery.round,
                delivery.recipient,
                asked_by,
            )
    except asyncpg.UniqueViolationError as error:
        raise AlreadyMailed from error


async def alone(tx: Transaction, what: int) -> bool:
    """Return whether this transaction is the only one doing `what`, until it ends."""
    taken: bool = await tx.fetchval("SELECT pg_try_advisory_xact_lock(1001, $1)", what)
    return taken


async def due_for_digest(tx: Transaction, *, at: datetime) -> list[dict[str, Any]]:
    """Lock the mails that wait for a digest whose time has come, in the order of their events."""
    rows = await tx.fetch(
        """
        SELECT id, holder, recipient, audience, departement, cadence, subject, created_at
        FROM delivery
        WHERE status = 'queued' AND cadence <> 'instant' AND digest_id IS NULL AND next_attempt_at <= $1
        ORDER BY recipient, audience, created_at, id
        LIMIT 2000
        FOR UPDATE
        """,
        at,
    )
    return [dict(row) for row in rows]


async def gather(tx: Transaction, digest_id: UUID, items: list[UUID]) -> None:
    """Put mails into their digest."""
    await tx.execute("UPDATE delivery SET digest_id = $1 WHERE id = ANY($2)", digest_id, items)
