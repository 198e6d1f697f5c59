"""The catalogue and the orientations as people see them."""

from collections.abc import Sequence
from datetime import date, datetime
from uuid import UUID

from pydantic import BaseModel

from services.qualification.domain.matching import CatalogueEntry
from services.qualification.domain.orientation import OrientationState
from services.qualification.store.rows import PROVIDER, entry_of
from shared.db import Reader
from shared.errors import NotFound
from shared.territory.index import fold
from shared.web.paging import Page


async def providers(
    reader: Reader, *, perimeter: Sequence[str] | None, q: str | None, departement: str | None, page: Page
) -> tuple[list[CatalogueEntry], int]:
    """Give one page of the providers that work in this perimeter, by name, and how many there are in all."""
    where = """
        ($1::text[] IS NULL OR p.departements && $1)
        AND ($2::text IS NULL OR strpos(p.search, $2) > 0)
        AND ($3::text IS NULL OR p.departements @> ARRAY[$3])
    """
    wanted = (perimeter, fold(q) or None if q else None, departement)
    rows = await reader.fetch(
        f"SELECT {PROVIDER} FROM provider AS p WHERE {where} ORDER BY p.search, p.id LIMIT $4 OFFSET $5",
        *wanted,
        page.limit,
        page.offset,
    )
    total = await reader.fetchval(f"SELECT count(*) FROM provider AS p WHERE {where}", *wanted)
    return [entry_of(row) for row in rows], total


async def all_providers(reader: Reader, *, perimeter: Sequence[str] | None) -> list[CatalogueEntry]:
    """Give all providers that work in this perimeter, by name."""
    rows = await reader.fetch(
        f"""
        SELECT {PROVIDER}
        FROM provider AS p
        WHERE $1::text[] IS NULL OR p.departements && $1
        ORDER BY p.search, p.id
        """,
        perimeter,
    )
    return [entry_of(row) for row in rows]


async def provider(reader: Reader, provider_id: UUID, *, perimeter: Sequence[str] | None) -> CatalogueEntry:
    """Give one provider that works in this perimeter; `NotFound` otherwise."""
    row = await reader.fetchrow(
        f"SELECT {PROVIDER} FROM provider AS p WHERE p.id = $1 AND ($2::text[] IS NULL OR p.departements && $2)",
        provider_id,
        perimeter,
    )
    if row is None:
        raise NotFound
    return entry_of(row)


class Entrusted(BaseModel):
    """A request that a provider was asked to help with, and what became of it."""

    request_id: UUID
    number: str
    title: str
    applicant_name: str
    state: OrientationState
    answer: str | None
    opened_at: datetime
    until: date


async def entrusted(
    reader: Reader, provider_id: UUID, *, perimeter: Sequence[str] | None, page: Page
) -> tuple[list[Entrusted], int]:
    """Give a page of what a provider was asked within this perimeter, and how much that is in all.

    What waits or goes on comes first, then the latest.
    """
    where = "o.provider_id = $1 AND ($2::text[] IS NULL OR o.departement = ANY($2))"
    rows = await reader.fetch(
        f"""
        SELECT o.request_id, c.number, o.state, o.answer, o.opened_at, o.until,
               c.request ->> 'title' AS title,
               c.request #>> '{{applicant,name}}' AS applicant_name
        FROM orientation AS o
        JOIN case_file AS c ON (c.request_id, c.departement) = (o.request_id, o.departement)
        WHERE {where}
        ORDER BY o.state IN ('open', 'accepted') DESC, o.opened_at DESC, o.id
        LIMIT $3 OFFSET $4
        """,
        provider_id,
        perimeter,
        page.limit,
        page.offset,
    )
    total = await reader.fetchval(f"SELECT count(*) FROM orientation AS o WHERE {where}", provider_id, perimeter)
    return [Entrusted(**dict(row)) for row in rows], total
