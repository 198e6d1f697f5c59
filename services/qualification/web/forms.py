"""What people type on the pages: one model per form; names are distinct, because a page holds several forms."""

from datetime import date
from typing import Annotated

from pydantic import BaseModel, ConfigDict, StringConstraints
from pydantic import Field as Bounds

from services.qualification.usecases.catalogue import Entry
from services.qualification.web.bodies import Phone, Short, Url
from shared.contracts.fact import Email
from shared.contracts.vocabulary import Field, SupportType

Codes = Annotated[str, StringConstraints(max_length=20_000)]


class PageForm(BaseModel):
    """Base of the forms: a form may hold fields of another button, which are left alone."""

    model_config = ConfigDict(extra="ignore")


class EmptyForm(PageForm):
    """A button."""


class ProviderForm(PageForm):
    """A provider of the catalogue."""

    name: Short
    kind: Short
    email: Email
    phone: Phone | None = None
    url: Url | None = None
    departements: Codes = ""
    epci: Codes = ""
    communes: Codes = ""
    fields: list[Field] = Bounds(default_factory=list)
    support_types: list[SupportType] = Bounds(default_factory=list)
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
            departements=_codes(self.departements),
            epci=_codes(self.epci),
            communes=_codes(self.communes),
            fields=tuple(self.fields),
            support_types=tuple(self.support_types),
            capacity=self.capacity,
            valid_from=self.valid_from,
            valid_until=self.valid_until,
        )


class ImportForm(PageForm):
    """A table of providers, which is a file beside this."""

    only_look: bool = False


def _codes(typed: str) -> tuple[str, ...]:
    """Read codes that were typed with commas, blanks or line ends between them."""
    return tuple(typed.replace(",", " ").replace(";", " ").split())
