"""Lookup of official territories: by code, by typed text, and for an applicant."""

from collections import defaultdict
from collections.abc import Iterable
from pathlib import Path
from typing import Self

from shared.calendar import time_zone
from shared.contracts.vocabulary import ApplicantKind
from shared.territory.identification import Identified, identify, official
from shared.territory.index import Index, fold
from shared.territory.model import Departement, Territory
from shared.territory.similarity import larger_than
from shared.territory.source import Official, default_folder, read

__all__ = ["Identified", "Territories"]

_ORDER = {kind: place for place, kind in enumerate(ApplicantKind)}


class Territories:
    """All official territories of one vintage; immutable, to be built once per process."""

    def __init__(self, official: Official) -> None:
        self.source = official.source
        self._by_code = {(territory.kind, territory.code): territory for territory in official.territories}
        self._former = {
            former.code: former.current
            for former in official.former
            if (ApplicantKind.COMMUNE, former.code) not in self._by_code
        }
        self._by_siren = {
            territory.siren: territory
            for territory in official.territories
            if territory.kind is ApplicantKind.COMMUNE and territory.siren
        }
        self._best_first = sorted(official.territories, key=_rank)
        self._by_postal_code = _by_postal_code(self._best_first)
        self._of_old: dict[str, list[str]] = defaultdict(list)
        for former in official.former:
            self._of_old[former.current].extend(filter(None, (former.name, former.code)))
        self._indexes: dict[tuple[ApplicantKind | None, str | None], Index] = {}
        self._within: dict[tuple[str | None, ApplicantKind], list[Territory]] = defaultdict(list)
        self._of_kind = {
            kind: tuple(territory for territory in self._best_first if territory.kind is kind) for kind in ApplicantKind
        }
        self._departements = tuple(
            Departement(territory.code, territory.name, territory.region, time_zone(territory.code))
            for territory in sorted(self._of_kind[ApplicantKind.DEPARTEMENT], key=lambda territory: territory.code)
        )
        self._communes: dict[tuple[ApplicantKind, str], list[Territory]] = {}

    @classmethod
    def load(cls, folder: Path | None = None, *, searchable: bool = True) -> Self:
        """Read the lists from `folder`, else from where `COUSU_TERRITORIES` or npm put them.

        A process that only looks up codes saves half of the time and memory with `searchable=False`; its first search
        then pays for it. Refuses with `TerritoriesUnreadable`, whose sentence says what to run.
        """
        territories = cls(read(folder or default_folder()))
        if searchable:
            territories._index(None, None)
        return territories

    def __len__(self) -> int:
        """Count all territories of all kinds."""
        return len(self._by_code)

    def find(self, kind: ApplicantKind | str, code: str) -> Territory | None:
        """Return the territory of this kind with this code (case and spaces do not matter), or None.

        Refuses with ValueError a kind that is none.
        """
        return self._by_code.get((ApplicantKind(kind), _tidy(code)))

    def official(self, kind: ApplicantKind, code: str) -> Territory:
        """Return the official territory of this kind and code; refuses (`Invalid`) with what the code is instead."""
        return official(self, kind, code)

    def search(
        self,
        q: str,
        kind: ApplicantKind | str | None = None,
        departement: str | None = None,
        limit: int = 20,
    ) -> tuple[Territory, ...]:
        """Return at most `limit` territories that match what was typed, best first.

        Matches names (whole, then their beginning, then the beginning of words in any order), former names of merged
        communes, INSEE codes, SIREN and postal codes. Among equals the most populated comes first. An empty text finds
        nothing. `departement` restricts to what lies there, at least in part.
        """
        kind = ApplicantKind(kind) if kind else None
        if departement:
            departement = _tidy(departement)
            if (ApplicantKind.DEPARTEMENT, departement) not in self._by_code:
                return ()
            return self._index(None, departement).search(q, limit, kind)
        if kind is None or kind is ApplicantKind.COMMUNE:  # nearly all are communes: one index does for both
            return self._index(None, None).search(q, limit, kind)
        return self._index(kind, None).search(q, limit)

    def all_of(self, kind: ApplicantKind) -> tuple[Territory, ...]:
        """Return all territories of a kind, the most populated first."""
        return self._of_kind[kind]

    def communes_in(self, territory: Territory) -> tuple[Territory, ...]:
        """Return the communes of an EPCI, a département or a région, the most populated first."""
        if not self._communes:
            communes = defaultdict(list)
            for commune in self._of_kind[ApplicantKind.COMMUNE]:
                for larger in larger_than(commune):
                    communes[larger].append(commune)
            self._communes = communes  # whole at once: several threads may ask
        return tuple(self._communes.get((territory.kind, territory.code), ()))

    def communes_of(self, epci: str) -> tuple[Territory, ...]:
        """Return the member communes of an EPCI, in the order of the official list; none if it is no EPCI's code."""
        found = self.find(ApplicantKind.EPCI, epci)
        return tuple(self._by_code[ApplicantKind.COMMUNE, code] for code in found.communes) if found else ()

    def within(self, departement: str, kind: ApplicantKind | str) -> tuple[Territory, ...]:
        """Return the territories of this kind that this département is in charge of, by code."""
        if not self._within:
            for territory in sorted(self._best_first, key=lambda one: one.code):
                self._within[territory.departement, territory.kind].append(territory)
        return tuple(self._within.get((_tidy(departement), ApplicantKind(kind)), ()))

    def departements(self) -> tuple[Departement, ...]:
        """Return all départements and overseas collectivités, by code."""
        return self._departements

    def regions(self) -> tuple[Territory, ...]:
        """Return all régions, by name."""
        return tuple(sorted(self.all_of(ApplicantKind.REGION), key=lambda one: fold(one.name)))

    def bearing(self, code: str) -> tuple[Territory, ...]:
        """Return every territory that has this code, whatever its kind; a commune also by its SIREN."""
        tidy = _tidy(code)
        found = [self._by_code.get((kind, tidy)) for kind in ApplicantKind]
        return tuple(territory for territory in (*found, self._by_siren.get(tidy)) if territory)

    def with_postal_code(self, postal_code: str) -> tuple[Territory, ...]:
        """Return the communes that have this postal code, the most populated first."""
        return tuple(self._by_postal_code.get(_tidy(postal_code), ()))

    def successor(self, code: str) -> Territory | None:
        """Return the commune of today that took in a merged commune or municipal arrondissement, by its old code."""
        current = self._former.get(_tidy(code))
        return self._by_code[ApplicantKind.COMMUNE, current] if current else None

    def identify(
        self,
        kind: ApplicantKind | str,
        code: str | None,
        communes: Iterable[str] = (),
        lead_departement: str | None = None,
        name: str | None = None,
    ) -> Identified:
        """Return which territory asks and which département is in charge; refuses with `Invalid`, field by field.

        Fields named: `applicant.kind`, `applicant.code`, `applicant.name`, `applicant.communes`, `lead_departement`.
        `name` and `communes` count for a priority territory only; the official lists know those of all others.
        """
        return identify(self, kind, code, communes=communes, lead_departement=lead_departement, name=name)

    def _index(self, kind: ApplicantKind | None, departement: str | None) -> Index:
        """Return the index of one kind or one département; built at its first use, since few are ever used."""
        key = (kind, departement)
        if key not in self._indexes:
            members = [
                territory
                for territory in self._best_first
                if (kind is None or territory.kind is kind)
                and (departement is None or departement in territory.departements)
            ]
            self._indexes[key] = Index(members, self._of_old)
        return self._indexes[key]


def _tidy(code: str) -> str:
    return "".join(code.split()).upper()


def _rank(territory: Territory) -> tuple[int, int, str, str]:
    return -(territory.population or 0), _ORDER[territory.kind], territory.name, territory.code


def _by_postal_code(best_first: Iterable[Territory]) -> dict[str, list[Territory]]:
    communes: dict[str, list[Territory]] = defaultdict(list)
    for territory in best_first:
        for postal_code in territory.postal_codes:
            communes[postal_code].append(territory)
    return dict(communes)
