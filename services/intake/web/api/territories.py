"""Official territories for programs: found by name or code, and the public profile of each."""

from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Final

from litestar import Router, get
from litestar.di import NamedDependency, Provide
from litestar.params import FromPath, QueryParameter
from pydantic import BaseModel

from services.intake.domain.disclosure import NOTE
from services.intake.reads.profile import Profile, profile
from services.intake.reads.statistics import Results
from services.intake.web.context import VisitorContext
from services.intake.web.places import official_place, today
from shared.contracts.vocabulary import ApplicantKind
from shared.coverage import Covering
from shared.errors import Invalid
from shared.territory.model import Territory
from shared.territory.similarity import HOW, WEIGHED
from shared.territory.territories import Territories
from shared.web.paging import Page, Paged, paged

MOST: Final = 1_000
"""More territories than anybody pages through for one search."""


class TerritoryView(BaseModel):
    """An official territory; `departement` is None for a région across several."""

    kind: ApplicantKind
    code: str
    name: str
    departement: str | None
    departements: list[str]
    population: int | None


class CompositionView(BaseModel):
    """What it belongs to, and what it is made of; `largest_communes` are its most populated ones."""

    belongs_to: list[TerritoryView]
    communes: int
    epci: int
    departements: int
    largest_communes: list[TerritoryView]
    share_of_largest_commune: float | None


class Around(BaseModel):
    """How many requests are published of a territory that contains this one."""

    territory: TerritoryView
    requests: int | None


class TerritoryProfile(BaseModel):
    """A territory's public profile.

    `programmes` cover it today, itself or through what it belongs to; `programmes_inside` tells how many communes and
    EPCI within it each covers. `similar` is compared by `how_similar`. Numbers of requests are those of the public
    figures `at` a moment, of which the `note` tells the rules: `requests` of the territory and of those in it, null for
    communes and EPCI; `requests_of_similar` together; `requests_around` of what it belongs to. What became of them,
    amounts and opinions are published for the whole country only, and null here. Rates are requests per 100 000
    inhabitants, of published numbers.
    """

    territory: TerritoryView
    composition: CompositionView
    programmes: list[Covering]
    programmes_inside: dict[str, int]
    at: datetime | None
    requests: Results
    requests_around: list[Around]
    rate: float | None
    similar: list[TerritoryView]
    requests_of_similar: Results
    rate_of_similar: float | None
    how_similar: str
    note: str
    source: str


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
    return paged(found[paging.offset : paging.offset + paging.limit], len(found), paging, _view)


@get("/territories/{kind:str}/{code:str}", public=True)
async def territory_profile(
    context: NamedDependency[VisitorContext], kind: FromPath[str], code: FromPath[str]
) -> TerritoryProfile:
    """Give the public profile of a commune, an EPCI, a département or a région."""
    parts = context.parts
    territory = official_place(parts.territories, kind, code)
    found = await profile(context.database, parts.territories, parts.similarity, territory, today=today())
    return _profile(found, parts.territories)


def _profile(found: Profile, territories: Territories) -> TerritoryProfile:
    made_of = found.composition
    return TerritoryProfile(
        territory=_view(found.territory),
        composition=CompositionView(
            belongs_to=[_view(one) for one in made_of.belongs_to],
            communes=len(made_of.communes),
            epci=len(made_of.epci),
            departements=len(made_of.departements),
            largest_communes=[_view(one) for one in made_of.largest],
            share_of_largest_commune=None if made_of.share_of_largest is None else round(made_of.share_of_largest, 3),
        ),
        programmes=found.programmes,
        programmes_inside=dict(found.inside),
        at=found.figures.at,
        requests=Results(found.requests),
        requests_around=[Around(territory=_view(one), requests=requests) for one, requests in found.around],
        rate=found.rate,
        similar=[_view(one) for one in found.similar],
        requests_of_similar=Results(found.among_similar),
        rate_of_similar=found.rate_among_similar,
        how_similar=f"{HOW[found.territory.kind]} {WEIGHED}",
        note=NOTE,
        source=territories.source.sentence,
    )


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


def _view(territory: Territory) -> TerritoryView:
    return TerritoryView(
        kind=territory.kind,
        code=territory.code,
        name=territory.full_name,
        departement=territory.departement,
        departements=list(territory.departements),
        population=territory.population,
    )


routes = Router(
    "/",
    route_handlers=[territories_by_name, territory_profile],
    dependencies={"search": Provide(provide_search)},
    tags=["territories"],
)
