"""CSV and ODS of the catalogue: export of its providers, and import of a table of them."""

import asyncio
from collections.abc import Iterable, Iterator, Mapping
from contextlib import nullcontext
from typing import Any, Final
from uuid import UUID

from services.qualification.reads.catalogue import ProviderView
from services.qualification.usecases.catalogue import DescribeProvider
from services.qualification.usecases.importing import import_providers
from services.qualification.web.context import AgentContext
from shared.commands import TYPED
from shared.contracts.vocabulary import Field, SupportType
from shared.french import words
from shared.tables import Reported, day_typed
from shared.territory.index import fold
from shared.web.tables import Headings, ImportedLineView, Table, lines_of

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
    lines = await asyncio.to_thread(lines_of, content, HEADINGS, _entry, shown=("name",), most=MOST)
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


def _entry(given: dict[str, str]) -> DescribeProvider:
    return DescribeProvider.model_validate(dict(_understood(given)), context=TYPED)


def _understood(given: dict[str, str]) -> Iterator[tuple[str, Any]]:
    for name, text in given.items():
        if name == "fields":
            yield name, _chosen(text, {fold(words.word(each)): each.value for each in Field})
        elif name == "support_types":
            yield name, _chosen(text, {fold(words.word(each)): each.value for each in SupportType})
        elif name in {"valid_from", "valid_until"}:
            yield name, day_typed(text)
        else:
            yield name, text


def _chosen(text: str, known: Mapping[str, str]) -> list[str]:
    """Read choices by their French words or by their codes."""
    return [known.get(fold(each), each.strip()) for each in text.split("|") if each.strip()]


class ProviderLineView(ImportedLineView):
    """What became of a line, and of which provider it is."""

    name: str
    provider_id: UUID | None
