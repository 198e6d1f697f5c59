"""The SQL that changes or locks: what is known of requests, and the life of deliveries."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import asyncpg

from services.notifications.domain.deliveries import AlreadyMailed, Delivery, Status
from services.notifications.domain.directory import ServiceInCharge
from services.notifications.domain.preferences import AT_ONCE, EVERY_TEMPLATE, SILENT, Cadence, Preference
from shared.contracts.notifications import Audience
from shared.db import Reader, Row, Transaction
from shared.errors import NotFound


@dataclass(frozen=True, slots=True)
class KnownRequest:
    """What mails say about a request, and whom they reach."""

    request_id: UUID
    number: str
    title: str
    applicant: str
    contact_name: str
    contact_email: str
    departement: str
    link_generation: int
    escalated: bool


@dataclass(frozen=True, slots=True)
class Addressee:
    """One recipient of one mail: who holds the address, the address (empty when unknown), and how he wants his mail."""

    holder: str
    address: str
    preference: Preference = AT_ONCE


@dataclass(slots=True)
class NewDelivery:
    """A mail to be kept and sent; `link_target` is what the link of `link_kind` leads to."""

    id: UUID
    event_id: UUID
    event_type: str
    event_at: datetime
    request_id: UUID | None
    number: str | None
    departement: str | None
    audience: Audience
    template: str
    holder: str
    recipient: str
    subject: str
    text_body: str
    html_body: str
    link_kind: str
    link_target: str
    reply_to: str | None
    cadence: str
    status: str
    next_attempt_at: datetime | None
    reason: str | None
    created_at: datetime


async def remember_request(tx: Transaction, known: KnownRequest, *, at: datetime) -> None:
    """Keep what mails need of a request that was just filed."""
    await tx.execute(
        """
        INSERT INTO known_request (
            request_id, number, title, applicant, contact_name, contact_email, departement, in_charge_since,
            link_generation
        )
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)
        ON CONFLICT (request_id) DO NOTHING
        """,
        known.request_id,
        known.number,
        known.title,
        known.applicant,
        known.contact_name,
        known.contact_email,
        known.departement,
        at,
        known.link_generation,
    )


async def known_request(reader: Reader, request_id: UUID) -> KnownRequest | None:
    """Give what is known of a request."""
    row = await reader.fetchrow(
        """
        SELECT request_id, number, title, applicant, contact_name, contact_email, departement, link_generation,
               escalated
        FROM known_request
        WHERE request_id = $1
        """,
        request_id,
    )
    return KnownRequest(**row) if row else None


async def replace_link(tx: Transaction, request_id: UUID, generation: int) -> None:
    """Keep which tracking link is valid; an older generation never comes back."""
    await tx.execute(
        "UPDATE known_request SET link_generation = greatest(link_generation, $2) WHERE request_id = $1",
        request_id,
        generation,
    )


async def note_escalation(tx: Transaction, request_id: UUID) -> None:
    """Keep that the national team had the request."""
    await tx.execute("UPDATE known_request SET escalated = true WHERE request_id = $1", request_id)


async def note_transfer(tx: Transaction, request_id: UUID, departement: str, *, at: datetime) -> None:
    """Keep which département has the request, unless a later transfer is known."""
    await tx.execute(
        """
        UPDATE known_request SET departement = $2, in_charge_since = $3
        WHERE request_id = $1 AND in_charge_since <= $3
        """,
        request_id,
        departement,
        at,
    )


async def learn_service(tx: Transaction, departement: str, service: ServiceInCharge, *, at: datetime) -> None:
    """Keep how a département's service presents itself, unless it did so later than `at`."""
    await tx.execute(
        """
        INSERT INTO departement_service AS s (departement, name, address, email, phone, told_at)
        VALUES ($1, $2, $3, $4, $5, $6)
        ON CONFLICT (departement) DO UPDATE SET
            name = EXCLUDED.name,
            address = EXCLUDED.address,
            email = EXCLUDED.email,
            phone = EXCLUDED.phone,
            told_at = EXCLUDED.told_at
        WHERE s.told_at < EXCLUDED.told_at
        """,
        departement,
        service.name,
        service.address,
        service.email,
        service.phone,
        at,
    )


