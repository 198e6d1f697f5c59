"""Events of qualification: the examination of a request in a département, and its outcome."""

from datetime import date
from typing import ClassVar, Literal
from uuid import UUID

from pydantic import AwareDatetime

from shared.contracts.fact import Actor, Email, Fact, Value
from shared.contracts.intake import Document, Request
from shared.contracts.vocabulary import (
    EscalationMotive,
    LocalClock,
    LocalEnd,
    LocalOffer,
    Outcome,
    Programme,
    Stage,
    SupportType,
    Team,
)
from shared.contracts.withdrawal import WithdrawalAcceptance, WithdrawalRefusal


class DepartmentalFact(Fact):
    """A fact published by the département in charge; each département is a source of its own."""

    @property
    def source(self) -> str:
        """`/qualification/95` for the Val-d'Oise."""
        return f"/qualification/{self.departement}"


class Service(Value):
    """The service in charge, as the applicant reads it."""

    name: str
    address: str | None = None
    email: str | None = None
    phone: str | None = None


class Act(Value):
    """What makes an answer of a département an administrative act: who takes it, for which service, how to appeal.

    `quality` is that of the author, as their letter prints it. `appeal` (ways and terms) and `court`, which hears the
    contentious one, are None where nothing is refused.
    """

    author: str
    quality: str
    service: Service
    appeal: str | None = None
    court: str | None = None


class Qualification(Value):
    """The qualification grid; figures from 1 (low) to 5 (high)."""

    need: int
    capacity: int
    complexity: int
    urgency: int
    maturity: int
    local_offer: LocalOffer
    opinion: str
    fully_covered: bool
    cost_motive: str | None = None


class ProviderTried(Value):
    """A local provider that was asked, and what it answered."""

    provider_id: UUID
    name: str
    answer: str


class Evidence(Value):
    """Why the département cannot answer alone: without it there is no escalation."""

    motive_code: EscalationMotive
    motive: str
    providers_tried: tuple[ProviderTried, ...] = ()
    opinion: str


class DossierMessage(Value):
    """One message of the exchange with the applicant."""

    at: AwareDatetime
    author: Team
    text: str


class DossierStep(Value):
    """One step of what already happened."""

    at: AwareDatetime
    type: str
    label: str
    team: Team | None = None


class Exchanges(Value):
    """Which events carry what a dossier refers to: `parts` of them bear this `id`; `messages` and `steps` they hold."""

    id: UUID
    parts: int
    messages: int
    steps: int


class Dossier(Value):
    """Everything the next team needs, so that it never reads the département's database.

    It refers to its messages and older steps (`exchanges`), which are published before it, in parts. `messages` are in
    dossiers published before November 2026 only; `history` holds the latest steps.
    """

    request: Request
    qualification: Qualification | None = None
    messages: tuple[DossierMessage, ...] = ()
    documents: tuple[Document, ...] = ()
    history: tuple[DossierStep, ...] = ()
    exchanges: Exchanges | None = None


class Provider(Value):
    """A local provider, as the applicant reads it, with the address for mails."""

    id: UUID
    name: str
    email: str
    phone: str | None = None


class RequestRegistered(DepartmentalFact):
    """The département has the request in its queue, and gives its service and the latest start of the examination."""

    wire_type: ClassVar[str] = "qualification.request_registered.v1"
    number: str
    service: Service
    due_on: date


class ExaminationStarted(DepartmentalFact):
    """An agent examines the request.

    `resumed` when the examination had waited for the applicant, `reopened` when the request had already left the
    département's hands.
    """

    wire_type: ClassVar[str] = "qualification.examination_started.v1"
    by: Actor
    due_on: date | None = None
    reopened: bool = False
    resumed: bool = False


class InformationRequested(DepartmentalFact):
    """The département waits for the applicant, whose clock runs until `until`."""

    wire_type: ClassVar[str] = "qualification.information_requested.v1"
    items: tuple[str, ...]
    until: date
    by: Actor


class MessagePosted(DepartmentalFact):
    """The département wrote to the applicant."""

    wire_type: ClassVar[str] = "qualification.message_posted.v1"
    message_id: UUID
    text: str
    by: Actor


class RequestQualified(DepartmentalFact):
    """The qualification grid was filled in."""

    wire_type: ClassVar[str] = "qualification.request_qualified.v1"
    qualification: Qualification
    by: Actor


