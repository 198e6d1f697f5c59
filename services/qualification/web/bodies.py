"""What programs send: one model per action; helpful sentences for what is wrong."""

from datetime import date
from typing import Annotated

from pydantic import Field as Bounds
from pydantic import StringConstraints

from services.qualification.usecases.catalogue import Entry
from shared.commands import Command
from shared.contracts.fact import Email
from shared.contracts.vocabulary import Field, SupportType

LARGEST_AMOUNT = 100_000_000_000_00


def _listed(value: object) -> object:
    """Take one text for a list of one."""
    return [value] if isinstance(value, str) else value


Text = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=10_000)]
Short = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=200)]
Phone = Annotated[str, StringConstraints(strip_whitespace=True, pattern=r"^[+0-9 .()\-]{6,30}$")]
Url = Annotated[str, StringConstraints(strip_whitespace=True, max_length=500, pattern=r"^https?://[^\s<>\"]+$")]
Code = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=20)]
Mark = Annotated[int, Bounds(ge=1, le=5)]


class ProviderBody(Command):
    """A provider of the catalogue; without `departements`, those of the agent."""

    name: Short
    kind: Short = "Autre"
    email: Email
    phone: Phone | None = None
    url: Url | None = None
    departements: list[Code] = Bounds(default_factory=list, max_length=110)
    epci: list[Code] = Bounds(default_factory=list, max_length=500)
    communes: list[Code] = Bounds(default_factory=list, max_length=2_000)
    fields: list[Field] = Bounds(default_factory=list, max_length=20)
    support_types: list[SupportType] = Bounds(default_factory=list, max_length=10)
    capacity: int | None = Bounds(default=None, ge=0, le=10_000)
    valid_from: date | None = None
    valid_until: date | None = None

    def entry(self) -> Entry:
        """Give the entry as the use case takes it."""
        return Entry(
            name=self.name,
            kind=self.kind,
            email=self.email,
            phone=self.phone,
            url=self.url,
            departements=tuple(self.departements),
            epci=tuple(self.epci),
            communes=tuple(self.communes),
            fields=tuple(self.fields),
            support_types=tuple(self.support_types),
            capacity=self.capacity,
            valid_from=self.valid_from,
            valid_until=self.valid_until,
        )


class ProviderPatch(Command):
    """What changes of a provider; members that are not given stay as they are."""

    name: Short | None = None
    kind: Short | None = None
    email: Email | None = None
    phone: Phone | None = None
    url: Url | None = None
    departements: list[Code] | None = Bounds(default=None, min_length=1, max_length=110)
    epci: list[Code] | None = Bounds(default=None, max_length=500)
    communes: list[Code] | None = Bounds(default=None, max_length=2_000)
    fields: list[Field] | None = Bounds(default=None, max_length=20)
    support_types: list[SupportType] | None = Bounds(default=None, max_length=10)
    capacity: int | None = Bounds(default=None, ge=0, le=10_000)
    valid_from: date | None = None
    valid_until: date | None = None


class TableBody(Command):
    """A CSV table of providers with the headings of the one that is given; `only_look`: report, and change nothing."""

    table: Annotated[str, StringConstraints(min_length=1)]
    only_look: bool = False
