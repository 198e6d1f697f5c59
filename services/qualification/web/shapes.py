"""What programs get of a case, in JSON."""

from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from pydantic import BaseModel, Field

from services.qualification.domain.case import Question
from services.qualification.domain.matching import Match
from services.qualification.domain.orientation import Orientation
from services.qualification.domain.proposal import Proposal
from services.qualification.reads.case import CaseView, Message, Note
from services.qualification.reads.queue import QueueItem
from services.qualification.reads.timeline import Entry
from services.qualification.usecases.together import Together
from services.qualification.web.desk import Desk
from shared.contracts.intake import Contact, Request
from shared.contracts.qualification import Evidence, Qualification
from shared.contracts.vocabulary import Stage
from shared.french.words import STAGE, state_word


@dataclass(frozen=True, slots=True)
class Step:
    """One entry of the timeline."""

    at: datetime
    type: str
    label: str
    team: str | None
    detail: str | None


class AgentShape(BaseModel):
    """An agent, as he is named on a case."""

    email: str
    name: str


class ApplicantShape(BaseModel):
    """Who asks, in a list."""

    kind: str
    code: str
    name: str


class QueueItemShape(BaseModel):
    """A case in the list."""

    request_id: UUID
    number: str
    departement: str
    state: str
    state_label: str
    title: str
    kind: str
    applicant: ApplicantShape
    assignee: AgentShape | None
    urgency: int | None
    stage: str | None
    due_on: date | None
    answer_until: date | None
    overdue: bool
    question_waits: bool = Field(description="The national team waits for an answer")
    question_until: date | None
    applicant_wrote_at: datetime | None = Field(description="When the last message came, if it is the applicant's")
    opened_at: datetime
    state_since: datetime
    allowed_actions: list[str]


class DoneShape(BaseModel):
    """A case on which one acted together with others."""

    request_id: UUID
    number: str
    state: str
    assignee: AgentShape | None


class NotDoneShape(BaseModel):
    """A case on which one could not act, and why."""

    request_id: UUID
    code: str
    detail: str


class TogetherShape(BaseModel):
    """What became of several cases at once."""

    done: list[DoneShape]
    refused: list[NotDoneShape]


class MandateShape(BaseModel):
    """An agent's right to file one request for a collectivité, until a moment; a browser posts it to `url`."""

    mandate: str
    url: str
    until: datetime


class DocumentShape(BaseModel):
    """A joined file; `url` needs the same bearer, records who opens it, and leads to intake for a minute."""

    id: UUID
    name: str
    media_type: str
    size: int
    sha256: str
    added_at: datetime
    url: str


class DeadlineShape(BaseModel):
    """A clock: until when a stage may last, or the applicant may answer."""

    stage: str
    label: str
    due_on: date
    overdue: bool
    suspended: bool


class ProviderNameShape(BaseModel):
    """A provider, as it is named on a case."""

    id: UUID
    name: str


class OrientationShape(BaseModel):
    """What was asked of a provider, and what it answered."""

    id: UUID
    provider: ProviderNameShape
    state: str
    motive: str
    until: date
    answer: str | None
    opened_at: datetime
    answered_at: datetime | None


class CaseShape(BaseModel):
    """The whole case."""

    request_id: UUID
    number: str
    departement: str
    state: str
    state_label: str
    assignee: AgentShape | None
    urgency: int | None
    stage: str | None
    due_on: date | None
    answer_until: date | None
    overdue: bool
    opened_at: datetime
    state_since: datetime
    request: Request
    contact: Contact
    qualification: Qualification | None
    proposal: Proposal | None
    evidence: Evidence | None
    national_question: Question | None
    messages: list[Message]
    notes: list[Note]
    documents: list[DocumentShape]
    timeline: list[Step]
    national_steps: list[Step]
    deadlines: list[DeadlineShape]
    orientations: list[OrientationShape]
    allowed_actions: list[str]


class MatchShape(BaseModel):
    """A provider that may help, and why."""

    provider_id: UUID
    name: str
    reasons: list[str]
    capacity_left: int | None


