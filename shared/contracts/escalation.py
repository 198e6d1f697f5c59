"""Events of escalation: the committee's decision, the mobilisation and the accompaniment."""

from datetime import date
from typing import ClassVar, Final
from uuid import UUID, uuid5

from shared.contracts.fact import Actor, Email, Fact, Value
from shared.contracts.intake import Document
from shared.contracts.vocabulary import (
    ApplicantKind,
    CommitteeOutcome,
    FinancerKind,
    MobilisationKind,
    MobilisationStep,
    OpenKind,
    OrderEntry,
    Programme,
    ReserveBlocks,
    Stage,
    SupportType,
    Team,
)
from shared.contracts.withdrawal import WithdrawalAcceptance, WithdrawalRefusal


class Votes(Value):
    """How the members voted."""

    in_favour: int
    against: int
    abstained: int = 0


class Decision(Value):
    """A decision of the comité de suivi de projet, an object of its own; `amount_cents` in euro cents.

    Without `votes` it was taken by consensus. `reserve_until` is when the reserve must be lifted, `signatory` in which
    quality it is signed, `appeal` the ways of appeal, `corrects` the number of the decision that it replaces.
    `reserve_blocks` is what the reserve holds back until it is lifted; `override_reason` says why more was granted than
    the envelope still holds, or than is plausible. `recused` are the members who withdrew, having an interest in the
    dossier; `voters` is how many could vote without them.
    """

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
    reserve_until: date | None = None
    votes: Votes | None = None
    signatory: str | None = None
    appeal: str | None = None
    corrects: str | None = None
    override_reason: str | None = None
    reserve_blocks: ReserveBlocks | None = None
    recused: tuple[str, ...] = ()
    voters: int | None = None


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


class Terms(Value):
    """What a decision comes to, for whoever compares it with the one that replaces it; amounts in euro cents."""

    outcome: CommitteeOutcome
    support_types: tuple[SupportType, ...] = ()
    amount_cents: int = 0
    reserve: str | None = None
    reserve_until: date | None = None


class DecisionCorrected(Fact):
    """A new decision replaces the one that it names; `under_way` when means or work go on in any case.

    `was` is what the replaced decision came to; corrections of before December 2026 do not say it.
    """

    wire_type: ClassVar[str] = "escalation.decision_corrected.v1"
    decision: Decision
    under_way: bool
    was: Terms | None = None


class ReserveLifted(Fact):
    """What the committee had asked for with decision `number` is there."""

    wire_type: ClassVar[str] = "escalation.reserve_lifted.v1"
    number: str
    motive: str
    lifted_on: date
    by: Actor


class ResourceMobilised(Fact):
    """A resource was found for the project; `amount_cents` in euro cents."""

    wire_type: ClassVar[str] = "escalation.resource_mobilised.v1"
    mobilisation_id: UUID
    kind: MobilisationKind
    resource: str
    amount_cents: int = 0
    lot: str | None = None
    by: Actor
    purchase_order: str | None = None


class ResourceProgressed(Fact):
    """A mobilised resource was accepted, declined, started or delivered in whole.

    A `motive` with `declined` says that we cancelled it, and why.
    """

    wire_type: ClassVar[str] = "escalation.resource_progressed.v1"
    mobilisation_id: UUID
    resource: str
    step: MobilisationStep
    motive: str | None = None
    by: Actor


class OrderBooked(Fact):
    """A part of an order was delivered or paid, `amount_cents` in euro cents; `reference` of the note or invoice."""

    wire_type: ClassVar[str] = "escalation.order_booked.v1"
    entry_id: UUID
    mobilisation_id: UUID
    resource: str
    entry: OrderEntry
    amount_cents: int
    dated: date
    reference: str | None = None
    by: Actor


class FinancingShare(Value):
    """What one financer pays, in euro cents."""

    kind: FinancerKind
    financer: str
    amount_cents: int


class FinancingPlanned(Fact):
    """Who pays what of the project: all shares, which replace the earlier ones; they add up to `total_cents`."""

    wire_type: ClassVar[str] = "escalation.financing_planned.v1"
    total_cents: int
    shares: tuple[FinancingShare, ...]
    by: Actor


class AccompanimentStarted(Fact):
    """The work with the applicant begins."""

    wire_type: ClassVar[str] = "escalation.accompaniment_started.v1"
    starts_on: date
    ends_on: date
    by: Actor


class AccompanimentRescheduled(Fact):
    """The work with the applicant begins, or ends, on another day than planned."""

    wire_type: ClassVar[str] = "escalation.accompaniment_rescheduled.v1"
    starts_on: date
    ends_on: date
    was_starts_on: date
    was_ends_on: date
    motive: str
    by: Actor


class MilestonePlanned(Fact):
    """A milestone was set."""

    wire_type: ClassVar[str] = "escalation.milestone_planned.v1"
    milestone_id: UUID
    title: str
    due_on: date
    deliverable: str | None = None


class MilestonePostponed(Fact):
    """A milestone has a new date."""

    wire_type: ClassVar[str] = "escalation.milestone_postponed.v1"
    milestone_id: UUID
    title: str
    due_on: date
    was_due_on: date
    motive: str
    by: Actor


