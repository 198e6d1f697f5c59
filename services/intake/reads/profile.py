"""The public profile of a territory: what it is, which programmes cover it, what it asked for, and who is like it."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from services.intake.reads.outcomes import Results, results
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
    """`inside`: programme → how many territories within this one it covers. `among_similar`: results taken together.

    Rates are requests per 100 000 inhabitants, of the rounded numbers; None where one of the two is not known.
    """

    territory: Territory
    composition: Composition
    programmes: list[Covering]
    inside: Mapping[str, int]
    results: Results
    similar: tuple[Territory, ...]
    among_similar: Results

    @property
    def rate(self) -> float | None:
        """How often requests come from here."""
        return _rate(self.results, [self.territory])

    @property
    def rate_among_similar(self) -> float | None:
        """How often they come from similar territories."""
        return _rate(self.among_similar, self.similar)


def _rate(found: Results, places: Sequence[Territory]) -> float | None:
    inhabitants = sum(place.population or 0 for place in places)
    return round(found.requests / inhabitants * 100_000, 2) if found.requests and inhabitants else None


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
        results=await results(reader, territory.kind, [territory.code]),
        similar=similar,
        among_similar=await results(reader, territory.kind, [one.code for one in similar]),
    )