class OutcomeProposed(DepartmentalFact):
    """An outcome waits for its validation by another person."""

    wire_type: ClassVar[str] = "qualification.outcome_proposed.v1"
    outcome: Outcome
    by: Actor


class ProposalRejected(DepartmentalFact):
    """The délégué did not validate: the examination goes on."""

    wire_type: ClassVar[str] = "qualification.proposal_rejected.v1"
    motive: str
    by: Actor


class ProposalTakenBack(DepartmentalFact):
    """The author of the proposal takes it back before it is validated: the examination goes on."""

    wire_type: ClassVar[str] = "qualification.proposal_taken_back.v1"
    by: Actor


class ExchangesPart(Fact):
    """One part of what a dossier refers to by `exchange_id`; `part` counts from 1. It is published before the dossier.

    A part holds at most 64 KiB, or a single message. `outcome` is that of the dossier.
    """

    exchange_id: UUID
    part: int
    outcome: Outcome
    messages: tuple[DossierMessage, ...] = ()
    history: tuple[DossierStep, ...] = ()


class ExchangesShared(ExchangesPart, DepartmentalFact):
    """A part of the exchanges of a dossier that the same département hands over."""

    wire_type: ClassVar[str] = "qualification.exchanges_shared.v1"


class ExchangesTransferred(ExchangesPart):
    """A part of the exchanges of a request that goes to another département, for which it stands alone (ADR 3)."""

    wire_type: ClassVar[str] = "qualification.exchanges_transferred.v1"
    from_departement: str

    @property
    def source(self) -> str:
        """The département that lets go is the one that publishes."""
        return f"/qualification/{self.from_departement}"


class OrientedLocally(DepartmentalFact):
    """A local provider is asked to help and answers by its link until `until`."""

    wire_type: ClassVar[str] = "qualification.oriented_locally.v1"
    orientation_id: UUID
    provider: Provider
    until: date
    motive: str
    by: Actor
    dossier: Dossier
    act: Act | None = None


class OrientationAccepted(DepartmentalFact):
    """The provider helps, and makes the first contact until `start_until`."""

    wire_type: ClassVar[str] = "qualification.orientation_accepted.v1"
    orientation_id: UUID
    provider: Provider
    link_generation: int = 1
    start_until: date | None = None


class OrientationDeclined(DepartmentalFact):
    """The provider cannot help, or did not answer in time: back to the département."""

    wire_type: ClassVar[str] = "qualification.orientation_declined.v1"
    orientation_id: UUID
    provider: Provider
    motive: str
    silent: bool = False


class OrientationLinkReplaced(DepartmentalFact):
    """The provider's link opens nothing any more; a new one goes to `email`, none where that is missing.

    `until` is the last day to answer, None where the provider has answered.
    """

    wire_type: ClassVar[str] = "qualification.orientation_link_replaced.v1"
    orientation_id: UUID
    provider: Provider
    email: Email | None = None
    link_generation: int
    until: date | None = None
    by: Actor


class SupportedLocally(DepartmentalFact):
    """The département helps on its own envelope (`amount_cents` in euro cents), from `start_until` at the latest."""

    wire_type: ClassVar[str] = "qualification.supported_locally.v1"
    support_types: tuple[SupportType, ...]
    amount_cents: int
    motive: str
    by: Actor
    act: Act | None = None
    start_until: date | None = None


class LocalWorkStarted(DepartmentalFact):
    """The applicant was contacted: the work of a local answer begins, until `ends_on`.

    Without a `provider` the département does the work on its own envelope.
    """

    wire_type: ClassVar[str] = "qualification.local_work_started.v1"
    provider: Provider | None = None
    started_on: date
    ends_on: date
    by: Actor


class LocalMilestoneSet(DepartmentalFact):
    """The local work has a milestone; `deliverable` is what comes out at it."""

    wire_type: ClassVar[str] = "qualification.local_milestone_set.v1"
    milestone_id: UUID
    title: str
    due_on: date
    deliverable: str | None = None
    by: Actor


class LocalMilestonePostponed(DepartmentalFact):
    """A milestone of the local work has a new date."""

    wire_type: ClassVar[str] = "qualification.local_milestone_postponed.v1"
    milestone_id: UUID
    title: str
    due_on: date
    was_due_on: date
    motive: str
    by: Actor