async def learned_service(reader: Reader, departement: str) -> ServiceInCharge | None:
    """Give how a département's service presented itself last."""
    row = await reader.fetchrow(
        "SELECT name, address, email, phone FROM departement_service WHERE departement = $1", departement
    )
    return ServiceInCharge.model_validate(dict(row)) if row else None


async def preference(reader: Reader, holder: str, audience: str, template: str) -> Preference:
    """Give what was chosen for a template, else for its audience; else at once for a mailbox, nothing for an agent."""
    row = await reader.fetchrow(
        """
        SELECT cadence, hour, weekday
        FROM preference
        WHERE holder = $1 AND audience = $2 AND template IN ($3, $4)
        ORDER BY template = $4
        LIMIT 1
        """,
        holder,
        audience,
        template,
        EVERY_TEMPLATE,
    )
    if row is None:
        return SILENT if holder.startswith("agent:") else AT_ONCE
    return Preference(Cadence(row["cadence"]), row["hour"], row["weekday"])


async def willing_agents(
    reader: Reader, audience: Audience, template: str, roles: list[str], departement: str, programme: str | None
) -> list[Addressee]:
    """Give the agents of an audience who want its mails at their own address too."""
    rows = await reader.fetch(
        """
        SELECT DISTINCT ON (a.id) a.id, a.email, p.cadence, p.hour, p.weekday
        FROM agent a
        JOIN preference p ON p.holder = 'agent:' || a.id
        WHERE a.removed_at IS NULL
          AND a.roles && $1::text[]
          AND p.audience = $2
          AND p.template IN ($3, $4)
          AND ($2 NOT IN ('departement', 'delegate') OR $5 = ANY(a.departements))
          AND ($2 <> 'programme' OR $6 = ANY(a.programmes))
        ORDER BY a.id, p.template = $4
        """,
        roles,
        audience,
        template,
        EVERY_TEMPLATE,
        departement,
        programme,
    )
    return [
        Addressee(f"agent:{row['id']}", row["email"], Preference(Cadence(row["cadence"]), row["hour"], row["weekday"]))
        for row in rows
        if row["cadence"] != Cadence.NEVER
    ]


async def set_preference(
    tx: Transaction, holder: str, audience: str, template: str, choice: Preference, *, by: UUID, at: datetime
) -> None:
    """Keep a choice."""
    await tx.execute(
        """
        INSERT INTO preference (holder, audience, template, cadence, hour, weekday, changed_by, changed_at)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
        ON CONFLICT (holder, audience, template) DO UPDATE SET
            cadence = EXCLUDED.cadence,
            hour = EXCLUDED.hour,
            weekday = EXCLUDED.weekday,
            changed_by = EXCLUDED.changed_by,
            changed_at = EXCLUDED.changed_at
        """,
        holder,
        audience,
        template,
        choice.cadence,
        choice.hour,
        choice.weekday,
        by,
        at,
    )


