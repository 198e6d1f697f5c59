"""Attack on the published figures: linear programming over every table that could be true (HiGHS)."""

import math
from collections.abc import Iterator, Mapping, Sequence

import highspy

from services.intake.domain.disclosure import FEWEST, STEP, WIDE_STEP, Exact, Tables, round_down

Terms = Sequence[tuple[int, float]]
Cell = tuple[str, str]

STEPS = {"kinds": STEP, "months": WIDE_STEP, "outcomes": STEP, "departements": STEP}
LASTING = {"kinds", "departements"}
"""Nobody leaves these groups."""


class Program:
    """Unknown numbers, and what is known of them."""

    def __init__(self) -> None:
        self._solver = highspy.Highs()  # type: ignore[no-untyped-call]  # the rest of it is typed
        for option, value in (("output_flag", False), ("threads", 1), ("presolve", "off")):
            self._solver.setOptionValue(option, value)
        self._unknowns = 0

    def unknown(self, least: float, most: float) -> int:
        """Add a number that lies between two bounds."""
        self._solver.addVar(least, most)
        self._unknowns += 1
        return self._unknowns - 1

    def bound(self, terms: Terms, least: float, most: float) -> None:
        """Say between what a sum lies."""
        places, factors = [place for place, _ in terms], [factor for _, factor in terms]
        self._solver.addRow(least, most, len(terms), places, factors)

    def possible(self, terms: Terms) -> tuple[float, float]:
        """Return the least and the most whole number that a sum can still be."""
        for place, factor in terms:
            self._solver.changeColCost(place, factor)
        least = self._best(highspy.ObjSense.kMinimize)
        most = self._best(highspy.ObjSense.kMaximize)
        for place, _ in terms:
            self._solver.changeColCost(place, 0.0)
        return math.ceil(least - 1e-6), most if math.isinf(most) else math.floor(most + 1e-6)

    def _best(self, sense: highspy.ObjSense) -> float:
        self._solver.changeObjectiveSense(sense)
        self._solver.run()
        status = self._solver.getModelStatus()
        if status == highspy.HighsModelStatus.kOptimal:
            return float(self._solver.getInfo().objective_function_value)
        assert status == highspy.HighsModelStatus.kUnbounded, status
        return math.inf if sense == highspy.ObjSense.kMaximize else -math.inf


class Attacker:
    """Knows the rules, every snapshot, and that requests neither leave nor move; perhaps also who takes part at all.

    They even know which numbers were published lower than they round to.
    """

    def __init__(
        self, truth: Sequence[Exact], read: Sequence[Tables], regions: Mapping[str, Sequence[str]], *, insider: bool
    ) -> None:
        self._truth = truth
        self._insider = insider
        self._program = Program()
        self._moments = [self._read(exact, tables, regions) for exact, tables in zip(truth, read, strict=True)]
        for before, after in zip(self._moments, self._moments[1:], strict=False):
            self._compare(before, after)

    def small_groups(self) -> Iterator[tuple[str, int, float, float]]:
        """Find, for each count below five and each growth below five: what it is, its size, what it could be."""
        for moment, cells in enumerate(self._moments):
            for (table, name), place in cells.items():
                count = getattr(self._truth[moment], table)[name]
                if self._is_known(table, name, count, moment):
                    continue
                if count < FEWEST:
                    yield f"{table} {name} at {moment}", count, *self._program.possible([(place, 1.0)])
                if moment and table in LASTING:
                    growth = count - getattr(self._truth[moment - 1], table)[name]
                    if growth < FEWEST:
                        terms = [(place, 1.0), (self._moments[moment - 1][table, name], -1.0)]
                        yield f"growth of {table} {name} to {moment}", growth, *self._program.possible(terms)

    def _is_known(self, table: str, name: str, count: int, moment: int) -> bool:
        """An insider knows that nobody takes part; everybody, that a month that has just begun is empty."""
        if table == "months":
            return not count and name == max(self._truth[moment].months)
        return not count and self._insider

    def _read(self, exact: Exact, tables: Tables, regions: Mapping[str, Sequence[str]]) -> dict[Cell, int]:
        whole = self._program.unknown(tables.total, _most(tables.total, WIDE_STEP, sum(exact.kinds.values())))
        cells: dict[Cell, int] = {}
        for table, step in STEPS.items():
            for name, count in getattr(exact, table).items():
                shown = getattr(tables, table).get(name, 0)
                known = not count and (name == max(exact.months) if table == "months" else self._insider)
                cells[table, name] = self._program.unknown(shown, 0 if known else _most(shown, step, count))
            parts = [(place, 1.0) for (of, _), place in cells.items() if of == table]
            self._program.bound([*parts, (whole, -1.0)], 0, 0)
        for region, codes in regions.items():
            shown, count = tables.regions.get(region, 0), sum(exact.departements[code] for code in codes)
            terms = [(cells["departements", code], 1.0) for code in codes]
            self._program.bound(terms, shown, _most(shown, WIDE_STEP, count))
        return cells

    def _compare(self, before: Mapping[Cell, int], after: Mapping[Cell, int]) -> None:
        current = max(name for table, name in before if table == "months")
        for (table, name), place in after.items():
            earlier = before.get((table, name))
            if earlier is None:
                continue
            change = [(place, 1.0), (earlier, -1.0)]
            if table in LASTING:
                self._program.bound(change, 0, highspy.kHighsInf)
            elif table == "months" and name != current:
                self._program.bound(change, 0, 0)


def _most(shown: int, step: int, count: int) -> float:
    """What is published as this much is less than the next step, unless it was lowered."""
    most = round_down(shown, step) + step - 1
    return most if count <= most else highspy.kHighsInf