class MilestoneCancelled(Fact):
    """A milestone is not reached any more: the project goes on, or has ended, without it."""

    wire_type: ClassVar[str] = "escalation.milestone_cancelled.v1"
    milestone_id: UUID
    title: str
    due_on: date
    motive: str
    by: Actor


class ProgressReported(Fact):
    """A person who works on the project reported its progress: of one milestone, or of all of it."""

    wire_type: ClassVar[str] = "escalation.progress_reported.v1"
    report_id: UUID
    milestone_id: UUID | None = None
    milestone: str | None = None
    percent: int | None = None
    text: str
    team: Team
    author: str


class DeliverableAdded(Fact):
    """A file came out of the accompaniment; the national team stores its bytes."""

    wire_type: ClassVar[str] = "escalation.deliverable_added.v1"
    document: Document
    milestone_id: UUID | None = None
    milestone: str | None = None
    team: Team
    author: str


class ProviderInvited(Fact):
    """A provider got a link to report progress; a link of an earlier generation opens nothing."""

    wire_type: ClassVar[str] = "escalation.provider_invited.v1"
    mobilisation_id: UUID
    provider: str
    email: Email
    link_generation: int
    by: Actor


class MilestoneReached(Fact):
    """A milestone was reached."""

    wire_type: ClassVar[str] = "escalation.milestone_reached.v1"
    milestone_id: UUID
    title: str
    due_on: date
    reached_on: date


class OpenPoint(Value):
    """What is open when the work ends: an order, a payment, a milestone or a start to come; `label` in French."""

    kind: OpenKind
    id: UUID
    label: str


class AccompanimentCompleted(Fact):
    """The work is done; what is `carried` stayed open, for the reason that is given, and can be closed afterwards."""

    wire_type: ClassVar[str] = "escalation.accompaniment_completed.v1"
    report: str
    carry_reason: str | None = None
    carried: tuple[OpenPoint, ...] = ()
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


class StageDueSoon(Fact):
    """The last day of a stage, or of a milestone (`what`), is near: published once before it."""

    wire_type: ClassVar[str] = "escalation.stage_due_soon.v1"
    number: str
    stage: Stage
    due_on: date
    what: str | None = None


COVERAGES: Final = UUID("7d0a3c52-5b7e-5d0e-9f4a-2f6f1f0c9b11")
"""The namespace of the streams about the territories of a programme."""


def coverage_id(programme: Programme, departement: str) -> UUID:
    """Name the stream of a programme's coverage in a département: it is about no request."""
    return uuid5(COVERAGES, f"{programme.value}/{departement}")


class CoveredTerritory(Value):
    """An official territory that a programme covers: INSEE code, or an EPCI's SIREN; from and until when, if known."""

    kind: ApplicantKind
    code: str
    name: str
    since: date | None = None
    until: date | None = None


class ProgrammeCoverageSet(Fact):
    """The territories of a département that a programme covers: all of them, which replace the earlier ones.

    `request_id` is the coverage's own (`coverage_id`), and so the stream's subject. A territory across several
    départements is published in each of them.
    """

    wire_type: ClassVar[str] = "escalation.programme_coverage_set.v1"
    programme: Programme
    territories: tuple[CoveredTerritory, ...]
    by: Actor


class ProgrammeRequestTakenUp(Fact):
    """A programme's team takes up a request that a département directed to it, and names a contact."""

    wire_type: ClassVar[str] = "escalation.programme_request_taken_up.v1"
    programme: Programme
    interlocutor: str
    by: Actor


class ProgrammeRequestDeclined(Fact):
    """The programme is not the answer to the request, which goes back to the département."""

    wire_type: ClassVar[str] = "escalation.programme_request_declined.v1"
    programme: Programme
    motive: str
    by: Actor


class ProgrammeRequestCompleted(Fact):
    """The programme has done its part for the request."""

    wire_type: ClassVar[str] = "escalation.programme_request_completed.v1"
    programme: Programme
    report: str
    by: Actor


class WithdrawalAccepted(WithdrawalAcceptance):
    """The national team ends the request, or the team of `programme` where it was directed to one."""

    wire_type: ClassVar[str] = "escalation.withdrawal_accepted.v1"
    programme: Programme | None = None


class WithdrawalDeclined(WithdrawalRefusal):
    """It is too late for the national team, or for the team of `programme`, to end the request."""

    wire_type: ClassVar[str] = "escalation.withdrawal_declined.v1"
    programme: Programme | None = None


FACTS: tuple[type[Fact], ...] = (
    EscalationReceived,
    InformationRequested,
    AdmissibilitySettled,
    EscalationReturned,
    SessionScheduled,
    DecisionMade,
    DecisionCorrected,
    ReserveLifted,
    ResourceMobilised,
    ResourceProgressed,
    OrderBooked,
    FinancingPlanned,
    AccompanimentStarted,
    AccompanimentRescheduled,
    MilestonePlanned,
    MilestonePostponed,
    MilestoneCancelled,
    MilestoneReached,
    ProgressReported,
    DeliverableAdded,
    ProviderInvited,
    AccompanimentCompleted,
    EvaluationRequested,
    StageOverdue,
    StageDueSoon,
    ProgrammeCoverageSet,
    ProgrammeRequestTakenUp,
    ProgrammeRequestDeclined,
    ProgrammeRequestCompleted,
    WithdrawalAccepted,
    WithdrawalDeclined,
)
