"""CSV and ODS of the catalogue: export of its providers, and import of a table of them."""

import asyncio
from collections.abc import Iterable, Iterator, Mapping
from contextlib import nullcontext
from enum import StrEnum
from functools import partial
from typing import Any, Final
from uuid import UUID

from pydantic import ValidationError

from services.qualification.reads.catalogue import ProviderView
from services.qualification.usecases.catalogue import PLACES, DescribeProvider, unknown_codes
from services.qualification.usecases.importing import import_providers
from services.qualification.web.context import AgentContext
from shared.commands import TYPED
from shared.contracts.vocabulary import Field, SupportType
from shared.errors import FieldError, Invalid
from shared.french import words
from shared.tables import Reported, day_typed
from shared.territory import Territories
from shared.territory.index import fold
from shared.web.tables import Headings, ImportedLineView, Table, lines_of
from shared.web.validation import field_errors

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

HEADINGS: Final = Headings(COLUMNS, needed=("name", "kind", "email"))

MOST: Final = 5_000
"""Lines that are taken at once."""

BETWEEN: Final = " | "


def table_of(entries: Iterable[ProviderView]) -> Table:
    """Write the catalogue as a table."""
    return Table("annuaire", tuple(COLUMNS.values()), map(_row, entries))


async def bring_in_table(context: AgentContext, content: bytes, *, store: bool) -> list[Reported]:
    """Bring a table in and report line by line; without `store`, report what would become of it and change nothing."""
    read = partial(_entry, territories=context.parts.territories)
    lines = await asyncio.to_thread(lines_of, content, HEADINGS, read, shown=("name",), most=MOST)
    async with context.database.transaction(context.cause) as tx, nullcontext() if store else tx.undone():
        return await import_providers(context.acting(tx), lines)


def _row(entry: ProviderView) -> tuple[Any, ...]:
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


def _entry(given: dict[str, str], *, territories: Territories) -> DescribeProvider:
    """Read a line; refuses (`Invalid`) with all that is wrong with it."""
    wrong = [*_unknown_choices(given), *unknown_codes(territories, {kind: _cells(given, kind) for kind in PLACES})]
    named = {error.field.partition(".")[0] for error in wrong}
    try:
        entry = DescribeProvider.model_validate(
            {name: value for name, value in _understood(given) if name not in named}, context=TYPED
        )
    except ValidationError as invalid:
        wrong += field_errors(invalid.errors())
    if wrong:
        raise Invalid(wrong)
    return entry


def _understood(given: dict[str, str]) -> Iterator[tuple[str, Any]]:
    for name, text in given.items():
        if name in CHOICES:
            yield name, [CHOICES[name].get(fold(each), each) for each in _cells(given, name)]
        elif name in {"valid_from", "valid_until"}:
            yield name, day_typed(text)
        else:
            yield name, text


def _unknown_choices(given: Mapping[str, str]) -> Iterator[FieldError]:
    """Find what is neither one of the words of a column nor one of its codes."""
    for name, known in CHOICES.items():
        for place, each in enumerate(_cells(given, name)):
            if fold(each) not in known and each not in known.values():
                choices = ", ".join(words.word(code) for code in _CODES[name])
                yield FieldError(
                    f"{name}.{place}", f"«\u00a0{each}\u00a0» n’est pas connu. Choix possibles\u00a0: {choices}."
                )


def _cells(given: Mapping[str, str], name: str) -> list[str]:
    return [each.strip() for each in given.get(name, "").split("|") if each.strip()]


_CODES: Final[Mapping[str, type[StrEnum]]] = {"fields": Field, "support_types": SupportType}

CHOICES: Final[Mapping[str, Mapping[str, str]]] = {
    name: {fold(words.word(each)): each.value for each in codes} for name, codes in _CODES.items()
}
"""By column: what is typed, folded → its code."""


class ProviderLineView(ImportedLineView):
    """What became of a line, and of which provider it is."""

    name: str
    provider_id: UUID | None
