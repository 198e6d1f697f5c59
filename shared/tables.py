"""CSV import of tables: reading the cells, and the result of each line."""

import csv
import io
import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from typing import Final, Generic, TypeVar
from uuid import UUID

from shared.errors import FieldError, Invalid
from shared.french.numbers import number_fr

Item = TypeVar("Item")

LARGEST: Final = 4 * 1024 * 1024
"""Bytes of a table that is imported."""

FORMULA: Final = ("=", "+", "-", "@", "\t", "\r")
"""First characters of a formula in a spreadsheet that opens a CSV: typed text must not become one."""

_FRENCH_DAY = re.compile(r"^(\d{1,2})/(\d{1,2})/(\d{4})$")


class Result(StrEnum):
    """What becomes of a line."""

    ADDED = "added"
    CHANGED = "changed"
    UNCHANGED = "unchanged"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True)
class Line(Generic[Item]):
    """One line of a table as it was read; `item` is None where there are `errors`.

    `number` counts from 1, the headings included; `shown` names the line to people; `id` is its identifier, if any.
    """

    number: int
    shown: str
    item: Item | None = None
    errors: tuple[FieldError, ...] = ()
    id: UUID | None = None


@dataclass(frozen=True, slots=True)
class Reported:
    """One line of the report of an import."""

    number: int
    shown: str
    result: Result
    errors: tuple[FieldError, ...] = ()
    id: UUID | None = None


def refused(line: Line[Item], *errors: FieldError) -> Reported:
    """Report a line that is not imported."""
    return Reported(line.number, line.shown, Result.REFUSED, errors or line.errors, line.id)


def counts(report: Iterable[Reported]) -> dict[str, int]:
    """Count the lines by what became of them, every result included."""
    found = Counter(line.result for line in report)
    return {result.value: found[result] for result in Result}


def rows_of(content: bytes, *, most: int) -> list[tuple[int, list[str]]]:
    """Read what a spreadsheet saved as CSV: the number of each line that is not blank, and its cells.

    UTF-8 or the Windows character set; semicolons, commas or tabulations. The first line, if any, is the headings.
    Refuses (`Invalid`, field `table`) what is no such table, or has more than `most` lines below its headings.
    """
    reader = csv.reader(io.StringIO(_text(content), newline=""), delimiter=_delimiter(content))
    try:
        rows = [(number, [unquoted(cell.strip()) for cell in row]) for number, row in enumerate(reader, start=1)]
    except csv.Error as error:
        raise Invalid.field("table", "Ce fichier n’est pas un tableau CSV lisible.") from error
    filled = [(number, row) for number, row in rows if any(row)]
    if len(filled) > most + 1:
        raise Invalid.field("table", f"Au plus {number_fr(most)} lignes sont acceptées à la fois.")
    return filled


def day_typed(text: str) -> str:
    """Return a day as French spreadsheets save it, 01/09/2026, in ISO 8601; any other text as it is."""
    day = _FRENCH_DAY.match(text)
    return f"{day[3]}-{day[2]:0>2}-{day[1]:0>2}" if day else text


def unquoted(cell: str) -> str:
    """Remove the mark with which exports prevent that a text becomes a formula."""
    return cell[1:] if cell[:1] == "'" and cell[1:2] in FORMULA else cell


def _text(content: bytes) -> str:
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError:
        return content.decode("cp1252", errors="replace")  # what a French spreadsheet saves unless told otherwise


def _delimiter(content: bytes) -> str:
    heading = content.partition(b"\n")[0]
    return max((";", ",", "\t"), key=lambda mark: heading.count(mark.encode()))