class LocalMilestoneReached(DepartmentalFact):
    """A milestone of the local work was reached."""

    wire_type: ClassVar[str] = "qualification.local_milestone_reached.v1"
    milestone_id: UUID
    title: str
    due_on: date
    reached_on: date
    by: Actor


class LocalEndPostponed(DepartmentalFact):
    """The local work goes on longer than planned."""

    wire_type: ClassVar[str] = "qualification.local_end_postponed.v1"
    ends_on: date
    was_ends_on: date
    motive: str
    by: Actor


class LocalProgressReported(DepartmentalFact):
    """A person who does the local work reported its progress: of one milestone, or of all of it."""

    wire_type: ClassVar[str] = "qualification.local_progress_reported.v1"
    report_id: UUID
    milestone_id: UUID | None = None
    milestone: str | None = None
    percent: int | None = None
    text: str
    by: Actor


class LocalDeliverableAdded(DepartmentalFact):
    """A file came out of the local work; the département stores its bytes."""

    wire_type: ClassVar[str] = "qualification.local_deliverable_added.v1"
    document: Document
    milestone_id: UUID | None = None
    milestone: str | None = None
    by: Actor


class LocalWorkCompleted(DepartmentalFact):
    """The local work is done, and the applicant is asked until `evaluation_until` what came of it.

    `carry_reason`: why milestones that were not reached no longer will be.
    """

    wire_type: ClassVar[str] = "qualification.local_work_completed.v1"
    provider: Provider | None = None
    report: str
    carry_reason: str | None = None
    evaluation_until: date
    by: Actor


class LocalWorkStopped(DepartmentalFact):
    """The local work ends without a result.

    `reopens`: the département looks for another answer. `given_back_cents`: what of a support was not spent. `provider`
    is whoever worked, by the link of that generation.
    """

    wire_type: ClassVar[str] = "qualification.local_work_stopped.v1"
    reason: LocalEnd
    motive: str
    reopens: bool
    given_back_cents: int = 0
    provider: Provider | None = None
    orientation_id: UUID | None = None
    link_generation: int = 1
    by: Actor


class LocalClockFact(DepartmentalFact):
    """A clock of local work: the first contact, a milestone (`title`), or the planned end.

    It is the provider who is awaited (by the link of that generation), or the département where there is none.
    """

    number: str
    clock: LocalClock
    title: str | None = None
    due_on: date
    milestone_id: UUID | None = None
    provider: Provider | None = None
    orientation_id: UUID | None = None
    link_generation: int = 1


class LocalWorkDueSoon(LocalClockFact):
    """The last day of a clock of local work is near: published once before it."""

    wire_type: ClassVar[str] = "qualification.local_work_due_soon.v1"


class LocalWorkOverdue(LocalClockFact):
    """The last day of a clock of local work has passed."""

    wire_type: ClassVar[str] = "qualification.local_work_overdue.v1"


class DirectedToProgramme(DepartmentalFact):
    """A national programme takes over."""

    wire_type: ClassVar[str] = "qualification.directed_to_programme.v1"
    programme: Programme
    motive: str
    by: Actor
    dossier: Dossier
    act: Act | None = None


class RequestEscalated(DepartmentalFact):
    """The national team takes over, with the whole dossier."""

    wire_type: ClassVar[str] = "qualification.request_escalated.v1"
    evidence: Evidence
    dossier: Dossier
    service: Service
    by: Actor
    act: Act | None = None


class NationalQuestionAnswered(DepartmentalFact):
    """The département answered the national team's question."""

    wire_type: ClassVar[str] = "qualification.national_question_answered.v1"
    text: str
    by: Actor


class RequestRefused(DepartmentalFact):
    """The request is refused, with its motive and the ways of appeal."""

    wire_type: ClassVar[str] = "qualification.request_refused.v1"
    motive: str
    appeal: str
    by: Actor
    act: Act | None = None


class RequestTransferred(Fact):
    """Another département takes over; `departement` is the one now in charge, `from_departement` the publisher.

    `withdrawals_answered`: the requests to withdraw that an earlier owner answered, which the new one must not answer.
    """

    wire_type: ClassVar[str] = "qualification.request_transferred.v1"
    from_departement: str
    motive: str
    by: Actor
    dossier: Dossier
    withdrawals_answered: tuple[AwareDatetime, ...] = ()
    act: Act | None = None

    @property
    def source(self) -> str:
        """The département that hands over is the publisher."""
        return f"/qualification/{self.from_departement}"


