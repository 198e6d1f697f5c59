"""Sankey diagrams: compute the layout of a flow in columns, which the macro `sankey` draws as SVG."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

WIDTH: Final = 720
HEIGHT: Final = 300
GAP: Final = 34
"""Pixels between two boxes of a column, for the label above each."""
BOX: Final = 14
TOP: Final = 22

OUTCOMES: Final[Mapping[str, str]] = {
    "local": "Réponse locale",
    "programme": "Programme national",
    "national_granted": "Accompagnement accordé",
    "national_refused": "Refus du comité",
    "national_pending": "En cours au national",
    "departement_refused": "Refus du département",
    "withdrawn": "Retirée",
    "departement_pending": "En cours au département",
}
"""Outcome of a request → its French label, in drawing order."""


@dataclass(frozen=True, slots=True)
class Branch:
    """A node of the tree of counts, and the parts into which it is divided."""

    label: str
    value: int
    parts: tuple["Branch", ...] = ()


@dataclass(frozen=True, slots=True)
class Box:
    """A branch in the diagram: a bar with its label."""

    label: str
    value: int
    x: float
    y: float
    height: float
    at_end: bool


@dataclass(frozen=True, slots=True)
class Ribbon:
    """A flow from one box to another, as a path."""

    path: str
    source: str
    target: str
    value: int


@dataclass(frozen=True, slots=True)
class Sankey:
    """All boxes and ribbons of a drawing that is `height` tall and `WIDTH` wide."""

    boxes: tuple[Box, ...]
    ribbons: tuple[Ribbon, ...]
    height: float
    width: int = WIDTH


@dataclass(slots=True)
class _Drawing:
    scale: float
    columns: int
    boxes: list[Box] = field(default_factory=list)
    ribbons: list[Ribbon] = field(default_factory=list)
    below: dict[int, float] = field(default_factory=dict)
    """For each column, the first free y."""

    def place(self, branch: Branch, column: int, at_least: float) -> Box:
        x = column * (WIDTH - BOX) / max(self.columns - 1, 1)
        y = max(self.below.get(column, TOP), at_least)
        height = max(branch.value * self.scale, 2)
        box = Box(branch.label, branch.value, round(x, 1), round(y, 1), round(height, 1), column == self.columns - 1)
        self.boxes.append(box)
        self.below[column] = y + height + GAP
        leaves = y
        for part in branch.parts:
            if part.value <= 0:
                continue
            reached = self.place(part, column + 1, y)
            self.ribbons.append(_ribbon(box, reached, leaves, part.value * self.scale))
            leaves += part.value * self.scale
        return box


def sankey(whole: Branch) -> Sankey | None:
    """Return the diagram of a tree, left to right; None when its value is zero."""
    if whole.value <= 0:
        return None
    columns = _depth(whole)
    drawing = _Drawing(scale=HEIGHT / whole.value, columns=columns)
    drawing.place(whole, 0, TOP)
    return Sankey(tuple(drawing.boxes), tuple(drawing.ribbons), round(max(drawing.below.values()) - GAP + 8, 1))


def sankey_rows(whole: Branch) -> list[tuple[str, str, int]]:
    """Return the table equivalent of the diagram: source, target, count."""
    rows: list[tuple[str, str, int]] = []
    for part in whole.parts:
        if not part.value:
            continue
        rows.append((whole.label, part.label, part.value))
        rows.extend(sankey_rows(part))
    return rows


def outcome_branches(outcomes: Mapping[str, int | None]) -> Branch:
    """Return the tree of requests by outcome (`OUTCOMES`); an outcome without a count is left out."""

    def leaf(outcome: str) -> Branch:
        return Branch(OUTCOMES[outcome], outcomes.get(outcome) or 0)

    national = tuple(leaf(outcome) for outcome in OUTCOMES if outcome.startswith("national_"))
    parts = [leaf(outcome) for outcome in OUTCOMES if not outcome.startswith("national_")]
    parts.insert(2, Branch("Équipe nationale", sum(part.value for part in national), national))
    shown = tuple(part for part in parts if part.value)
    return Branch("Demandes", sum(part.value for part in shown), shown)


def _depth(branch: Branch) -> int:
    return 1 + max((_depth(part) for part in branch.parts), default=0)


def _ribbon(source: Box, target: Box, leaves: float, thickness: float) -> Ribbon:
    left, right = source.x + BOX, target.x
    middle = (left + right) / 2
    thick = max(thickness, 1)
    points: Sequence[float] = (left, leaves, middle, right, target.y, leaves + thick, target.y + thick)
    x0, y0, xm, x1, y1, y0b, y1b = (round(point, 1) for point in points)
    path = f"M{x0} {y0}C{xm} {y0} {xm} {y1} {x1} {y1}V{y1b}C{xm} {y1b} {xm} {y0b} {x0} {y0b}Z"
    return Ribbon(path, source.label, target.label, target.value)
