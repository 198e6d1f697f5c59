"""Disclosure control of the public figures: rounding and suppression of small groups (ADR 44).

Counts are rounded down: a published number says "at least". Tables of the same requests are compared with each other,
and with those of earlier snapshots, so that together they leave at least `LEFT` possible values for each small count.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final

FEWEST: Final = 5
"""A smaller group could identify somebody."""

STEP: Final = 5
"""Kinds, outcomes and départements are rounded down to a multiple of this."""

WIDE_STEP: Final = 10
"""The total, months and régions are rounded down to a multiple of this."""

LEFT: Final = 3
"""So many values remain possible for a small count, whichever snapshots are compared."""

DIGITS: Final = 2
"""Sums of money are given with so many significant digits."""

LARGEST_SHARE: Final = 0.5
"""No applicant may account for more than this part of what changes a published sum of money."""

NOTE: Final = (
    f"Les nombres de demandes sont arrondis au multiple de {STEP} inférieur\u00a0; le total, les mois et les régions, "
    f"à celui de {WIDE_STEP}. Ce qui est trop petit pour cela n’est pas publié, et zéro ne s’en distingue pas\u00a0: "
    "un petit groupe pourrait désigner une collectivité. Un tableau peut en dire un peu moins, pour qu’aucune "
    "soustraction entre territoires, tableaux ou dates ne révèle un petit groupe\u00a0; les lignes ne s’additionnent "
    "donc pas exactement. Les parts divisent des nombres arrondis. Par territoire, seul le nombre de demandes est "
    "publié, pour les régions et les départements. Montants et avis portent sur toute la France, et ne changent "
    f"qu’avec ceux d’au moins {FEWEST} collectivités, dont aucune ne fait plus de la moitié."
)
"""The rules, for readers."""

Counts = dict[str, int | None]
"""Numbers as programs read them: None is zero or too few."""


class Rhythm(StrEnum):
    """How often figures are published."""

    MONTH = "month"
    WEEK = "week"
    DAY = "day"
    MOMENT = "moment"


@dataclass(frozen=True, slots=True)
class Exact:
    """Numbers of requests at one moment, not to be published; each table counts every request once."""

    kinds: Mapping[str, int]
    months: Mapping[str, int]
    outcomes: Mapping[str, int]
    departements: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class Tables:
    """Numbers of requests as they are published; 0 is zero or too few."""

    total: int
    kinds: Mapping[str, int]
    months: Mapping[str, int]
    outcomes: Mapping[str, int]
    departements: Mapping[str, int]
    regions: Mapping[str, int]


def publish(exact: Exact, region_of: Mapping[str, str], earlier: Sequence[Tables] = ()) -> Tables:
    """Return the tables to publish after the earlier ones; `region_of` names the région of each département.

    Where the difference with an earlier snapshot would say too much, these are the tables published last.
    """
    drawing = _Drawing(exact, region_of)
    if earlier:
        drawing.close_months(earlier[-1].months)
    drawing.draw()
    if earlier and (drawing.stuck or any(drawing.reveals(before) for before in earlier)):
        return earlier[-1]
    return drawing.tables


def round_down(count: int, step: int) -> int:
    """Return the largest multiple of the step that is not more than the count."""
    return count - count % step


def published(counts: Mapping[str, int]) -> Counts:
    """Return what programs read: None for what is zero or too small to be published."""
    return {name: count or None for name, count in counts.items()}


def rounded_cents(cents: int) -> int:
    """Return a sum of money, rounded down to its first digits."""
    return round_down(cents, 10 ** max(len(str(cents)) - DIGITS, 0))


def is_group(changes: Mapping[str, int]) -> bool:
    """Return whether a published sum may change by these parts, given by applicant: enough, and none that dominates."""
    sizes = [abs(change) for change in changes.values() if change]
    return len(sizes) >= FEWEST and max(sizes) <= LARGEST_SHARE * sum(sizes)


@dataclass(slots=True)
class _Parts:
    """The parts of a whole: what is published of each, and the most that a reader must allow for it."""

    shown: dict[str, int]
    most: dict[str, int]
    step: int
    small: set[str]
    """Those that nobody may learn more of than what is published."""
    fixed: set[str] = field(default_factory=set)
    """Those that were published for good."""

    @classmethod
    def rounded(cls, counts: Mapping[str, int], step: int) -> "_Parts":
        """Round counts down; those of zero are given no room, so that who knows of them learns no more."""
        shown = {name: round_down(count, step) for name, count in counts.items()}
        most = {name: shown[name] + (step - 1 if count else 0) for name, count in counts.items()}
        return cls(shown, most, step, {name for name, count in counts.items() if count < FEWEST})

    @property
    def limit(self) -> int:
        """The most that may be known of the whole: each small part may still be none, and a growth has some room."""
        room = max((self.most[name] for name in self.small), default=0)
        return max(0, sum(self.most.values()) - max(room, STEP - 1))

    def lower(self) -> bool:
        """Publish one step less of the largest part that is not fixed; return whether there is one."""
        name = max(self.shown.keys() - self.fixed, key=lambda one: (self.shown[one], one), default=None)
        if name is None or not self.shown[name]:
            return False
        self.shown[name] -= self.step
        return True

    def least_growth(self, before: Mapping[str, int]) -> int:
        """The least by which the whole has grown since other numbers were published."""
        return sum(max(0, count - before.get(name, 0) - self.step + 1) for name, count in self.shown.items())


class _Drawing:
    """The tables of one snapshot, while they are made."""

    def __init__(self, exact: Exact, region_of: Mapping[str, str]) -> None:
        self._members: dict[str, list[str]] = defaultdict(list)
        for code, count in exact.departements.items():
            if count:
                self._members[region_of.get(code, code)].append(code)
        self._departements = {
            region: _Parts.rounded({code: exact.departements[code] for code in codes}, STEP)
            for region, codes in self._members.items()
        }
        of_region = {region: sum(exact.departements[code] for code in codes) for region, codes in self._members.items()}
        self._of_region = {region: round_down(count, WIDE_STEP) for region, count in of_region.items()}
        self._regions = _Parts.rounded(of_region, WIDE_STEP)
        self._total = round_down(sum(exact.departements.values()), WIDE_STEP)
        self._kinds = _Parts.rounded(exact.kinds, STEP)
        self._months = _Parts.rounded(exact.months, WIDE_STEP)
        self._outcomes = _Parts.rounded(exact.outcomes, STEP)
        self.stuck = False
        """Whether what was published for good would say too much of what is new."""

    @property
    def tables(self) -> Tables:
        """What is drawn."""
        return Tables(
            total=self._total,
            kinds=self._kinds.shown,
            months=self._months.shown,
            outcomes=self._outcomes.shown,
            departements={code: n for parts in self._departements.values() for code, n in parts.shown.items()},
            regions=self._regions.shown,
        )

    def draw(self) -> None:
        """Add up, and lower what one table says of another, until each small part may be none."""
        wholes = (self._kinds, self._months, self._outcomes)
        while True:
            self._add_up_regions()
            limit = min(parts.limit for parts in (*wholes, self._regions))
            excessive = [parts for parts in wholes if sum(parts.shown.values()) > limit]
            for parts in excessive:
                self.stuck |= not parts.lower()
            if self.stuck or (not excessive and sum(self._regions.shown.values()) <= limit):
                break
            if not excessive:
                self._lower_region()
        sums = (sum(parts.shown.values()) for parts in (*wholes, self._regions))
        self._total = max(min(self._total, round_down(limit, WIDE_STEP)), *sums)

    def close_months(self, before: Mapping[str, int]) -> None:
        """Publish of each month what was published when it was over: it has not changed since."""
        over = {month: count for month, count in before.items() if month in self._months.most and month != max(before)}
        self._months.shown |= over
        self._months.fixed |= set(over)

    def reveals(self, before: Tables) -> bool:
        """Return whether the growth since an earlier snapshot says too much of a part of the whole, or of a région."""
        of_regions = {
            region: max(
                parts.least_growth(before.departements),
                self._regions.shown[region] - before.regions.get(region, 0) - WIDE_STEP + 1,
            )
            for region, parts in self._departements.items()
        }
        least = max(
            sum(of_regions.values()), self._kinds.least_growth(before.kinds), self._months.least_growth(before.months)
        )
        tables = (self._kinds, self._months, self._outcomes, self._regions)
        most = min(_most(self._total, WIDE_STEP), *(sum(parts.most.values()) for parts in tables))
        growths = [(least, before.total, self._total, most)] + [
            (of_regions[region], before.regions.get(region, 0), shown, self._regions.most[region])
            for region, shown in self._regions.shown.items()
        ]
        return any(least > 0 and then <= now and most - then - least < LEFT - 1 for least, then, now, most in growths)

    def _add_up_regions(self) -> None:
        """A région is no less than its départements together, and no more than leaves each of them its room."""
        for region, parts in self._departements.items():
            least = sum(parts.shown.values())
            shown = max(min(self._of_region[region], round_down(parts.limit, WIDE_STEP)), least)
            self._regions.shown[region] = shown
            self._regions.most[region] = min(_most(shown, WIDE_STEP), sum(parts.most.values()))

    def _lower_region(self) -> None:
        region = max(self._regions.shown, key=lambda name: self._regions.shown[name])
        if self._of_region[region] > sum(self._departements[region].shown.values()):
            self._of_region[region] -= WIDE_STEP
        else:
            self._departements[region].lower()


def _most(shown: int, step: int) -> int:
    """Return the most that a number can be of which so much is published, at its own step or a finer one."""
    return round_down(shown, step) + step - 1
