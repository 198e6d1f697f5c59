"""Read real requests and mails for the previews of templates."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from services.notifications.domain.perimeter import Perimeter
from services.notifications.store.perimeter import SEES_DELIVERY, SEES_REQUEST
from services.notifications.store.requests import KnownRequest
from shared.db import Reader

_KNOWN = f"""
    SELECT request_id, number, title, applicant, contact_name, contact_email, departement, link_generation, escalated
    FROM known_request
    WHERE {SEES_REQUEST}
"""


async def latest_requests(reader: Reader, perimeter: Perimeter, *, most: int = 20) -> list[KnownRequest]:
    """Return the newest requests of the perimeter."""
    rows = await reader.fetch(
        f"{_KNOWN} ORDER BY in_charge_since DESC, request_id LIMIT $4", *perimeter.arguments, most
    )
    return [KnownRequest(**row) for row in rows]


async def request_numbered(reader: Reader, number: str, perimeter: Perimeter) -> KnownRequest | None:
    """Return a request of the perimeter by its number."""
    row = await reader.fetchrow(f"{_KNOWN} AND number = $4", *perimeter.arguments, number)
    return KnownRequest(**row) if row else None


@dataclass(frozen=True, slots=True)
class WrittenMail:
    """A mail that was written with a template."""

    id: UUID
    subject: str
    status: str
    departement: str | None
    created_at: datetime


async def latest_mails(reader: Reader, template: str, perimeter: Perimeter, *, most: int = 5) -> list[WrittenMail]:
    """Return the newest mails of the perimeter that a template made."""
    rows = await reader.fetch(
        f"""
        SELECT id, subject, status, departement, created_at
        FROM delivery
        WHERE {SEES_DELIVERY} AND template = $4
        ORDER BY created_at DESC, id
        LIMIT $5
        """,
        *perimeter.arguments,
        template,
        most,
    )
    return [WrittenMail(**row) for row in rows]
