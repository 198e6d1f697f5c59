"""Events of foreign forms, and the answers that intake publishes to them."""

from datetime import date
from typing import ClassVar

from pydantic import BaseModel, ConfigDict
from pydantic import Field as Bounds

from shared.contracts.fact import Email, Fact, Value
from shared.contracts.vocabulary import ApplicantKind, Field, Programme, RequestKind, SupportType

REQUEST_FILED = "forms.request_filed.v1"
"""The type that any form may publish; its data is a `FiledRequest`, its `source` the form's own."""


class FiledApplicant(BaseModel):
    """The territory as the form names it: an official `code`, or a priority territory's name and communes."""

    model_config = ConfigDict(extra="forbid")

    kind: ApplicantKind
    code: str = Bounds(default="", max_length=20)
    name: str | None = Bounds(default=None, max_length=200)
    communes: list[str] = Bounds(default_factory=list, max_length=500)


class FiledContact(BaseModel):
    """The person to speak with."""

    model_config = ConfigDict(extra="forbid", str_strip_whitespace=True)

    name: str = Bounds(min_length=1, max_length=200)
    role: str = Bounds(min_length=1, max_length=200)
    email: Email
    phone: str | None = Bounds(default=None, max_length=30, pattern=r"^[+0-9 .()\-]{6,30}$")


class FiledRequest(BaseModel):
    """The body of a request as it is filed, by the API or by an event of another form; money in euro cents."""

    model_config = ConfigDict(extra="forbid", str_strip_whitespace=True)

    applicant: FiledApplicant
    contact: FiledContact
    kind: RequestKind
    title: str = Bounds(min_length=1, max_length=200)
    description: str = Bounds(min_length=1, max_length=10_000)
    support_types: list[SupportType] = Bounds(default_factory=list, max_length=10)
    fields: list[Field] = Bounds(default_factory=list, max_length=20)
    programme: Programme | None = None
    budget_cents: int | None = Bounds(default=None, ge=0, le=100_000_000_000_00)
    desired_start: date | None = None
    engineering_sought: str | None = Bounds(default=None, max_length=4_000)
    lead_departement: str | None = Bounds(default=None, max_length=3)


class FieldRefused(Value):
    """What is wrong with one field, in French."""

    field: str
    message: str


class Answer(Fact):
    """The answer of intake to a form, on its own queue; `filed_from` and `filed_id` are the filing's source and id.

    It is no event of a stream: it has no sequence and is in no journal. The same filing again is answered again.
    """

    filed_from: str
    filed_id: str

    @property
    def source(self) -> str:
        """The publisher is intake."""
        return "/intake"


class RequestAccepted(Answer):
    """Intake filed the request, under this number; the holder of the link follows it in the applicant's name."""

    wire_type: ClassVar[str] = "forms.request_accepted.v1"
    number: str
    tracking_url: str


class RequestRefused(Answer):
    """Intake refused what a form filed.

    `request_id` is made for this answer: no request exists. What could not be read has an empty `filed_id`.
    """

    wire_type: ClassVar[str] = "forms.request_refused.v1"
    code: str
    detail: str
    errors: tuple[FieldRefused, ...] = ()


FACTS: tuple[type[Answer], ...] = (RequestAccepted, RequestRefused)