class WithdrawalAccepted(WithdrawalAcceptance, DepartmentalFact):
    """The département ends the request; the `provider` who was asked, if one was, need not answer any more."""

    wire_type: ClassVar[str] = "qualification.withdrawal_accepted.v1"
    orientation_id: UUID | None = None
    provider: Provider | None = None
    link_generation: int = 1


class WithdrawalDeclined(WithdrawalRefusal, DepartmentalFact):
    """It is too late for the département to end the request."""

    wire_type: ClassVar[str] = "qualification.withdrawal_declined.v1"


class StageOverdue(DepartmentalFact):
    """A stage has passed its date."""

    wire_type: ClassVar[str] = "qualification.stage_overdue.v1"
    number: str
    stage: Stage
    due_on: date


class StageDueSoon(DepartmentalFact):
    """A stage of the département ends in a few days, and is not done."""

    wire_type: ClassVar[str] = "qualification.stage_due_soon.v1"
    number: str
    stage: Stage
    due_on: date


class OrientationDueSoon(DepartmentalFact):
    """A provider has a few days left to answer."""

    wire_type: ClassVar[str] = "qualification.orientation_due_soon.v1"
    orientation_id: UUID
    provider: Provider
    until: date
    link_generation: int = 1


class InformationDueSoon(DepartmentalFact):
    """The applicant has a few days left to complete the request."""

    wire_type: ClassVar[str] = "qualification.information_due_soon.v1"
    until: date


class NationalQuestionDueSoon(DepartmentalFact):
    """The département has a few days left to answer the national team."""

    wire_type: ClassVar[str] = "qualification.national_question_due_soon.v1"
    question: str
    until: date


PartyExpected = Literal["agree", "sign", "report", "follow"]
"""What a party of a pact is to do: agree the diagnosis, sign the plan, report progress of its actions, or read."""


class PactFact(DepartmentalFact):
    """A fact about a territorial pact; `request_id` is the pact's own id, and so the stream's subject."""

    title: str


class PactOpened(PactFact):
    """A pact is prepared between these parties."""

    wire_type: ClassVar[str] = "qualification.pact_opened.v1"
    parties: tuple[str, ...]
    from_request: UUID | None = None


class PactDiagnosisShared(PactFact):
    """A diagnosis is on the table for each party to agree."""

    wire_type: ClassVar[str] = "qualification.pact_diagnosis_shared.v1"
    version: int


class PactDiagnosisAgreed(PactFact):
    """A party agreed the diagnosis; `complete` when it was the last one."""

    wire_type: ClassVar[str] = "qualification.pact_diagnosis_agreed.v1"
    party: str
    complete: bool


PactTurn = Literal["reopened", "restarted", "given_up"]
"""Why a party need not sign any more: the plan is worked at again, another version takes its place, or none does."""


class PactPartyInvited(PactFact):
    """A party is sent its link, and with it what is expected of it now; an earlier `link_generation` opens nothing.

    `version` is that of the pact that it is about; `turn` is why what it was asked before no longer holds.
    """

    wire_type: ClassVar[str] = "qualification.pact_party_invited.v1"
    party_id: UUID
    party: str
    email: Email
    link_generation: int
    expected: PartyExpected
    by: Actor
    version: int = 1
    turn: PactTurn | None = None


class PactActionAdded(PactFact):
    """An action joined the plan."""

    wire_type: ClassVar[str] = "qualification.pact_action_added.v1"
    action_id: UUID
    action: str


class PactActionRemoved(PactFact):
    """An action was removed from a plan that no party had signed yet."""

    wire_type: ClassVar[str] = "qualification.pact_action_removed.v1"
    action_id: UUID
    action: str


class PactActionChanged(PactFact):
    """An action of a plan that is worked at was edited; `action` is its title now."""

    wire_type: ClassVar[str] = "qualification.pact_action_changed.v1"
    action_id: UUID
    action: str


class PactPartyAdded(PactFact):
    """Another party joined before the plan was ready; the diagnosis waits for its agreement."""

    wire_type: ClassVar[str] = "qualification.pact_party_added.v1"
    party: str
    by: Actor


class PactPartyCorrected(PactFact):
    """The name, the code or the contact of a party was corrected.

    `party` is its name until now, `name` the one from now on; another contact makes earlier links open nothing.
    """

    wire_type: ClassVar[str] = "qualification.pact_party_corrected.v1"
    party: str
    name: str
    link_generation: int
    by: Actor


