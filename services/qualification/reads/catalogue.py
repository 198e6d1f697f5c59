"""Read models of the catalogue of local providers, and of what each was asked."""

from dataclasses import asdict, dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from services.qualification.domain.orientation import OrientationState
from services.qualification.reads.viewer import Viewer
from services.qualification.store.rows import PROVIDER, entry_of
from shared.contracts.vocabulary import Field, Role, SupportType
from shared.db import Reader, Row
from shared.errors import NotFound
from shared.territory.index import fold
from shared.web.paging import Page


@dataclass(frozen=True, slots=True)
class ProviderView:
    """A provider of the catalogue; `capacity_left`: how many more requests it can help with, None without limit."""

    id: UUID
    name: str
    kind: str
    email: str
    phone: str | None
    url: str | None
    departements: list[str]
    epci: list[str]
    communes: list[str]
    fields: list[Field]
    support_types: list[SupportType]
    capacity: int | None
    capacity_left: int | None
    valid_from: date | None
    valid_until: date | None
    allowed_actions: list[str]


@dataclass(frozen=True, slots=True)
class EntrustedView:
    """A request that a provider was asked to help with, and what became of it."""

    request_id: UUID
    number: str
    title: str
    applicant_name: str
    state: OrientationState
    answer: str | None
    opened_at: datetime
    until: date


async def providers(
    reader: Reader, viewer: Viewer, page: Page, *, q: str | None = None, departement: str | None = None
) -> tuple[list[ProviderView], int]:
    """Return one page of the providers that work in the viewer's perimeter, by name, and how many there are in all."""
    where = """
        ($1::text[] IS NULL OR p.departements && $1)
        AND ($2::text IS NULL OR strpos(p.search, $2) > 0)
        AND ($3::text IS NULL OR p.departements @> ARRAY[$3])
    """
    wanted = (viewer.perimeter, fold(q) or None if q else None, departement or None)
    rows = await reader.fetch(
        f"SELECT {PROVIDER} FROM provider AS p WHERE {where} ORDER BY p.search, p.id LIMIT $4 OFFSET $5",
        *wanted,
        page.limit,
        page.offset,
    )
    total = await reader.fetchval(f"SELECT count(*) FROM provider AS p WHERE {where}", *wanted)
    return [_view(row, viewer) for row in rows], total


async def all_providers(reader: Reader, viewer: Viewer) -> list[ProviderView]:
    """Return all providers that work in the viewer's perimeter, by name."""
    rows = await reader.fetch(
        f"""
        SELECT {PROVIDER}
        FROM provider AS p
        WHERE $1::text[] IS NULL OR p.departements && $1
        ORDER BY p.search, p.id
        """,
        viewer.perimeter,
    )
    return [_view(row, viewer) for row in rows]


async def provider(reader: Reader, provider_id: UUID, viewer: Viewer) -> ProviderView:
    """Return one provider that works in the viewer's perimeter; `NotFound` otherwise."""
    row = await reader.fetchrow(
        f"SELECT {PROVIDER} FROM provider AS p WHERE p.id = $1 AND ($2::text[] IS NULL OR p.departements && $2)",
        provider_id,
        viewer.perimeter,
    )
    if row is None:
        raise NotFound
    return _view(row, viewer)


def _view(row: Row, viewer: Viewer) -> ProviderView:
    entry = entry_of(row)
    shown: dict[str, Any] = asdict(entry)
    del shown["engaged"]
    allowed = ["update"] if Role.SAT_AGENT in viewer.who.roles else []
    return ProviderView(**shown, capacity_left=entry.capacity_left, allowed_actions=allowed)


async def entrusted(reader: Reader, provider_id: UUID, viewer: Viewer, page: Page) -> tuple[list[EntrustedView], int]:
    """Return a page of what a provider was asked within the viewer's perimeter, and how much that is in all.

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
        viewer.perimeter,
        page.limit,
        page.offset,
    )
    total = await reader.fetchval(f"SELECT count(*) FROM orientation AS o WHERE {where}", provider_id, viewer.perimeter)
    return [EntrustedView(**dict(row)) for row in rows], total
