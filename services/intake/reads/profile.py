"""The public profile of a territory: composition, programmes that cover it, requests, similar territories."""

import asyncio
from collections.abc import Iterable, Sequence
from datetime import date, datetime

from pydantic import BaseModel, Field

from services.intake.domain.disclosure import NOTE
from services.intake.reads.statistics import Results, statistics
from shared import coverage
from shared.contracts.vocabulary import ApplicantKind
from shared.coverage import Covering
from shared.db import Reader
from shared.territory.composition import composition
from shared.territory.model import Territory
from shared.territory.similarity import HOW, WEIGHED, Similarity
from shared.territory.territories import Territories


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


class ProfilePage(TerritoryProfile):
    """The same with what its page shows besides, which programs are not given."""

    epci: list[TerritoryView] = Field(exclude=True)
    departements: list[TerritoryView] = Field(exclude=True)
    total: int | None = Field(exclude=True)
    """How many requests are published of the whole country."""


def territory_view(territory: Territory) -> TerritoryView:
    """Return a territory as programs are given it."""
    return TerritoryView(
        kind=territory.kind,
        code=territory.code,
        name=territory.full_name,
        departement=territory.departement,
        departements=list(territory.departements),
        population=territory.population,
    )


async def profile(
    reader: Reader, territories: Territories, similarity: Similarity, territory: Territory, *, today: date
) -> ProfilePage:
    """Return a territory's profile; numbers of requests are published ones, or sums of them."""
    made_of = await asyncio.to_thread(composition, territories, territory)
    similar = await asyncio.to_thread(similarity.like, territory)
    figures = await statistics(reader)
    requests = figures.requests_of(territory)
    of_similar = sum(figures.requests_of(one) or 0 for one in similar) or None
    share = made_of.share_of_largest
    return ProfilePage(
        territory=territory_view(territory),
        composition=CompositionView(
            belongs_to=_views(made_of.belongs_to),
            communes=len(made_of.communes),
            epci=len(made_of.epci),
            departements=len(made_of.departements),
            largest_communes=_views(made_of.largest),
            share_of_largest_commune=None if share is None else round(share, 3),
        ),
        programmes=[one for one in await coverage.covering(reader, territory) if one.is_in_force(today)],
        programmes_inside=dict(
            await coverage.covered_inside(
                reader,
                made_of.communes if territory.kind is not ApplicantKind.COMMUNE else (),
                [one.code for one in made_of.epci],
                today,
            )
        ),
        at=figures.at,
        requests=Results(requests),
        requests_around=[
            Around(territory=territory_view(one), requests=figures.requests_of(one))
            for one in made_of.belongs_to
            if one.kind is not ApplicantKind.EPCI
        ],
        rate=_rate(requests, [territory]),
        similar=_views(similar),
        requests_of_similar=Results(of_similar),
        rate_of_similar=_rate(of_similar, similar),
        how_similar=f"{HOW[territory.kind]} {WEIGHED}",
        note=NOTE,
        source=territories.source.sentence,
        epci=_views(made_of.epci),
        departements=_views(made_of.departements),
        total=figures.total,
    )


def _views(territories: Iterable[Territory]) -> list[TerritoryView]:
    return [territory_view(one) for one in territories]


def _rate(requests: int | None, places: Sequence[Territory]) -> float | None:
    """Return the requests per 100 000 inhabitants; None where one of the two is not known."""
    inhabitants = sum(place.population or 0 for place in places)
    return round(requests / inhabitants * 100_000, 2) if requests and inhabitants else None
