"""A list taken home: the same columns as a spreadsheet (ODS) or as a text that spreadsheets open (CSV).

Ten thousand lines are 0.1 s of work as CSV and 1 s as ODS: call either in a thread.
"""

import csv
import io
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from litestar import Response
from stream_write_ods import stream_write_ods  # type: ignore[import-untyped] # it has no types

from shared.web.formats import PARIS

Cell = str | int | float | date | None

CSV = "text/csv; charset=utf-8"
ODS = "application/vnd.oasis.opendocument.spreadsheet"

_FORMULA = ("=", "+", "-", "@", "\t", "\r")
"""How a formula begins for a spreadsheet that opens a CSV: what somebody typed must not become one."""


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
    return _day(cell) if isinstance(cell, date) else cell


def _day(value: date) -> date:
    return value.astimezone(PARIS).date() if isinstance(value, datetime) else value