class PactPartyRemoved(PactFact):
    """A party was removed before the plan was ready: its link opens nothing.

    `complete` when the others had all agreed the diagnosis. With `from_version`, it stays a party until that version of
    the pact is in force. `email` is where it is told, if its address is known and it was invited.
    """

    wire_type: ClassVar[str] = "qualification.pact_party_removed.v1"
    party_id: UUID
    party: str
    link_generation: int
    email: Email | None = None
    complete: bool = False
    from_version: int | None = None
    by: Actor


class PactPlanReady(PactFact):
    """The plan of this version is ready: each party is asked to sign it; `sha256` is of the document to sign."""

    wire_type: ClassVar[str] = "qualification.pact_plan_ready.v1"
    version: int
    sha256: str | None = None
    by: Actor


class PactPlanReopened(PactFact):
    """The plan is worked at again, before anybody signed it."""

    wire_type: ClassVar[str] = "qualification.pact_plan_reopened.v1"
    version: int
    by: Actor


class PactVersionStarted(PactFact):
    """Another version is prepared: after the one in force, or in the place of one that only some have signed."""

    wire_type: ClassVar[str] = "qualification.pact_version_started.v1"
    version: int
    by: Actor


class PactVersionGivenUp(PactFact):
    """The amendment that was prepared is given up: the version in force stays, with that `diagnosis`."""

    wire_type: ClassVar[str] = "qualification.pact_version_given_up.v1"
    version: int
    in_force: int
    diagnosis: int
    by: Actor


class PactSignatureReminded(PactFact):
    """A party that has yet to sign is reminded; `asked_on` is the day on which the plan was ready."""

    wire_type: ClassVar[str] = "qualification.pact_signature_reminded.v1"
    party_id: UUID
    party: str
    email: Email
    link_generation: int
    asked_on: date


class PactSigned(PactFact):
    """A party signed a version; `complete` when it was the last one, with the `sha256` of the signed document."""

    wire_type: ClassVar[str] = "qualification.pact_signed.v1"
    party: str
    complete: bool
    version: int = 1
    sha256: str | None = None


class PactProgressReported(PactFact):
    """The progress of an action was reported."""

    wire_type: ClassVar[str] = "qualification.pact_progress_reported.v1"
    action_id: UUID
    percent: int
    status: Literal["planned", "under_way", "done", "given_up"]


class PactReviewed(PactFact):
    """The parties held their yearly review; `held_on` is the day, what they concluded stays in the département."""

    wire_type: ClassVar[str] = "qualification.pact_reviewed.v1"
    held_on: date


FACTS: tuple[type[Fact], ...] = (
    RequestRegistered,
    ExaminationStarted,
    InformationRequested,
    MessagePosted,
    RequestQualified,
    OutcomeProposed,
    ProposalRejected,
    ProposalTakenBack,
    ExchangesShared,
    ExchangesTransferred,
    OrientedLocally,
    OrientationAccepted,
    OrientationDeclined,
    OrientationLinkReplaced,
    SupportedLocally,
    LocalWorkStarted,
    LocalMilestoneSet,
    LocalMilestonePostponed,
    LocalMilestoneReached,
    LocalEndPostponed,
    LocalProgressReported,
    LocalDeliverableAdded,
    LocalWorkCompleted,
    LocalWorkStopped,
    LocalWorkDueSoon,
    LocalWorkOverdue,
    DirectedToProgramme,
    RequestEscalated,
    NationalQuestionAnswered,
    RequestRefused,
    RequestTransferred,
    WithdrawalAccepted,
    WithdrawalDeclined,
    StageOverdue,
    StageDueSoon,
    OrientationDueSoon,
    InformationDueSoon,
    NationalQuestionDueSoon,
    PactOpened,
    PactDiagnosisShared,
    PactDiagnosisAgreed,
    PactPartyInvited,
    PactActionAdded,
    PactActionRemoved,
    PactActionChanged,
    PactPartyAdded,
    PactPartyCorrected,
    PactPartyRemoved,
    PactPlanReady,
    PactPlanReopened,
    PactVersionStarted,
    PactVersionGivenUp,
    PactSignatureReminded,
    PactSigned,
    PactProgressReported,
    PactReviewed,
)
