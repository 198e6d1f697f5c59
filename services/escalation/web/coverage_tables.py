"""CSV export and import of the territories of a programme, each code checked against the official lists."""

import asyncio
from collections.abc import Mapping
from contextlib import nullcontext
from datetime import date
from functools import partial
from typing import Final

from litestar import Response
from pydantic import BaseModel, Field, model_validator

from services.escalation.domain.coverage import Covered
from services.escalation.reads.coverage import territories_covered
from services.escalation.usecases.programmes import ENDS_BEFORE, bring_in_territories
from services.escalation.web.context import AgentContext
from shared.commands import Command
from shared.contracts.escalation import CoveredTerritory
from shared.contracts.vocabulary import ApplicantKind
from shared.errors import FieldError, Invalid
from shared.french.words import APPLICANT_KIND
from shared.tables import LARGEST, Line, Reported, day_typed
from shared.territory.index import core, fold
from shared.territory.model import Territory
from shared.territory.territories import Territories
from shared.web.tables import Headings, Table, as_csv, lines_of

COLUMNS: Final[Mapping[str, str]] = {
    "kind": "Type",
    "code": "Code",
    "name": "Nom",
    "since": "Depuis le",
    "until": "Jusqu’au",
}
"""What a column holds → its heading."""

_ALSO: Final = {
    "code insee": "code",
    "insee com": "code",
    "insee": "code",
    "siren": "code",
    "siren epci": "code",
    "lib com": "name",
    "libelle": "name",
    "commune": "name",
}
"""Other headings that published lists have."""

HEADINGS: Final = Headings(COLUMNS, needed=("code",), also=_ALSO)

MOST: Final = 36_000
"""Lines that are taken at once: all communes there are."""

_KINDS: Final = {
    **{kind.value: kind for kind in ApplicantKind if kind is not ApplicantKind.PRIORITY},
    "commune": ApplicantKind.COMMUNE,
    "intercommunalite": ApplicantKind.EPCI,
    "departement": ApplicantKind.DEPARTEMENT,
    "region": ApplicantKind.REGION,
}
_KIND_OF_LENGTH: Final = {5: ApplicantKind.COMMUNE, 9: ApplicantKind.EPCI}
"""A commune's INSEE code and an EPCI's SIREN are told apart by their length; shorter codes need their type."""

UNKNOWN_KIND: Final = "Type inconnu\u00a0: écrivez commune, EPCI, département ou région."
KIND_NEEDED: Final = "Précisez le type de territoire\u00a0: ce code peut être celui d’un département ou d’une région."
ZERO_LOST: Final = (
    "Ce code a quatre chiffres\u00a0: votre tableur a sans doute retiré le zéro du début. Mettez la colonne au format "
    "texte et écrivez 0{code}."
)
_DIGITS_LEFT: Final = 4
"""Of a commune's code in a spreadsheet that takes it for a number."""


class _Period(BaseModel):
    since: date | None = None
    until: date | None = None

    @model_validator(mode="after")
    def _in_order(self) -> "_Period":
        if self.since and self.until and self.until < self.since:
            raise ValueError(ENDS_BEFORE)
        return self


class ImportOptions(Command):
    """With `replace` the table is the whole coverage; with `only_look` nothing is changed."""

    replace: bool = False
    only_look: bool = False


class ImportTable(ImportOptions):
    """A CSV table of territories. With `replace` it is the whole coverage; with `only_look` nothing is changed."""

    table: str = Field(max_length=LARGEST)


async def coverage_table(context: AgentContext, programme: str) -> Response[bytes]:
    """Answer with the territories of a programme as a CSV table, which may be brought in again."""
    wanted = context.programme(programme)
    rows = await territories_covered(context.database, wanted)
    return as_csv(
        Table(
            f"territoires-{wanted.value}",
            tuple(COLUMNS.values()),
            ((row.kind.value, row.code, row.name, row.since, row.until) for row in rows),
        )
    )


async def bring_in_table(
    context: AgentContext, programme: str, content: bytes, options: ImportOptions
) -> list[Reported]:
    """Bring a table in and report line by line, or report what would become of it and change nothing."""
    wanted = context.programme(programme)
    lines = await asyncio.to_thread(coverage_lines, content, context.parts.territories)
    async with context.database.transaction(context.cause) as tx, tx.undone() if options.only_look else nullcontext():
        return await bring_in_territories(context.acting(tx), wanted, lines, replace=options.replace)


def coverage_lines(content: bytes, territories: Territories) -> list[Line[Covered]]:
    """Read a table of territories, each code against the official lists."""
    return lines_of(content, HEADINGS, partial(_covered, territories), shown=("code", "name"), most=MOST)


def _covered(territories: Territories, given: dict[str, str]) -> Covered:
    try:
        territory = _territory(given, territories)
    except Invalid as refusal:
        errors = [FieldError(error.field.removeprefix("applicant."), error.message) for error in refusal.errors]
        raise Invalid(errors) from refusal
    period = _Period.model_validate({name: day_typed(given[name]) for name in ("since", "until") if name in given})
    covered = CoveredTerritory(
        kind=territory.kind, code=territory.code, name=territory.full_name, since=period.since, until=period.until
    )
    return Covered(covered, tuple(sorted(territory.departements)))


def _territory(given: Mapping[str, str], territories: Territories) -> Territory:
    """Find the line's territory in the official lists; a name beside the code must be that of the code."""
    code = given.get("code", "")
    if len(code) == _DIGITS_LEFT and code.isdecimal():
        raise Invalid.field("code", ZERO_LOST.format(code=code))
    territory = territories.official(_kind(given.get("kind"), code), code)
    name = given.get("name")
    if name and not {fold(name), core(fold(name))} & _names_of(territory):
        raise Invalid.field(
            "name", f"Le code {territory.code} est celui de {territory.full_name.replace(chr(39), '’')}, pas de ce nom."
        )
    return territory


def _kind(typed: str | None, code: str) -> ApplicantKind:
    if typed is None:
        kind = _KIND_OF_LENGTH.get(len(code.replace(" ", "")))
        if kind is None:
            raise Invalid.field("kind", KIND_NEEDED)
        return kind
    kind = _KINDS.get(fold(typed)) or next((kind for kind, word in APPLICANT_KIND.items() if word == typed), None)
    if kind is None or kind is ApplicantKind.PRIORITY:
        raise Invalid.field("kind", UNKNOWN_KIND)
    return kind


def _names_of(territory: Territory) -> set[str]:
    folded = {fold(territory.name), fold(territory.full_name)}
    return folded | {core(name) for name in folded}