def together(became: Together) -> TogetherShape:
    """Say what became of several cases."""
    return TogetherShape(
        done=[
            DoneShape(
                request_id=case.request_id,
                number=case.number,
                state=case.state,
                assignee=AgentShape(email=case.assignee_email, name=case.assignee_name or case.assignee_email)
                if case.assignee_email
                else None,
            )
            for case in became.done
        ],
        refused=[
            NotDoneShape(request_id=request_id, code=refusal.code, detail=refusal.detail)
            for request_id, refusal in became.refused
        ],
    )


def queue_item(item: QueueItem) -> QueueItemShape:
    """Give a line of the queue its form."""
    return QueueItemShape(
        request_id=item.request_id,
        number=item.number,
        departement=item.departement,
        state=item.state,
        state_label=state_word(item.state),
        title=item.title,
        kind=item.kind,
        applicant=ApplicantShape(kind=item.applicant_kind, code=item.applicant_code, name=item.applicant_name),
        assignee=_agent(item.assignee_email, item.assignee_name),
        urgency=item.urgency,
        stage=item.stage,
        due_on=item.due_on,
        answer_until=item.answer_until,
        overdue=item.overdue,
        question_waits=item.asked,
        question_until=item.question_until,
        applicant_wrote_at=item.applicant_wrote_at,
        opened_at=item.opened_at,
        state_since=item.state_since,
        allowed_actions=list(item.allowed_actions),
    )


def case(view: CaseView, desk: Desk) -> CaseShape:
    """Give a case its form."""
    return CaseShape(
        request_id=view.request_id,
        number=view.number,
        departement=view.departement,
        state=view.state,
        state_label=state_word(view.state),
        assignee=_agent(view.assignee_email, view.assignee_name),
        urgency=view.qualification.urgency if view.qualification else None,
        stage=view.stage,
        due_on=view.due_on,
        answer_until=view.answer_until,
        overdue=view.overdue,
        opened_at=view.opened_at,
        state_since=view.state_since,
        request=view.request,
        contact=view.request.contact,
        qualification=view.qualification,
        proposal=view.proposal,
        evidence=view.proposal.evidence if view.proposal else None,
        national_question=view.question,
        messages=list(view.messages),
        notes=list(view.notes),
        documents=[
            DocumentShape(**document.model_dump(), url=desk.document_url(view.request_id, document.id))
            for document in view.documents
        ],
        timeline=[_step(each) for each in view.timeline],
        national_steps=[_step(each) for each in view.national_steps],
        deadlines=list(_deadlines(view)),
        orientations=[_orientation(each) for each in view.orientations],
        allowed_actions=list(view.allowed_actions),
    )


def _step(entry: Entry) -> Step:
    return Step(entry.at, entry.type, entry.label, entry.team, entry.detail)


def match(found: Match) -> MatchShape:
    """Give a match its form."""
    entry = found.provider
    return MatchShape(
        provider_id=entry.id, name=entry.name, reasons=list(found.reasons), capacity_left=entry.capacity_left
    )


def _agent(email: str | None, name: str | None) -> AgentShape | None:
    return AgentShape(email=email, name=name or email) if email else None


def _deadlines(view: CaseView) -> list[DeadlineShape]:
    deadlines = []
    if view.stage and view.due_on:
        deadlines.append(
            DeadlineShape(
                stage=view.stage,
                label=STAGE[Stage(view.stage)],
                due_on=view.due_on,
                overdue=view.overdue,
                suspended=view.suspended_on is not None,
            )
        )
    if view.answer_until:
        deadlines.append(
            DeadlineShape(
                stage="applicant_answer",
                label="Réponse du demandeur",
                due_on=view.answer_until,
                overdue=False,
                suspended=False,
            )
        )
    return deadlines


def _orientation(asked: Orientation) -> OrientationShape:
    return OrientationShape(
        id=asked.id,
        provider=ProviderNameShape(id=asked.provider_id, name=asked.provider.name),
        state=asked.state.value,
        motive=asked.motive,
        until=asked.until,
        answer=asked.answer,
        opened_at=asked.opened_at,
        answered_at=asked.answered_at,
    )
