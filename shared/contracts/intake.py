"""Events of intake: the applicant's side of a request."""

from datetime import date
from typing import ClassVar
from uuid import UUID

from pydantic import AwareDatetime

from shared.contracts.fact import Actor, Email, Fact, Value
from shared.contracts.vocabulary import ApplicantKind, EvaluationRound, Field, Programme, RequestKind, SupportType


class Applicant(Value):
    """The territory that asks, as the official lists name it.

    `code`: INSEE code (commune, département, région), SIREN (EPCI), empty for a priority territory, which names its
    `communes` (INSEE codes) instead. `population` is None where the official list has none.
    """

    kind: ApplicantKind
    code: str
    name: str
    departement: str
    departements: tuple[str, ...] = ()
    region: str | None = None
    epci: str | None = None
    population: int | None = None
    communes: tuple[str, ...] = ()


class Contact(Value):
    """The person who speaks for the applicant."""

    name: str
    role: str
    email: Email
    phone: str | None = None


class Request(Value):
    """The whole request, as filed."""

    number: str
    applicant: Applicant
    contact: Contact
    kind: RequestKind
    title: str
    description: str
    support_types: tuple[SupportType, ...] = ()
    fields: tuple[Field, ...] = ()
    programme: Programme | None = None
    budget_cents: int | None = None
    desired_start: date | None = None
    engineering_sought: str | None = None
    submitted_at: AwareDatetime
    filed_by: Actor | None = None


class Document(Value):
    """A file joined to the request; the bytes stay with intake, which serves them by a signed link. `size` in bytes."""

    id: UUID
    name: str
    media_type: str
    size: int
    sha256: str
    added_at: AwareDatetime


class RequestSubmitted(Fact):
    """A request was filed and has its number. `link_generation`: the generation of the valid tracking link."""

    wire_type: ClassVar[str] = "intake.request_submitted.v1"
    request: Request
    link_generation: int = 1
    filed_from: str | None = None


class ApplicantFact(Fact):
    """What the applicant's side did; `by` names the invited colleague who did it; None for the contact."""

    by: Actor | None = None


class InformationProvided(ApplicantFact):
    """The applicant gave what the département had asked for."""

    wire_type: ClassVar[str] = "intake.information_provided.v1"
    text: str


class MessagePosted(ApplicantFact):
    """The applicant wrote to the département."""

    wire_type: ClassVar[str] = "intake.message_posted.v1"
    message_id: UUID
    text: str


class DocumentAdded(ApplicantFact):
    """The applicant joined a file; `with_request`: it was filed with the request itself."""

    wire_type: ClassVar[str] = "intake.document_added.v1"
    document: Document
    with_request: bool = False


class ProgressTold(ApplicantFact):
    """The applicant reported the progress of the work: of one milestone, or of all of it; `percent` from 0 to 100."""

    wire_type: ClassVar[str] = "intake.progress_told.v1"
    report_id: UUID
    milestone_id: UUID | None = None
    milestone: str | None = None
    percent: int | None = None
    text: str


class RequestWithdrawn(Fact):
    """The applicant asks to withdraw the request."""

    wire_type: ClassVar[str] = "intake.request_withdrawn.v1"
    motive: str


class TrackingLinkReplaced(Fact):
    """A new tracking link and token, of this generation, is to be sent; the old ones end when it is used."""

    wire_type: ClassVar[str] = "intake.tracking_link_replaced.v1"
    link_generation: int


class ColleagueInvited(Fact):
    """The applicant lets a colleague follow the request and act on it, by a link of their own that is to be sent."""

    wire_type: ClassVar[str] = "intake.colleague_invited.v1"
    colleague_id: UUID
    name: str
    email: Email


class ColleagueRemoved(Fact):
    """The applicant took the invitation back: the colleague's link opens nothing any more."""

    wire_type: ClassVar[str] = "intake.colleague_removed.v1"
    colleague_id: UUID


class EvaluationSubmitted(ApplicantFact):
    """The applicant evaluated the result; figures from 1 (not at all) to 5 (entirely).

    `corrects`: it replaces what they said before in the same round.
    """

    wire_type: ClassVar[str] = "intake.evaluation_submitted.v1"
    number: str
    applicant: Applicant
    fields: tuple[Field, ...] = ()
    programme: Programme | None = None
    need_met: int
    progress: int
    satisfaction: int
    impact: str | None = None
    comment: str | None = None
    round: EvaluationRound = EvaluationRound.COMPLETION
    corrects: bool = False


class EvaluationAwaited(Fact):
    """The applicant is asked what came of it, some months later; or, as a `reminder`, once more in the same round."""

    wire_type: ClassVar[str] = "intake.evaluation_awaited.v1"
    round: EvaluationRound
    reminder: bool
    until: date


class RequestClosed(Fact):
    """The life of the request is over."""

    wire_type: ClassVar[str] = "intake.request_closed.v1"


FACTS: tuple[type[Fact], ...] = (
    RequestSubmitted,
    InformationProvided,
    MessagePosted,
    DocumentAdded,
    ProgressTold,
    RequestWithdrawn,
    TrackingLinkReplaced,
    ColleagueInvited,
    ColleagueRemoved,
    EvaluationSubmitted,
    EvaluationAwaited,
    RequestClosed,
)
