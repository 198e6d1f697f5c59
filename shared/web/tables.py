"""A list taken home as a spreadsheet (ODS) or as a text that spreadsheets open (CSV); and such a text read again.

Ten thousand lines are 0.1 s of work as CSV and 1 s as ODS: call either in a thread.
"""

import csv
import io
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from litestar import Response
from stream_write_ods import stream_write_ods  # type: ignore[import-untyped] # it has no types

from shared.errors import Invalid
from shared.french.dates import PARIS
from shared.french.numbers import number_fr
from shared.masking import hidden

Cell = str | int | float | date | None

CSV = "text/csv; charset=utf-8"
ODS = "application/vnd.oasis.opendocument.spreadsheet"

_FORMULA = ("=", "+", "-", "@", "\t", "\r")
"""How a formula begins for a spreadsheet that opens a CSV: what somebody typed must not become one."""

_FRENCH_DAY = re.compile(r"^(\d{1,2})/(\d{1,2})/(\d{4})$")


@dataclass(frozen=True, slots=True)
class Table:
    """What is taken home: `name` is the file's, without its ending, and the sheet's."""

    name: str
    columns: Sequence[str]
    rows: Iterable[Sequence[Cell]]


def as_csv(table: Table) -> Response[bytes]:
    """Give the table as French spreadsheets open it: semicolons, and UTF-8 with its mark."""
    text = io.StringIO()
    writer = csv.writer(text, delimiter=";")
    writer.writerow(table.columns)
    writer.writerows([_written(cell) for cell in row] for row in table.rows)
    return _attached(text.getvalue().encode("utf-8-sig"), f"{table.name}.csv", CSV)


def as_ods(table: Table) -> Response[bytes]:
    """Give the table as an OpenDocument spreadsheet, in which numbers and days are such."""
    rows = ([_typed(cell) for cell in row] for row in table.rows)
    content = b"".join(stream_write_ods([(table.name, tuple(table.columns), rows)]))
    return _attached(content, f"{table.name}.ods", ODS)


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
    """Write a day as French spreadsheets save it, 01/09/2026, as ISO 8601 does; anything else is left as it is."""
    day = _FRENCH_DAY.match(text)
    return f"{day[3]}-{day[2]:0>2}-{day[1]:0>2}" if day else text


def unquoted(cell: str) -> str:
    """Take off the mark by which a table of ours kept a text from becoming a formula."""
    return cell[1:] if cell[:1] == "'" and cell[1:2] in _FORMULA else cell


def _text(content: bytes) -> str:
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError:
        return content.decode("cp1252", errors="replace")  # what a French spreadsheet saves when it is not asked


def _delimiter(content: bytes) -> str:
    heading = content.partition(b"\n")[0]
    return max((";", ",", "\t"), key=lambda mark: heading.count(mark.encode()))


def _attached(content: bytes, name: str, media_type: str) -> Response[bytes]:
    return Response(content, media_type=media_type, headers={"Content-Disposition": f'attachment; filename="{name}"'})


def _written(cell: Cell) -> str:
    """Write a cell for a CSV: a moment by its day in Paris, and no text that a spreadsheet would carry out."""
    if cell is None:
        return ""
    if isinstance(cell, date):
        return _day(cell).isoformat()
    if isinstance(cell, str):
        return f"'{cell}" if cell.startswith(_FORMULA) else cell
    return str(cell).replace(".", ",")


def _typed(cell: Cell) -> Cell:
    if isinstance(cell, str):
        return hidden(cell)
    return _day(cell) if isinstance(cell, date) else cell


def _day(value: date) -> date:
    return value.astimezone(PARIS).date() if isinstance(value, datetime) else value