async def add_delivery(tx: Transaction, new: NewDelivery) -> bool:
    """Owe a mail; tell whether it is new: the same event never mails the same person twice."""
    added = await tx.fetchval(
        """
        INSERT INTO delivery (
            id, event_id, event_type, event_at, request_id, number, departement, audience, template, holder, recipient,
            subject, text_body, html_body, link_kind, link_target, reply_to, thread_id, cadence, status, tried_since,
            next_attempt_at, reason, created_at
        )
        VALUES (
            $1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17,
            coalesce(
                (SELECT d.thread_id FROM delivery d
                 WHERE d.request_id = $5 AND d.recipient = $11 AND d.recipient <> ''
                 ORDER BY d.created_at, d.id LIMIT 1),
                $1),
            $18, $19, $22, $20, $21, $22
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
    )
    return added is not None


async def lock_delivery(tx: Transaction, delivery_id: UUID, perimeter: list[str] | None) -> tuple[Delivery, Row]:
    """Lock a delivery of the caller's perimeter; give it, and the row with what it is about."""
    row = await tx.fetchrow(
        """
        SELECT id, status, attempts, round, next_attempt_at, tried_since, recipient, holder, audience, departement,
               digest_id, cadence
        FROM delivery
        WHERE id = $1 AND ($2::text[] IS NULL OR departement = ANY($2))
        FOR UPDATE
        """,
        delivery_id,
        perimeter,
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
    """Keep that somebody asked to send it again, on its own and at once; refuse an address that already had it."""
    try:
        async with tx.savepoint():
            await tx.execute(
                """
                UPDATE delivery SET
                    status = $2, round = $3, recipient = $4, next_attempt_at = $5, tried_since = $6, asked_by = $7,
                    cadence = 'instant', digest_id = NULL, reason = NULL
                WHERE id = $1
                """,
                delivery.id,
                delivery.status,
                delivery.round,
                delivery.recipient,
                delivery.next_attempt_at,
                delivery.tried_since,
                asked_by,
            )
    except asyncpg.UniqueViolationError as error:
        raise AlreadyMailed from error


async def claim_delivery(tx: Transaction, *, attempt_id: UUID, at: datetime, until: datetime) -> Row | None:
    """Take the next mail that is due, leaving to others what others took, and write its attempt down."""
    return await tx.fetchrow(
        """
        WITH due AS (
            SELECT id FROM delivery
            WHERE status = 'queued' AND cadence = 'instant' AND next_attempt_at <= $2
            ORDER BY next_attempt_at
            LIMIT 1
            FOR UPDATE SKIP LOCKED
        ), taken AS (
            UPDATE delivery d SET
                status = 'sending', attempts = d.attempts + 1, attempt_id = $1, lease_until = $3,
                tried_since = CASE WHEN d.attempts = 0 THEN $2 ELSE d.tried_since END
            FROM due
            WHERE d.id = due.id
            RETURNING d.id, d.event_id, d.event_type, d.request_id, d.departement, d.audience, d.template, d.recipient,
                      d.subject, d.text_body, d.html_body, d.link_kind, d.link_target, d.reply_to, d.thread_id, d.round,
                      d.asked_by, d.attempts, d.tried_since
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
        until,
    )


async def note_content_offered(tx: Transaction, attempt_id: UUID, *, at: datetime) -> bool:
    """Write down, before it happens, that the server is given the content; False when the attempt is no longer ours."""
    ours = await tx.fetchval(
        """
        SELECT id FROM delivery
        WHERE attempt_id = $1 AND status = 'sending' AND lease_until > $2
        FOR UPDATE
        """,
        attempt_id,
        at,
    )
    if ours is None:
        return False
    await tx.execute("UPDATE delivery_attempt SET content_at = $2 WHERE id = $1", attempt_id, at)
    return True


@dataclass(slots=True)
class Tried:
    """A delivery after an attempt, or one of those that its digest gathered."""

    id: UUID
    event_id: UUID
    request_id: UUID | None
    departement: str | None
    audience: Audience
    template: str
    attempts: int
    tried_since: datetime


async def settle_attempt(tx: Transaction, attempt_id: UUID, *, result: str, answer: str, at: datetime) -> Tried | None:
    """Write down how an attempt ended, and lock its delivery; None when it was settled otherwise meanwhile.

    A late answer still settles what had been declared uncertain.
    """
    row = await tx.fetchrow(
        """
        SELECT id, event_id, request_id, departement, audience, template, attempts, tried_since
        FROM delivery
        WHERE attempt_id = $1 AND status IN ('sending', 'uncertain')
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
    return Tried(**row)


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
    """Set how a delivery ended, and with it what its digest gathered; give all that were concerned."""
    rows = await tx.fetch(
        """
        UPDATE delivery SET
            status = $2,
            reason = $3,
            next_attempt_at = NULL,
            sent_at = coalesce($4, sent_at),
            lease_until = NULL
        WHERE id = $1 OR digest_id = $1
        RETURNING id, event_id, request_id, departement, audience, template, attempts, tried_since
        """,
        delivery_id,
        status,
        reason,
        sent_at,
    )
    return [Tried(**row) for row in rows]


async def lost_attempts(tx: Transaction, *, at: datetime, most: int) -> list[Row]:
    """Lock deliveries whose sender is overdue: it died, or lost the database."""
    return await tx.fetch(
        """
        SELECT d.id, d.attempt_id, a.content_at
        FROM delivery d
        JOIN delivery_attempt a ON a.id = d.attempt_id
        WHERE d.status = 'sending' AND d.lease_until <= $1
        ORDER BY d.lease_until
        LIMIT $2
        FOR UPDATE OF d SKIP LOCKED
        """,
        at,
        most,
    )


async def alone(tx: Transaction, what: int) -> bool:
    """Tell whether this transaction is the only one doing `what`, until it ends."""
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
