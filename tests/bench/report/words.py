"""Format the figures of the report."""

import re
from collections.abc import Iterable, Sequence
from pathlib import Path
from statistics import median

from tests.bench.tally import Figures

NOT_MEASURED = "not measured"


def prose(name: str) -> str:
    """Give a text of the report."""
    return Path(__file__).with_name("prose").joinpath(f"{name}.md").read_text(encoding="utf-8")


def spread(values: Sequence[float], digits: int = 0) -> str:
    """Give the median, and the span where there was more than one."""
    if not values:
        return NOT_MEASURED
    middle = _number(median(values), digits)
    if len(values) == 1:
        return middle
    return f"{middle} ({_number(min(values), digits)}–{_number(max(values), digits)})"


def figure(found: Sequence[Figures], name: str, digits: int = 0) -> str:
    """Give one figure of all rounds."""
    return spread([one[name] for one in found], digits)


def way(found: Sequence[Figures]) -> str:
    """Give how long events took: median; 99th of 100."""
    return f"{figure(found, 'median_ms', 1)}; {figure(found, 'p99_ms', 1)}" if found else NOT_MEASURED


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Give a table in Markdown."""
    return "\n".join(f"| {' | '.join(row)} |" for row in (head, ["---"] * len(head), *rows)) + "\n"


def grouped(text: str) -> str:
    """Give a text with its long numbers in groups of three digits."""
    return re.sub(r"\d{5,}", lambda found: _number(int(found[0]), 0), text)


def size(value: float) -> str:
    """Give bytes in a unit that can be read."""
    for unit in ("B", "kB", "MB"):
        if value < 1000:
            return f"{value:.3g} {unit}"
        value /= 1000
    return f"{value:.3g} GB"


def share(value: float) -> str:
    """Give a part of a whole."""
    return f"{100 * value:.1f} %"


def _number(value: float, digits: int) -> str:
    return f"{value:,.{digits}f}".replace(",", "\u202f")
