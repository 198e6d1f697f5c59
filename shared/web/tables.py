"""Spreadsheets: export tables as CSV or ODS, and read uploaded CSV tables line by line.

Ten thousand lines take 0.1 s as CSV and 1 s as ODS: call either in a thread.
"""

import csv
import io
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from types import MappingProxyType
from typing import Any, Generic, TypeVar
from uuid import UUID

from litestar import Response
from pydantic import BaseModel, ValidationError
from stream_write_ods import stream_write_ods  # type: ignore[import-untyped] # it has no types

from shared.commands import without_secrets
from shared.errors import FieldError, Invalid
from shared.french.dates import PARIS
from shared.masking import hidden
from shared.tables import FORMULA, Item, Line, Reported, Result, counts, rows_of
from shared.territory.index import fold
from shared.web.forms import Form
from shared.web.validation import SENTENCES, field_errors

Cell = str | int | float | date | None

CSV = "text/csv; charset=utf-8"
ODS = "application/vnd.oasis.opendocument.spreadsheet"


@dataclass(frozen=True, slots=True)
class Table:
    """A table to export: `name` is that of the file, without its suffix, and of the sheet."""

    name: str
    columns: Sequence[str]
    rows: Iterable[Sequence[Cell]]


def as_csv(table: Table) -> Response[bytes]:
    """Return the table as French spreadsheets open it: semicolons, and UTF-8 with a byte order mark."""
    text = io.StringIO()
    writer = csv.writer(text, delimiter=";")
    writer.writerow(table.columns)
    writer.writerows([_written(cell) for cell in row] for row in table.rows)
    return _attached(text.getvalue().encode("utf-8-sig"), f"{table.name}.csv", CSV)


def as_ods(table: Table) -> Response[bytes]:
    """Return the table as an OpenDocument spreadsheet, with typed numbers and dates."""
    rows = ([_typed(cell) for cell in row] for row in table.rows)
    content = b"".join(stream_write_ods([(table.name, tuple(table.columns), rows)]))
    return _attached(content, f"{table.name}.ods", ODS)


@dataclass(frozen=True, slots=True)
class Headings:
    """The columns of a table that is imported: what each holds → its heading.

    `needed` must be there; `also` are other headings, folded, that published lists have.
    """

    columns: Mapping[str, str]
    needed: Sequence[str]
    also: Mapping[str, str] = MappingProxyType({})

    def names(self, row: Sequence[str]) -> list[str]:
        """Return what each column holds, nothing for an unknown one; refuses (`Invalid`) a row without the needed."""
        known = {**{fold(shown): name for name, shown in self.columns.items()}, **self.also}
        names = [known.get(fold(shown), "") for shown in row]
        missing = ", ".join(self.columns[name] for name in self.needed if name not in names)
        if missing:
            raise Invalid.field("table", f"La première ligne doit nommer les colonnes. Il manque\u00a0: {missing}.")
        return names


def lines_of(
    content: bytes,
    headings: Headings,
    read: Callable[[dict[str, str]], Item],
    *,
    shown: Sequence[str],
    most: int,
) -> list[Line[Item]]:
    """Read the lines of a CSV table; what is wrong with a line stays with the line.

    Args:
        content: what the spreadsheet saved.
        headings: its columns; one named `id` holds the identifier of the line.
        read: makes the item of a line of its cells, by what they hold; may raise what pydantic raises, or `Invalid`.
        shown: the columns by which the report names a line.
        most: how many lines are accepted; more are refused (`Invalid`), as is what is no table.
    """
    rows = rows_of(content, most=most)
    names = headings.names(rows[0][1] if rows else [])
    return [_line(number, dict(zip(names, row, strict=False)), read, shown) for number, row in rows[1:]]


def _line(
    number: int, cells: Mapping[str, str], read: Callable[[dict[str, str]], Item], shown: Sequence[str]
) -> Line[Item]:
    given = {name: cell for name, cell in cells.items() if name and cell}
    line = Line[Item](number, " ".join(given[name] for name in shown if name in given)[:200])
    try:
        line = replace(line, id=UUID(given.pop("id")) if "id" in given else None)
    except ValueError:
        return replace(line, errors=(FieldError("id", "Cet identifiant n’a pas la forme attendue."),))
    try:
        return replace(line, item=read(without_secrets(given)))
    except Invalid as refusal:
        return replace(line, errors=refusal.errors)
    except ValidationError as invalid:
        return replace(line, errors=tuple(field_errors(invalid.errors())))
    except ValueError:
        return replace(line, errors=(FieldError("", SENTENCES["unstorable_text"]),))


class CellErrorView(BaseModel):
    """What is wrong with a cell."""

    field: str
    message: str


class ImportedLineView(BaseModel):
    """What became of a line; `line` counts from 1, the headings included."""

    line: int
    result: Result
    errors: list[CellErrorView]


LineView = TypeVar("LineView", bound=ImportedLineView)


class ImportView(BaseModel, Generic[LineView]):
    """What became of a table, or would become."""

    added: int
    changed: int
    unchanged: int
    refused: int
    lines: list[LineView]


def import_view(
    report: Sequence[Reported], view: type[LineView], also: Callable[[Reported], dict[str, object]]
) -> ImportView[LineView]:
    """Return the report of an import; `also` gives what a line of this table shows besides."""
    lines = [
        view.model_validate(
            {
                "line": one.number,
                "result": one.result,
                "errors": [CellErrorView(field=error.field, message=error.message) for error in one.errors],
                **also(one),
            }
        )
        for one in report
    ]
    return ImportView[LineView](**counts(report), lines=lines)


async def table_sent(form: Form[Any]) -> bytes:
    """Return the file of the field `table`; refuses (`Invalid`) a form without one."""
    files = form.files.get("table", [])
    if not files:
        raise Invalid.field("table", "Choisissez le fichier à importer.")
    return await files[0].read()


def _attached(content: bytes, name: str, media_type: str) -> Response[bytes]:
    return Response(content, media_type=media_type, headers={"Content-Disposition": f'attachment; filename="{name}"'})


def _written(cell: Cell) -> str:
    """Return the text of a cell for CSV: a time as its date in Paris, a text that is no formula."""
    if cell is None:
        return ""
    if isinstance(cell, date):
        return _day(cell).isoformat()
    if isinstance(cell, str):
        return f"'{cell}" if cell.startswith(FORMULA) else cell
    return str(cell).replace(".", ",")


def _typed(cell: Cell) -> Cell:
    if isinstance(cell, str):
        return hidden(cell)
    return _day(cell) if isinstance(cell, date) else cell


def _day(value: date) -> date:
    return value.astimezone(PARIS).date() if isinstance(value, datetime) else value
