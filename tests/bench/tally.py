"""Store the measurements of a run, one line each, so that an interrupted run can continue."""

import json
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

Figures = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Line:
    """One measurement: which part, who or what, under which conditions, for the how manieth time."""

    part: str
    what: str
    mode: str
    round: int
    figures: Figures
    load: float
    """The machine's load average when it began: what others did beside it."""
    at: str
    commit: str

    @property
    def key(self) -> tuple[str, str, str, int]:
        """What makes it the same measurement."""
        return self.part, self.what, self.mode, self.round


class Tally:
    """The lines of one file."""

    def __init__(self, file: Path) -> None:
        self._file = file
        written = [Line(**json.loads(one)) for one in file.read_text().splitlines()] if file.exists() else []
        self._lines = {line.key: line for line in written}

    @property
    def lines(self) -> list[Line]:
        """Give the measurements; of one that was tried again, the last."""
        return list(self._lines.values())

    def has(self, part: str, what: str, mode: str, number: int) -> bool:
        """Tell whether it was measured before; what failed was not."""
        line = self._lines.get((part, what, mode, number))
        return line is not None and "failed" not in line.figures

    def write(self, line: Line) -> None:
        """Add a measurement."""
        self._lines[line.key] = line
        self._file.parent.mkdir(parents=True, exist_ok=True)
        with self._file.open("a", encoding="utf-8") as book:
            book.write(json.dumps(asdict(line), ensure_ascii=False) + "\n")

    def all(self, part: str, what: str, mode: str) -> list[Figures]:
        """Give the figures of all rounds."""
        return [line.figures for line in self.lines if (line.part, line.what, line.mode) == (part, what, mode)]

    def good(self, part: str, what: str, mode: str) -> list[Figures]:
        """Give the figures of the rounds that did not fail."""
        return [one for one in self.all(part, what, mode) if "failed" not in one]

    def sizes(self, part: str) -> list[str]:
        """Give the modes that are numbers, in their order."""
        return sorted({line.mode for line in self.lines if line.part == part and line.mode.isdigit()}, key=int)

    def by_what(self, part: str, mode: str) -> dict[str, list[Figures]]:
        """Give the figures of all rounds of a mode, by who it was."""
        found: defaultdict[str, list[Figures]] = defaultdict(list)
        for line in self.lines:
            if (line.part, line.mode) == (part, mode):
                found[line.what].append(line.figures)
        return dict(found)


def ratios(ours: Iterable[Figures], theirs: Iterable[Figures], figure: str) -> list[float]:
    """Give ours as a multiple of theirs, round by round: rounds of both stood side by side."""
    return [
        one[figure] / other[figure]
        for one, other in zip(ours, theirs, strict=False)
        if one.get(figure) is not None and other.get(figure)
    ]
