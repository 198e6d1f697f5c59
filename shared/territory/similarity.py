"""Similar territories: of the same kind, near in size and in how their inhabitants are spread."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from heapq import nsmallest
from math import dist, log10
from statistics import pstdev
from threading import Lock
from typing import Final, Protocol

from shared.contracts.vocabulary import ApplicantKind
from shared.territory.model import Territory

MOST: Final = 8
"""How many similar territories are given; there are few régions, and five of them will do."""

_FEW: Final = 5

HOW: Final[Mapping[ApplicantKind, str]] = {
    ApplicantKind.COMMUNE: (
        "Communes les plus proches par trois mesures\u00a0: la population, la population de leur intercommunalité, et "
        "la part qu’elles y représentent."
    ),
    ApplicantKind.EPCI: (
        "Intercommunalités de même forme juridique les plus proches par trois mesures\u00a0: la population, le nombre "
        "de communes, et la part de la commune la plus peuplée."
    ),
    ApplicantKind.DEPARTEMENT: (
        "Départements les plus proches par trois mesures\u00a0: la population, le nombre de communes, et la part de la "
        "commune la plus peuplée."
    ),
    ApplicantKind.REGION: (
        "Régions les plus proches par trois mesures\u00a0: la population, le nombre de communes, et la part de la "
        "commune la plus peuplée."
    ),
}
"""How similarity is computed, in the words shown beside its results."""

WEIGHED: Final = (
    "Populations et nombres de communes sont comparés par leur ordre de grandeur (logarithme)\u00a0; chaque mesure "
    "compte autant que les autres (elle est divisée par son écart type), et la distance est euclidienne."
)

Measures = tuple[float, float, float]


class Lists(Protocol):
    """What must be known of the official lists."""

    def all_of(self, kind: ApplicantKind) -> tuple[Territory, ...]:
        """Return all territories of a kind."""

    def find(self, kind: ApplicantKind | str, code: str) -> Territory | None:
        """Return one territory."""


class Similarity:
    """Measures of all territories, taken of a kind when it is first asked for; may be asked from several threads."""

    def __init__(self, lists: Lists) -> None:
        self._lists = lists
        self._measured: dict[ApplicantKind, list[tuple[Measures, Territory]]] = {}
        self._taking = Lock()

    def like(self, territory: Territory) -> tuple[Territory, ...]:
        """Return the most similar territories of the same kind, nearest first; none where its population is unknown.

        An EPCI is compared with those of its legal form only.
        """
        with self._taking:
            if territory.kind not in self._measured:
                self._measured[territory.kind] = self._measure(territory.kind)
        measured = self._measured[territory.kind]
        own = next((measures for measures, other in measured if other is territory), None)
        if own is None:
            return ()
        others = (
            (dist(own, measures), other.code, other)
            for measures, other in measured
            if other is not territory and other.category == territory.category
        )
        most = _FEW if territory.kind is ApplicantKind.REGION else MOST
        return tuple(other for _, _, other in nsmallest(most, others, key=lambda found: found[:2]))

    def _measure(self, kind: ApplicantKind) -> list[tuple[Measures, Territory]]:
        known = [one for one in self._lists.all_of(kind) if one.population]
        take = self._of_communes if kind is ApplicantKind.COMMUNE else self._of_larger_ones
        raw = take(known)
        spread = [pstdev(column) or 1.0 for column in zip(*raw, strict=True)]
        return [((a / spread[0], b / spread[1], c / spread[2]), one) for (a, b, c), one in zip(raw, known, strict=True)]

    def _of_communes(self, communes: Iterable[Territory]) -> list[Measures]:
        measures = []
        for one in communes:
            epci = self._lists.find(ApplicantKind.EPCI, one.epci) if one.epci else None
            around = (epci.population if epci else None) or one.population or 1
            measures.append((log10(one.population or 1), log10(around), min((one.population or 0) / around, 1.0)))
        return measures

    def _of_larger_ones(self, territories: Iterable[Territory]) -> list[Measures]:
        count: dict[tuple[ApplicantKind, str], int] = defaultdict(int)
        largest: dict[tuple[ApplicantKind, str], int] = defaultdict(int)
        for commune in self._lists.all_of(ApplicantKind.COMMUNE):
            for key in larger_than(commune):
                count[key] += 1
                largest[key] = max(largest[key], commune.population or 0)
        return [
            (
                log10(one.population or 1),
                log10(count[one.kind, one.code] or 1),
                min(largest[one.kind, one.code] / (one.population or 1), 1.0),
            )
            for one in territories
        ]


def larger_than(commune: Territory) -> Iterable[tuple[ApplicantKind, str]]:
    """Name the territories that a commune belongs to."""
    if commune.epci:
        yield ApplicantKind.EPCI, commune.epci
    for departement in commune.departements:
        yield ApplicantKind.DEPARTEMENT, departement
    if commune.region:
        yield ApplicantKind.REGION, commune.region
