"""What programs send: one model per action; helpful sentences for what is wrong."""

from datetime import date
from typing import Annotated
from uuid import UUID

from pydantic import BeforeValidator, StringConstraints
from pydantic import Field as Bounds

from services.qualification.domain.proposal import Draft, Tried
from services.qualification.usecases.catalogue import Entry
from services.qualification.usecases.examining import Grid
from shared.commands import Command
from shared.contracts.fact import Email
from shared.contracts.vocabulary import EscalationMotive, Field, LocalOffer, Outcome, Programme, SupportType

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


class AssignmentBody(Command):
    """Who takes the case."""

    email: Email


class CasesBody(Command):
    """Several cases."""

    request_ids: list[UUID] = Bounds(min_length=1, max_length=200)


class CasesAssignmentBody(CasesBody):
    """Several cases, and who takes them."""

    email: Email


class OrientationLinkBody(Command):
    """Where the provider's new link is sent; without an address the link is only taken back."""

    email: Email | None = None


class NoBody(Command):
    """An action that needs nothing more."""


class InformationRequestBody(Command):
    """What the applicant is asked to give; without `until`, in the usual delay."""

    items: Annotated[list[Annotated[str, StringConstraints(max_length=1_000)]], BeforeValidator(_listed)] = Bounds(
        min_length=1, max_length=30
    )
    until: date | None = None


class TextBody(Command):
    """A message, a note or an answer."""

    text: Text


class MotiveBody(Command):
    """Why."""

    motive: Text


class QualificationBody(Command):
    """The qualification grid; figures from 1 to 5."""

    need: Mark
    capacity: Mark
    complexity: Mark
    urgency: Mark
    maturity: Mark
    local_offer: LocalOffer
    opinion: Text
    fully_covered: bool | None = None
    cost_motive: Text | None = None

    def grid(self) -> Grid:
        """Give the grid as the use case takes it."""
        return Grid(**self.model_dump())


class TriedBody(Command):
    """A local provider that was asked, and what it answered."""

    provider_id: UUID
    answer: Annotated[str, StringConstraints(strip_whitespace=True, max_length=4_000)] = ""


class ProposalBody(Command):
    """An answer of the département; which members count depends on the outcome."""

    outcome: Outcome
    motive: Annotated[str, StringConstraints(strip_whitespace=True, max_length=10_000)] | None = None
    provider_id: UUID | None = None
    support_types: list[SupportType] = Bounds(default_factory=list, max_length=10)
    amount_cents: int | None = Bounds(default=None, ge=0, le=LARGEST_AMOUNT)
    programme: Programme | None = None
    motive_code: EscalationMotive | None = None
    providers_tried: list[TriedBody] = Bounds(default_factory=list, max_length=50)
    opinion: Annotated[str, StringConstraints(strip_whitespace=True, max_length=10_000)] | None = None
    departement: Annotated[str, StringConstraints(strip_whitespace=True, max_length=3)] | None = None

    def draft(self) -> Draft:
        """Give the draft as the use case takes it."""
        return Draft(
            outcome=self.outcome,
            motive=self.motive,
            provider_id=self.provider_id,
            support_types=tuple(dict.fromkeys(self.support_types)),
            amount_cents=self.amount_cents,
            programme=self.programme,
            motive_code=self.motive_code,
            providers_tried=tuple(Tried(tried.provider_id, tried.answer) for tried in self.providers_tried),
            opinion=self.opinion,
            departement=self.departement,
        )


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
