"""The public profile of a territory: what it is, which programmes cover it, what it asked for, and who is like it."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from services.intake.reads.statistics import Statistics, statistics
from shared import coverage
from shared.contracts.vocabulary import ApplicantKind
from shared.coverage import Covering
from shared.db import Reader
from shared.territory.composition import Composition, composition
from shared.territory.model import Territory
from shared.territory.similarity import Similarity
from shared.territory.territories import Territories


@dataclass(frozen=True, slots=True)
class Profile:
    """`inside`: programme → how many territories within this one it covers.

    `figures` are the public figures as they were published: all numbers of requests here add up published ones. Rates
    are requests per 100 000 inhabitants; None where one of the two is not known.
    """

    territory: Territory
    composition: Composition
    programmes: list[Covering]
    inside: Mapping[str, int]
    figures: Statistics
    similar: tuple[Territory, ...]

    @property
    def requests(self) -> int | None:
        """How many requests were filed here; published of régions and départements only."""
        return self.figures.requests_of(self.territory)

    @property
    def among_similar(self) -> int | None:
        """How many requests similar territories filed together."""
        return sum(self.figures.requests_of(one) or 0 for one in self.similar) or None

    @property
    def around(self) -> tuple[tuple[Territory, int | None], ...]:
        """What is published of the territories that this one belongs to, its EPCI left out."""
        return tuple(
            (one, self.figures.requests_of(one))
            for one in self.composition.belongs_to
            if one.kind is not ApplicantKind.EPCI
        )

    @property
    def rate(self) -> float | None:
        """How often requests come from here."""
        return _rate(self.requests, [self.territory])

    @property
    def rate_among_similar(self) -> float | None:
        """How often they come from similar territories."""
        return _rate(self.among_similar, self.similar)


def _rate(requests: int | None, places: Sequence[Territory]) -> float | None:
    inhabitants = sum(place.population or 0 for place in places)
    return round(requests / inhabitants * 100_000, 2) if requests and inhabitants else None


async def profile(
    reader: Reader, territories: Territories, similarity: Similarity, territory: Territory, *, today: date
) -> Profile:
    """Put a territory's profile together."""
    made_of = await asyncio.to_thread(composition, territories, territory)
    similar = await asyncio.to_thread(similarity.like, territory)
    covering = await coverage.covering(reader, territory)
    return Profile(
        territory=territory,
        composition=made_of,
        programmes=[one for one in covering if one.is_in_force(today)],
        inside=await coverage.covered_inside(
            reader,
            made_of.communes if territory.kind is not ApplicantKind.COMMUNE else (),
            [one.code for one in made_of.epci],
            today,
        ),
        figures=await statistics(reader),
        similar=similar,
    )
