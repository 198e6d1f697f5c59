"""What the national team tells: the committee's decision, the mobilisation and the accompaniment."""

from datetime import date
from typing import ClassVar
from uuid import UUID

from shared.contracts.fact import Actor, Fact, Value
from shared.contracts.vocabulary import CommitteeOutcome, MobilisationKind, Stage, SupportType


class Decision(Value):
    """A decision of the comité de suivi de projet, an object of its own; `amount_cents` in euro cents."""

    id: UUID
    number: str
    outcome: CommitteeOutcome
    motive: str
    support_types: tuple[SupportType, ...] = ()
    amount_cents: int = 0
    reserve: str | None = None
    decided_on: date
    session_id: UUID
    signed_by: Actor


class EscalationReceived(Fact):
    """The national team has the dossier."""

    wire_type: ClassVar[str] = "escalation.escalation_received.v1"
    number: str
    due_on: date


class InformationRequested(Fact):
    """The national team asks the département."""

    wire_type: ClassVar[str] = "escalation.information_requested.v1"
    question: str
    until: date | None = None
    by: Actor


class AdmissibilitySettled(Fact):
    """The dossier can go before the committee."""

    wire_type: ClassVar[str] = "escalation.admissibility_settled.v1"
    opinion: str
    by: Actor


class EscalationReturned(Fact):
    """The dossier goes back to the département."""

    wire_type: ClassVar[str] = "escalation.escalation_returned.v1"
    motive: str
    by: Actor


class SessionScheduled(Fact):
    """The dossier is on the agenda of a committee session."""

    wire_type: ClassVar[str] = "escalation.session_scheduled.v1"
    session_id: UUID
    title: str
    held_on: date
    by: Actor


class DecisionMade(Fact):
    """The committee decided."""

    wire_type: ClassVar[str] = "escalation.decision_made.v1"
    decision: Decision


class ResourceMobilised(Fact):
    """A resource was found for the project; `amount_cents` in euro cents."""

    wire_type: ClassVar[str] = "escalation.resource_mobilised.v1"
    mobilisation_id: UUID
    kind: MobilisationKind
    resource: str
    amount_cents: int = 0
    lot: str | None = None
    by: Actor


class AccompanimentStarted(Fact):
    """The work with the applicant begins."""

    wire_type: ClassVar[str] = "escalation.accompaniment_started.v1"
    starts_on: date
    ends_on: date
    by: Actor


class MilestonePlanned(Fact):
    """A milestone was set."""

    wire_type: ClassVar[str] = "escalation.milestone_planned.v1"
    milestone_id: UUID
    title: str
    due_on: date


class MilestoneReached(Fact):
    """A milestone was reached."""

    wire_type: ClassVar[str] = "escalation.milestone_reached.v1"
    milestone_id: UUID
    title: str
    due_on: date
    reached_on: date


class AccompanimentCompleted(Fact):
    """The work is done."""

    wire_type: ClassVar[str] = "escalation.accompaniment_completed.v1"
    report: str
    by: Actor


class EvaluationRequested(Fact):
    """The applicant is asked what came of it."""

    wire_type: ClassVar[str] = "escalation.evaluation_requested.v1"
    until: date


class StageOverdue(Fact):
    """A stage has passed its date."""

    wire_type: ClassVar[str] = "escalation.stage_overdue.v1"
    number: str
    stage: Stage
    due_on: date
    what: str | None = None


FACTS: tuple[type[Fact], ...] = (
    EscalationReceived,
    InformationRequested,
    AdmissibilitySettled,
    EscalationReturned,
    SessionScheduled,
    DecisionMade,
    ResourceMobilised,
    AccompanimentStarted,
    MilestonePlanned,
    MilestoneReached,
    AccompanimentCompleted,
    EvaluationRequested,
    StageOverdue,
)
