"""The catalogue as a table: written for a spreadsheet, and read again from what a spreadsheet saved."""

import asyncio
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final
from uuid import UUID

from pydantic import ValidationError

from services.qualification.domain.matching import CatalogueEntry
from services.qualification.usecases.importing import Line, Reported, import_providers
from services.qualification.web.forms import ProviderForm
from shared import clock, commands
from shared.contracts.vocabulary import Field, SupportType
from shared.db import Cause, Database
from shared.errors import FieldError, Invalid
from shared.french import words
from shared.identity.model import Agent
from shared.territory import Territories
from shared.territory.index import fold
from shared.web import validation
from shared.web.tables import Table, day_typed, rows_of

COLUMNS: Final[Mapping[str, str]] = {
    "id": "Identifiant",
    "name": "Nom",
    "kind": "Nature",
    "email": "Adresse électronique",
    "phone": "Téléphone",
    "url": "Site",
    "departements": "Départements",
    "epci": "EPCI",
    "communes": "Communes",
    "fields": "Champs d’intervention",
    "support_types": "Accompagnements",
    "capacity": "Demandes suivies en même temps",
    "valid_from": "Valable à partir du",
    "valid_until": "Valable jusqu’au",
}
"""What a column holds → its heading; codes and choices are separated by “|”."""

LARGEST_TABLE: Final = 4 * 1024 * 1024
"""Bytes of a table that is brought in."""

MOST: Final = 5_000
"""Lines that are taken at once."""

BETWEEN: Final = " | "


def table_of(entries: Iterable[CatalogueEntry]) -> Table:
    """Write the catalogue as a table."""
    return Table("annuaire", tuple(COLUMNS.values()), map(_row, entries))


def lines_of(content: bytes) -> list[Line]:
    """Read a table that a spreadsheet saved as CSV (UTF-8 or the Windows one; semicolons, commas or tabulations).

    What is wrong with a line stays with the line. Refuses (`Invalid`) what is no such table at all.
    """
    rows = rows_of(content, most=MOST)
    names = _names(rows[0][1] if rows else [])
    return [_line(number, dict(zip(names, row, strict=False))) for number, row in rows[1:]]


async def bring_in_table(
    database: Database, content: bytes, *, by: Agent, territories: Territories, cause: Cause, keep: bool
) -> list[Reported]:
    """Bring a table in and report line by line; without `keep`, report what would become of it and change nothing."""
    lines = await asyncio.to_thread(lines_of, content)
    async with database.transaction(cause) as tx:
        if keep:
            return await import_providers(tx, lines, by=by, at=clock.now(), territories=territories)
        async with tx.undone():
            return await import_providers(tx, lines, by=by, at=clock.now(), territories=territories)


def _row(entry: CatalogueEntry) -> tuple[Any, ...]:
    return (
        str(entry.id),
        entry.name,
        entry.kind,
        entry.email,
        entry.phone,
        entry.url,
        BETWEEN.join(entry.departements),
        BETWEEN.join(entry.epci),
        BETWEEN.join(entry.communes),
        BETWEEN.join(words.word(each) for each in entry.fields),
        BETWEEN.join(words.word(each) for each in entry.support_types),
        entry.capacity,
        entry.valid_from,
        entry.valid_until,
    )


def _names(heading: list[str]) -> list[str]:
    """Give what each column holds; an unknown one holds nothing that we read."""
    by_heading = {fold(shown): name for name, shown in COLUMNS.items()}
    names = [by_heading.get(fold(shown), "") for shown in heading]
    missing = [COLUMNS[name] for name in ("name", "kind", "email") if name not in names]
    if missing:
        raise Invalid.field(
            "table", f"La première ligne doit nommer les colonnes. Il manque\u00a0: {', '.join(missing)}."
        )
    return names


def _line(number: int, cells: dict[str, str]) -> Line:
    given = {name: cell for name, cell in cells.items() if name and cell}
    shown = given.get("name", "")[:200]
    try:
        provider_id = UUID(given.pop("id")) if "id" in given else None
    except ValueError:
        return Line(number, shown, errors=(FieldError("id", "Cet identifiant n’a pas la forme attendue."),))
    try:
        typed = commands.without_secrets(given)
        return Line(number, shown, provider_id, ProviderForm.model_validate(dict(_understood(typed))).entry())
    except ValidationError as invalid:
        return Line(number, shown, provider_id, errors=tuple(validation.field_errors(invalid.errors())))
    except ValueError:
        sentence = validation.SENTENCES["unstorable_text"]
        return Line(number, shown, provider_id, errors=(FieldError("", sentence),))


def _understood(given: dict[str, str]) -> Iterator[tuple[str, Any]]:
    for name, text in given.items():
        if name == "fields":
            yield name, _chosen(text, {fold(words.word(each)): each.value for each in Field})
        elif name == "support_types":
            yield name, _chosen(text, {fold(words.word(each)): each.value for each in SupportType})
        elif name in {"departements", "epci", "communes"}:
            yield name, text.replace("|", " ")
        elif name in {"valid_from", "valid_until"}:
            yield name, day_typed(text)
        else:
            yield name, text


def _chosen(text: str, known: Mapping[str, str]) -> list[str]:
    """Read choices by their French words or by their codes."""
    return [known.get(fold(each), each.strip()) for each in text.split("|") if each.strip()]
