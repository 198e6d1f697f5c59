"""Read the directory: addresses entered by agents, addresses from events, and rejected addresses."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from pydantic import BaseModel

from services.notifications.domain.directory import ServiceInCharge
from services.notifications.domain.perimeter import Perimeter
from shared.db import Reader
from shared.web.paging import Page, Paged


@dataclass(frozen=True, slots=True)
class Entered:
    """Who entered how a team is reached, and when."""

    holder: str
    changed_by: str
    changed_at: datetime


async def entered(reader: Reader) -> dict[str, Entered]:
    """Return by whom and when each contact was entered."""
    rows = await reader.fetch(
        "SELECT c.holder, a.name AS changed_by, c.changed_at FROM contact c JOIN agent a ON a.id = c.changed_by"
    )
    return {row["holder"]: Entered(**row) for row in rows}


async def announced_services(reader: Reader) -> dict[str, ServiceInCharge]:
    """Return the contact of each département that its service published last."""
    rows = await reader.fetch(
        """
        SELECT DISTINCT ON (departement) departement, name, address, email, phone
        FROM presented_service
        ORDER BY departement, told_at DESC, request_id
        """
    )
    return {
        row["departement"]: ServiceInCharge(
            name=row["name"], address=row["address"], email=row["email"], phone=row["phone"]
        )
        for row in rows
    }


async def known_departements(reader: Reader) -> list[str]:
    """List the départements that have a request, or whose service published its contact."""
    rows = await reader.fetch(
        """
        SELECT departement FROM presented_service
        UNION
        SELECT departement FROM known_request
        """
    )
    return [row["departement"] for row in rows]


async def rejected_addresses(reader: Reader, addresses: list[str]) -> set[str]:
    """Return those of these addresses that mail servers reject."""
    rows = await reader.fetch(
        "SELECT address FROM bad_address WHERE address = ANY($1)", [address.lower() for address in addresses]
    )
    return {row["address"] for row in rows}


class ProviderContactView(BaseModel):
    """How a local provider was reached last; qualification keeps the catalogue's entry."""

    provider_id: UUID
    departement: str
    name: str
    email: str
    phone: str | None
    told_at: datetime
    takes_no_mail: bool


async def providers(reader: Reader, perimeter: Perimeter, q: str | None, page: Page) -> Paged[ProviderContactView]:
    """List the local providers that départements of the perimeter asked; those whose address takes no mail first."""
    known = """
        (SELECT DISTINCT ON (provider_id, departement) provider_id, departement, name, email, phone, told_at
         FROM presented_provider
         ORDER BY provider_id, departement, told_at DESC, request_id) p
    """
    wanted = """
        WHERE ($1::text[] IS NULL OR p.departement = ANY($1))
          AND ($2::text IS NULL OR strpos(lower(p.name || ' ' || p.email || ' ' || p.departement), lower($2)) > 0)
    """
    total: int = await reader.fetchval(f"SELECT count(*) FROM {known} {wanted}", perimeter.departements, q)
    rows = await reader.fetch(
        f"""
        SELECT p.provider_id, p.departement, p.name, p.email, p.phone, p.told_at, b.id IS NOT NULL AS takes_no_mail
        FROM {known}
        LEFT JOIN bad_address b ON b.address = lower(p.email)
        {wanted}
        ORDER BY b.id IS NULL, lower(p.name), p.departement
        LIMIT $3 OFFSET $4
        """,
        perimeter.departements,
        q,
        page.limit,
        page.offset,
    )
    return Paged(items=[ProviderContactView(**row) for row in rows], total=total, page=page.number)
