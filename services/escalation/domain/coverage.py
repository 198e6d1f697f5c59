"""Territories that a programme covers: import of a list, and the changes that it makes in each département."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final

from shared.contracts.escalation import CoveredTerritory
from shared.contracts.vocabulary import ApplicantKind
from shared.errors import FieldError
from shared.tables import Line, Reported, Result, refused

Key = tuple[ApplicantKind, str]


@dataclass(frozen=True, slots=True)
class Covered:
    """A territory that a programme covers, with the départements that it lies in."""

    territory: CoveredTerritory
    departements: tuple[str, ...]

    @property
    def shown(self) -> str:
        """Code and name, for people."""
        return f"{self.territory.code} {self.territory.name}"

    @property
    def key(self) -> Key:
        """Kind and code, which name the territory."""
        return self.territory.kind, self.territory.code


TWICE: Final = "Ce territoire figure déjà à la ligne {line}."


def bring_in(
    before: Mapping[Key, Covered], lines: Iterable[Line[Covered]], *, replace: bool
) -> tuple[dict[Key, Covered], list[Reported]]:
    """Return the coverage after a list was brought in, and the report line by line.

    With `replace` the list is the whole coverage, unless a line was refused: then nothing is taken away.
    """
    listed: dict[Key, Covered] = {}
    first: dict[Key, int] = {}
    report = []
    for line in lines:
        covered = line.item
        if covered is None:
            report.append(refused(line))
        elif covered.key in listed:
            twice = FieldError("code", TWICE.format(line=first[covered.key]))
            report.append(Reported(line.number, covered.shown, Result.REFUSED, (twice,)))
        else:
            known = before.get(covered.key)
            listed[covered.key], first[covered.key] = covered, line.number
            same = Result.UNCHANGED if known == covered else Result.CHANGED
            report.append(Reported(line.number, covered.shown, same if known else Result.ADDED))
    whole = replace and all(line.result is not Result.REFUSED for line in report)
    return (listed if whole else {**before, **listed}), report


def changed_departements(
    before: Mapping[Key, Covered], after: Mapping[Key, Covered]
) -> dict[str, tuple[CoveredTerritory, ...]]:
    """Give, for each département whose list changed, its new list, by kind and code."""
    was, becomes = _by_departement(before.values()), _by_departement(after.values())
    return {
        departement: becomes.get(departement, ())
        for departement in sorted({*was, *becomes})
        if was.get(departement, ()) != becomes.get(departement, ())
    }


def _by_departement(coverage: Iterable[Covered]) -> dict[str, tuple[CoveredTerritory, ...]]:
    lists: dict[str, list[CoveredTerritory]] = defaultdict(list)
    for one in sorted(coverage, key=lambda one: one.key):
        for departement in one.departements:
            lists[departement].append(one.territory)
    return {departement: tuple(names) for departement, names in lists.items()}
