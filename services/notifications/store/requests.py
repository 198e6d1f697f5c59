"""Store what mails need to know of each request: its applicant, link and service in charge."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from services.notifications.domain.directory import ServiceInCharge
from shared.db import Reader, Transaction


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
    withdrawn_at: datetime | None = None
    filed_at: datetime | None = None
    contact_role: str | None = None


async def save_request(tx: Transaction, known: KnownRequest, *, at: datetime) -> None:
    """Store what mails need of a request that was just filed."""
    await tx.execute(
        """
        INSERT INTO known_request (
            request_id, number, title, applicant, contact_name, contact_email, departement, in_charge_since,
            link_generation, filed_at, contact_role
        )
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)
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
        known.filed_at,
        known.contact_role,
    )


async def known_request(reader: Reader, request_id: UUID) -> KnownRequest | None:
    """Return what is known of a request."""
    row = await reader.fetchrow(
        """
        SELECT request_id, number, title, applicant, contact_name, contact_email, departement, link_generation,
               escalated, withdrawn_at, filed_at, contact_role
        FROM known_request
        WHERE request_id = $1
        """,
        request_id,
    )
    return KnownRequest(**row) if row else None


async def replace_link(tx: Transaction, request_id: UUID, generation: int) -> None:
    """Store which tracking link is sent; an older generation never comes back."""
    await tx.execute(
        "UPDATE known_request SET link_generation = greatest(link_generation, $2) WHERE request_id = $1",
        request_id,
        generation,
    )


async def note_escalation(tx: Transaction, request_id: UUID) -> None:
    """Record that the national team had the request."""
    await tx.execute("UPDATE known_request SET escalated = true WHERE request_id = $1", request_id)


async def note_withdrawal(tx: Transaction, request_id: UUID, *, at: datetime) -> None:
    """Record when it was accepted that the applicant withdraws."""
    await tx.execute("UPDATE known_request SET withdrawn_at = $2 WHERE request_id = $1", request_id, at)


async def note_programme(tx: Transaction, request_id: UUID, programme: str) -> None:
    """Record that a programme's team had the request."""
    await tx.execute(
        """
        UPDATE known_request SET programmes = programmes || $2::text
        WHERE request_id = $1 AND NOT programmes @> ARRAY[$2::text]
        """,
        request_id,
        programme,
    )


async def note_transfer(tx: Transaction, request_id: UUID, departement: str, *, at: datetime) -> None:
    """Store which département has the request, unless a later transfer is known."""
    await tx.execute(
        """
        UPDATE known_request SET departement = $2, in_charge_since = $3
        WHERE request_id = $1 AND in_charge_since <= $3
        """,
        request_id,
        departement,
        at,
    )


async def save_service(
    tx: Transaction, departement: str, request_id: UUID, service: ServiceInCharge, *, at: datetime
) -> None:
    """Store how a département's service presents itself with a request, unless it did so later than `at`.

    No row is shared by the requests of a département: batches beside each other would wait for it in a ring.
    """
    await tx.execute(
        """
        INSERT INTO presented_service AS s (departement, request_id, name, address, email, phone, told_at)
        VALUES ($1, $2, $3, $4, $5, $6, $7)
        ON CONFLICT (departement, request_id) DO UPDATE SET
            name = EXCLUDED.name,
            address = EXCLUDED.address,
            email = EXCLUDED.email,
            phone = EXCLUDED.phone,
            told_at = EXCLUDED.told_at
        WHERE s.told_at < EXCLUDED.told_at
        """,
        departement,
        request_id,
        service.name,
        service.address,
        service.email,
        service.phone,
        at,
    )


async def service_from_events(reader: Reader, departement: str) -> ServiceInCharge | None:
    """Return how a département's service presented itself last."""
    row = await reader.fetchrow(
        """
        SELECT name, address, email, phone
        FROM presented_service
        WHERE departement = $1
        ORDER BY told_at DESC, request_id
        LIMIT 1
        """,
        departement,
    )
    return ServiceInCharge.model_validate(dict(row)) if row else None
