"""API of official territories: search by name or code, and the public profile of each."""

from dataclasses import dataclass
from typing import Annotated, Final

from litestar import Router, get
from litestar.di import NamedDependency, Provide
from litestar.params import FromPath, QueryParameter

from services.intake.reads.profile import TerritoryProfile, TerritoryView, profile, territory_view
from services.intake.web.context import VisitorContext
from services.intake.web.places import official_place, today
from shared.contracts.vocabulary import ApplicantKind
from shared.errors import Invalid
from shared.territory.model import Territory
from shared.territory.territories import Territories
from shared.web.paging import Page, Paged, paged

MOST: Final = 1_000
"""More territories than anybody pages through for one search."""


@dataclass(frozen=True, slots=True)
class Search:
    """What a search for territories asks for."""

    q: str
    kind: ApplicantKind | None
    departement: str | None


async def provide_search(
    q: Annotated[str, QueryParameter(max_length=200, description="A name or a code")] = "",
    kind: Annotated[str | None, QueryParameter(description="commune, epci, departement or region")] = None,
    departement: Annotated[str | None, QueryParameter(max_length=3, description="Only what lies there")] = None,
) -> Search:
    """Dependency `search`: what the address asks for; refuses (`Invalid`) a kind that is none."""
    return Search(q, _kind(kind), departement)


@get("/territories", public=True)
async def territories_by_name(
    context: NamedDependency[VisitorContext], search: NamedDependency[Search], paging: NamedDependency[Page]
) -> Paged[TerritoryView]:
    """Find official territories by name or code, best first."""
    found = _found(context.parts.territories, search)
    return paged(found[paging.offset : paging.offset + paging.limit], len(found), paging, territory_view)


@get("/territories/{kind:str}/{code:str}", public=True)
async def territory_profile(
    context: NamedDependency[VisitorContext], kind: FromPath[str], code: FromPath[str]
) -> TerritoryProfile:
    """Return the public profile of a commune, an EPCI, a département or a région."""
    parts = context.parts
    territory = official_place(parts.territories, kind, code)
    return await profile(context.database, parts.territories, parts.similarity, territory, today=today())


def _kind(given: str | None) -> ApplicantKind | None:
    if not given:
        return None
    official = [kind for kind in ApplicantKind if kind is not ApplicantKind.PRIORITY]
    if given not in official:
        raise Invalid.field("kind", f"Valeur non autorisée. Valeurs possibles\u00a0: {', '.join(official)}.")
    return ApplicantKind(given)


def _found(territories: Territories, search: Search) -> tuple[Territory, ...]:
    if search.q.strip():
        return territories.search(search.q, search.kind, search.departement, limit=MOST)
    if search.kind is ApplicantKind.DEPARTEMENT:
        found = (territories.find(search.kind, each.code) for each in territories.departements())
        return tuple(one for one in found if one)
    return territories.regions() if search.kind is ApplicantKind.REGION else ()


routes = Router(
    "/",
    route_handlers=[territories_by_name, territory_profile],
    dependencies={"search": Provide(provide_search)},
    tags=["territories"],
)
