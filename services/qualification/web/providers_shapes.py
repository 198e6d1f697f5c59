"""What programs get of the catalogue and of an orientation, in JSON."""

from datetime import date
from uuid import UUID

from pydantic import BaseModel

from services.qualification.domain.matching import CatalogueEntry
from shared.contracts.vocabulary import Field, SupportType
from shared.tables import Reported, Result, counts


class ProviderShape(BaseModel):
    """A provider of the catalogue."""

    id: UUID
    name: str
    kind: str
    email: str
    phone: str | None
    url: str | None
    departements: list[str]
    epci: list[str]
    communes: list[str]
    fields: list[Field]
    support_types: list[SupportType]
    capacity: int | None
    capacity_left: int | None
    valid_from: date | None
    valid_until: date | None
    allowed_actions: list[str]


def provider(entry: CatalogueEntry, *, writes: bool) -> ProviderShape:
    """Give a provider its form; `writes`: this caller may change it."""
    return ProviderShape(
        id=entry.id,
        name=entry.name,
        kind=entry.kind,
        email=entry.email,
        phone=entry.phone,
        url=entry.url,
        departements=list(entry.departements),
        epci=list(entry.epci),
        communes=list(entry.communes),
        fields=list(entry.fields),
        support_types=list(entry.support_types),
        capacity=entry.capacity,
        capacity_left=entry.capacity_left,
        valid_from=entry.valid_from,
        valid_until=entry.valid_until,
        allowed_actions=["update"] if writes else [],
    )


class LineErrorShape(BaseModel):
    """What is wrong with a cell."""

    field: str
    message: str


class LineShape(BaseModel):
    """What became of a line; `line` counts from 1, the headings included."""

    line: int
    name: str
    result: Result
    provider_id: UUID | None
    errors: list[LineErrorShape]


class ImportShape(BaseModel):
    """What became of a table."""

    added: int
    changed: int
    unchanged: int
    refused: int
    lines: list[LineShape]


def imported(report: list[Reported]) -> ImportShape:
    """Say what became of each line."""
    return ImportShape(
        **counts(report),
        lines=[
            LineShape(
                line=line.number,
                name=line.shown,
                result=line.result,
                provider_id=line.id,
                errors=[LineErrorShape(field=error.field, message=error.message) for error in line.errors],
            )
            for line in report
        ],
    )
