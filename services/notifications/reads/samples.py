"""The SQL behind previews: real requests to fill a template with, and real mails written with it."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from services.notifications.store import KnownRequest
from shared.db import Reader

_KNOWN = """
    SELECT request_id, number, title, applicant, contact_name, contact_email, departement, link_generation, escalated
    FROM known_request
    WHERE ($1::text[] IS NULL OR departement = ANY($1))
"""


async def latest_requests(reader: Reader, perimeter: list[str] | None, *, most: int = 20) -> list[KnownRequest]:
    """Give the newest requests of the perimeter."""
    rows = await reader.fetch(f"{_KNOWN} ORDER BY in_charge_since DESC, request_id LIMIT $2", perimeter, most)
    return [KnownRequest(**row) for row in rows]


async def request_numbered(reader: Reader, number: str, perimeter: list[str] | None) -> KnownRequest | None:
    """Give a request of the perimeter by its number."""
    row = await reader.fetchrow(f"{_KNOWN} AND number = $2", perimeter, number)
    return KnownRequest(**row) if row else None


@dataclass(frozen=True, slots=True)
class WrittenMail:
    """A mail that was written with a template."""

    id: UUID
    subject: str
    status: str
    departement: str | None
    created_at: datetime


async def latest_mails(
    reader: Reader, template: str, perimeter: list[str] | None, *, most: int = 5
) -> list[WrittenMail]:
    """Give the newest mails of the perimeter that a template made."""
    rows = await reader.fetch(
        """
        SELECT id, subject, status, departement, created_at
        FROM delivery
        WHERE template = $1 AND ($2::text[] IS NULL OR departement = ANY($2))
        ORDER BY created_at DESC, id
        LIMIT $3
        """,
        template,
        perimeter,
        most,
    )
    return [WrittenMail(**row) for row in rows]
