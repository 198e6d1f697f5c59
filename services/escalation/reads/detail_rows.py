"""Types of the read model of one dossier, for pages and API."""

from datetime import date, datetime
from decimal import Decimal
from uuid import UUID

from pydantic import BaseModel, Field

from services.escalation.domain.means import MobilisationState
from services.escalation.reads.committee import DecisionRow
from services.escalation.reads.dossiers import EscalationRow
from services.escalation.reads.similar import SimilarRow
from shared.contracts.escalation import FinancingShare, OpenPoint
from shared.contracts.fact import Actor
from shared.contracts.intake import Request
from shared.contracts.qualification import Dossier, Evidence, Qualification, Service
from shared.contracts.vocabulary import EvaluationRound, MobilisationKind, OrderEntry, ReserveBlocks, Team


class MessageRow(BaseModel):
    """A message between the applicant and the département."""

    at: datetime
    author: Team
    text: str


class DocumentRow(BaseModel):
    """A file of the request; `size` in bytes.

    `url` needs the same bearer, records who opens it, and leads to intake for a minute.
    """

    id: UUID
    name: str
    media_type: str
    size: int
    added_at: datetime
    url: str


class QuestionRow(BaseModel):
    """A question to the département, and its answer when there is one."""

    id: UUID
    asked_at: datetime
    question: str
    until: date | None
    asked_by: Actor
    answered_at: datetime | None
    answer: str | None
    answered_by: Actor | None


class NoteRow(BaseModel):
    """An internal note of the national team."""

    id: UUID
    at: datetime
    text: str
    by: Actor


class LineRow(BaseModel):
    """What was ordered at a unit price; amounts in euro cents."""

    label: str
    unit: str
    quantity: Decimal
    price_cents: int
    total_cents: int


class EntryRow(BaseModel):
    """What was delivered of an order, or paid for it; `amount_cents` in euro cents."""

    id: UUID
    kind: OrderEntry
    amount_cents: int
    dated: date
    reference: str | None
    recorded_at: datetime
    by: Actor


class FinancingRow(BaseModel):
    """Who pays what of the project, in euro cents."""

    total_cents: int
    shares: list[FinancingShare]
    set_at: datetime
    set_by: Actor


class MobilisationRow(BaseModel):
    """A resource that was found; amounts in euro cents: ordered, set aside now, delivered, paid."""

    id: UUID
    request_id: UUID
    kind: MobilisationKind
    resource: str
    amount_cents: int
    lot: str | None
    purchase_order: str | None
    state: MobilisationState
    envelope_id: UUID | None
    operator_id: UUID | None
    lot_id: UUID | None
    committed_cents: int
    delivered_cents: int
    paid_cents: int
    lines: list[LineRow]
    entries: list[EntryRow]
    cancelled_for: str | None
    proposed_at: datetime
    proposed_by: Actor
    link_email: str | None = Field(exclude=True)
    link_generation: int | None = Field(exclude=True)
    allowed_actions: list[str]


class GrantRow(BaseModel):
    """What the decision that stands grants, and what is left of it, in euro cents; its `reserve` while it stands."""

    number: str
    granted_cents: int
    mobilised_cents: int
    left_cents: int
    reserve: str | None
    reserve_blocks: ReserveBlocks | None


class ProgressRow(BaseModel):
    """A progress report; `percent` done, if given."""

    id: UUID
    at: datetime
    team: Team
    author: str
    percent: int | None
    text: str
    milestone_id: UUID | None
    milestone: str | None


class DeliverableRow(BaseModel):
    """A file that came out of the work; `size` in bytes."""

    id: UUID
    at: datetime
    team: Team
    author: str
    name: str
    media_type: str
    size: int
    milestone_id: UUID | None
    milestone: str | None


class MilestoneRow(BaseModel):
    """A milestone; `overdue` when its date has passed without it; `first_due_on` when it was postponed."""

    id: UUID
    title: str
    deliverable: str | None
    due_on: date
    reached_on: date | None
    first_due_on: date | None
    postponed_for: str | None
    cancelled_for: str | None
    overdue: bool
    allowed_actions: list[str]


class AgendaSessionRow(BaseModel):
    """A session whose agenda the dossier is or was on."""

    id: UUID
    title: str
    held_on: date
    state: str
    position: int


class PeriodRow(BaseModel):
    """When the work with the applicant lasts."""

    starts_on: date
    ends_on: date


class EvaluationRow(BaseModel):
    """An evaluation by the applicant; figures from 1 to 5."""

    need_met: int
    progress: int
    satisfaction: int
    impact: str | None
    comment: str | None
    submitted_at: datetime
    round: EvaluationRound


class TimelineRow(BaseModel):
    """One step of the life of the request, with its French label."""

    at: datetime
    type: str
    label: str
    team: Team | None
    author: str | None = None
    detail: str | None = None


class EscalationView(EscalationRow):
    """The whole dossier: as the département sent it (`dossier`), and what came since."""

    request: Request
    qualification: Qualification | None
    evidence: Evidence
    opinion: str
    service: Service
    escalated_by: Actor
    dossier: Dossier
    messages: list[MessageRow]
    documents: list[DocumentRow]
    questions: list[QuestionRow]
    sessions: list[AgendaSessionRow]
    decisions: list[DecisionRow]
    grant: GrantRow | None
    mobilisations: list[MobilisationRow]
    financing: FinancingRow | None
    milestones: list[MilestoneRow]
    progress: list[ProgressRow]
    deliverables: list[DeliverableRow]
    accompaniment: PeriodRow | None
    report: str | None
    carry_reason: str | None
    carried: list[OpenPoint]
    open_points: list[OpenPoint]
    evaluation: EvaluationRow | None
    evaluations: list[EvaluationRow]
    timeline: list[TimelineRow]
    notes: list[NoteRow]
    similar: list[SimilarRow]
