"""Tile map of the départements: tiles of one size on a grid, shaded by a count.

The layout keeps neighbours together where possible; overseas départements are in the two columns at the left.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

_ROWS: Final = """
..  ..  ..  ..  ..  ..  62  59  ..  ..  ..  ..  ..
..  ..  ..  ..  ..  76  80  02  ..  ..  ..  ..  ..
..  ..  ..  14  27  95  60  93  08  ..  57  ..  ..
..  ..  50  61  78  92  75  94  51  55  54  67  ..
29  22  35  53  72  28  91  77  10  52  88  68  ..
..  56  44  49  37  41  45  58  89  21  70  90  ..
..  ..  85  79  86  36  18  03  71  39  25  ..  ..
..  ..  ..  ..  16  87  23  63  69  01  74  ..  ..
971 975 ..  17  24  19  15  43  42  38  73  ..  ..
972 977 ..  33  47  46  12  48  07  26  05  ..  ..
973 978 ..  40  32  82  81  34  30  84  04  06  ..
974 986 ..  64  65  31  09  11  ..  13  83  ..  2B
976 987 988 ..  ..  ..  66  ..  ..  ..  ..  ..  2A
"""

PLACES: Final[Mapping[str, tuple[int, int]]] = {
    code: (column, row)
    for row, line in enumerate(_ROWS.split("\n")[1:-1])
    for column, code in enumerate(line.split())
    if code != ".."
}
"""Code of a département → its column and row."""

COLUMNS: Final = 13
ROWS: Final = 13
SHADES: Final = 4
"""Number of shades, from small to large; zero has none."""


@dataclass(frozen=True, slots=True)
class Tile:
    """One département: its place, its figure in words, and how dark it is (0 none, `SHADES` the most, None hidden)."""

    code: str
    name: str
    column: int
    row: int
    text: str
    shade: int | None


@dataclass(frozen=True, slots=True)
class TileMap:
    """The tiles of a map, and the least count of each shade."""

    tiles: tuple[Tile, ...]
    begins: tuple[int, ...]


def tile_map(names: Mapping[str, str], counts: Mapping[str, int | None], *, hidden: str) -> TileMap:
    """Return the map of counts by département; None is shown as `hidden`, a missing one counts as zero."""
    begins = _begins([count for count in counts.values() if count])
    tiles = []
    for code, (column, row) in PLACES.items():
        count = counts.get(code, 0)
        shade = None if count is None else sum(count >= least for least in begins)
        text = hidden if count is None else str(count)
        tiles.append(Tile(code, names.get(code, code), column, row, text, shade))
    return TileMap(tuple(tiles), begins)


def _begins(counts: list[int]) -> tuple[int, ...]:
    """Return the least count of each shade: quantiles of the distinct counts, so that each shade is used."""
    different = sorted(set(counts))
    shades = min(SHADES, len(different))
    return tuple(different[len(different) * at // shades] for at in range(shades))
