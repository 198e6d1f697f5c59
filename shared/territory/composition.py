"""Composition of territories: what a territory is made of, and what it belongs to."""

from dataclasses import dataclass
from typing import Final

from shared.contracts.vocabulary import ApplicantKind
from shared.territory.model import Territory
from shared.territory.territories import Territories

LARGEST: Final = 10
"""How many of its communes are named, the most populated first."""


@dataclass(frozen=True, slots=True)
class Composition:
    """`belongs_to`: EPCI, départements, région. `communes`: INSEE codes. `largest`: its most populated communes.

    `epci` are those that lie in it at least in part; `departements` those of a région.
    """

    belongs_to: tuple[Territory, ...]
    communes: tuple[str, ...]
    largest: tuple[Territory, ...]
    epci: tuple[Territory, ...]
    departements: tuple[Territory, ...]
    share_of_largest: float | None


def composition(territories: Territories, territory: Territory) -> Composition:
    """Return what an official territory is made of."""
    if territory.kind is ApplicantKind.COMMUNE:
        return Composition(_around(territories, territory), (territory.code,), (), (), (), None)
    communes = territories.communes_in(territory)
    share = None
    if communes and communes[0].population and territory.population:
        share = min(communes[0].population / territory.population, 1.0)
    inside: tuple[Territory, ...] = ()
    if territory.kind is not ApplicantKind.EPCI:
        held = set(territory.departements)
        inside = tuple(one for one in territories.all_of(ApplicantKind.EPCI) if held & set(one.departements))
    return Composition(
        belongs_to=_around(territories, territory),
        communes=tuple(one.code for one in communes),
        largest=communes[:LARGEST],
        epci=inside,
        departements=_departements(territories, territory) if territory.kind is ApplicantKind.REGION else (),
        share_of_largest=share,
    )


def _around(territories: Territories, territory: Territory) -> tuple[Territory, ...]:
    if territory.kind is ApplicantKind.REGION:
        return ()
    epci = territories.find(ApplicantKind.EPCI, territory.epci) if territory.epci else None
    departements = () if territory.kind is ApplicantKind.DEPARTEMENT else _departements(territories, territory)
    region = territories.find(ApplicantKind.REGION, territory.region) if territory.region else None
    return tuple(one for one in (epci, *departements, region) if one)


def _departements(territories: Territories, territory: Territory) -> tuple[Territory, ...]:
    found = (territories.find(ApplicantKind.DEPARTEMENT, code) for code in territory.departements)
    return tuple(one for one in found if one)
