"""What people type on the pages: one model per form; names are distinct, because a page holds several forms."""

from datetime import date
from typing import Annotated, Literal
from uuid import UUID

from pydantic import BaseModel, BeforeValidator, ConfigDict, StringConstraints
from pydantic import Field as Bounds

from services.qualification.domain.proposal import Draft, Tried
from services.qualification.usecases.catalogue import Entry
from services.qualification.usecases.examining import Grid
from services.qualification.web.bodies import LARGEST_AMOUNT, Mark, Phone, Short, Text, TriedBody, Url
from shared.commands import Amount
from shared.contracts.fact import Email
from shared.contracts.vocabulary import EscalationMotive, Field, LocalOffer, Outcome, Programme, SupportType


def _filled(rows: object) -> object:
    """Leave out rows of which nothing was filled in."""
    if isinstance(rows, dict):
        rows = [rows[place] for place in sorted(rows, key=str)]
    return [row for row in rows if not isinstance(row, dict) or any(row.values())] if isinstance(rows, list) else rows


Lines = Annotated[str, StringConstraints(max_length=10_000)]
Codes = Annotated[str, StringConstraints(max_length=20_000)]
Rows = Annotated[list[TriedBody], BeforeValidator(_filled)]


class PageForm(BaseModel):
    """Base of the forms: a form may hold fields of another button, which are left alone."""

    model_config = ConfigDict(extra="ignore")


class EmptyForm(PageForm):
    """A button."""


class AssignmentForm(PageForm):
    """Who takes the case."""

    email: Email


class OrientationLinkForm(PageForm):
    """Where the provider's new link is sent."""

    link_email: Email


class TogetherForm(PageForm):
    """Several cases of the queue, and what is to become of them; `email` is needed to give them."""

    cases: list[UUID] = Bounds(min_length=1, max_length=200)
    act: Literal["give", "examine"]
    email: Email | None = None


class InformationForm(PageForm):
    """What the applicant is asked to give, one thing a line."""

    items: Lines
    until: date | None = None

    @property
    def wanted(self) -> list[str]:
        """What is asked for, one by one."""
        return self.items.splitlines()


class MessageForm(PageForm):
    """A message to the applicant."""

    message: Text


class NoteForm(PageForm):
    """An internal note."""

    note: Text


class AnswerForm(PageForm):
    """The answer to the national team."""

    answer: Text


class RejectionForm(PageForm):
    """Why the proposal is not validated."""

    rejection: Text


class DeclineForm(PageForm):
    """Why the provider cannot help."""

    motive: Text


class QualificationForm(PageForm):
    """The qualification grid."""

    need: Mark
    capacity: Mark
    complexity: Mark
    urgency: Mark
    maturity: Mark
    local_offer: LocalOffer
    opinion: Text
    cost: Literal["rule", "covered", "shared"] = "rule"
    cost_motive: Text | None = None

    def grid(self) -> Grid:
        """Give the grid as the use case takes it."""
        return Grid(
            need=self.need,
            capacity=self.capacity,
            complexity=self.complexity,
            urgency=self.urgency,
            maturity=self.maturity,
            local_offer=self.local_offer,
            opinion=self.opinion,
            fully_covered={"rule": None, "covered": True, "shared": False}[self.cost],
            cost_motive=self.cost_motive,
        )


class ProposalForm(PageForm):
    """An answer of the département; each outcome's page shows its own fields."""

    motive: Text | None = None
    provider_id: UUID | None = None
    support_types: list[SupportType] = Bounds(default_factory=list)
    amount_cents: Annotated[Amount, Bounds(ge=0, le=LARGEST_AMOUNT)] | None = Bounds(default=None, alias="amount")
    programme: Programme | None = None
    motive_code: EscalationMotive | None = None
    providers_tried: Rows = Bounds(default_factory=list)
    opinion: Text | None = None
    departement: Annotated[str, StringConstraints(max_length=3)] | None = None

    def draft(self, outcome: Outcome) -> Draft:
        """Give the draft as the use case takes it."""
        return Draft(
            outcome=outcome,
            motive=self.motive,
            provider_id=self.provider_id,
            support_types=tuple(self.support_types),
            amount_cents=self.amount_cents,
            programme=self.programme,
            motive_code=self.motive_code,
            providers_tried=tuple(Tried(tried.provider_id, tried.answer) for tried in self.providers_tried),
            opinion=self.opinion,
            departement=self.departement,
        )


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
