"""The dossier before the national team (aggregate), from its reception to the end of the accompaniment."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from functools import singledispatchmethod
from typing import TypedDict, TypeVar
from uuid import UUID

from services.escalation.domain.financing import check_shares
from services.escalation.domain.grant import GRANTING, NOTHING, UNLESS_SAID, Grant
from services.escalation.domain.moves import Action, By, State, allow, allowed_actions
from services.escalation.domain.refusals import CompletionBlocked
from shared.contracts.escalation import (
    AccompanimentCompleted,
    AccompanimentRescheduled,
    AccompanimentStarted,
    AdmissibilitySettled,
    Decision,
    DecisionCorrected,
    DecisionMade,
    EscalationReceived,
    EscalationReturned,
    EvaluationRequested,
    FinancingPlanned,
    FinancingShare,
    InformationRequested,
    MilestonePlanned,
    OpenPoint,
    ReserveLifted,
    ResourceMobilised,
    SessionScheduled,
    StageDueSoon,
    StageOverdue,
    WithdrawalAccepted,
)
from shared.contracts.fact import A_MOMENT, Actor, Fact
from shared.contracts.vocabulary import CommitteeOutcome, MobilisationKind, Stage
from shared.errors import Invalid
from shared.french.dates import date_fr

LONGEST_ACCOMPANIMENT_YEARS = 10
MOST_CARRIED = 200
"""Open points that the event of a completion names."""

OfClock = TypeVar("OfClock", StageDueSoon, StageOverdue)

Applied = TypeVar("Applied", bound=Fact)


class _About(TypedDict):
    request_id: UUID
    departement: str
    at: datetime


@dataclass(slots=True)
class Escalation:
    """Where a dossier stands. Every method checks first, then changes, and returns the fact.

    `stage` and `due_on` are the clock that runs; it stands still while the département must answer. `grant` is what the
    decision that stands grants, loaded with the dossier for whoever acts on it.
    """

    request_id: UUID
    number: str
    departement: str
    state: State
    resume_state: State | None = None
    asked_at: datetime | None = None
    stage: Stage | None = None
    due_on: date | None = None
    overdue_told: bool = False
    soon_told: bool = False
    session_id: UUID | None = None
    starts_on: date | None = None
    ends_on: date | None = None
    report: str | None = None
    carry_reason: str | None = None
    carried: tuple[OpenPoint, ...] = ()
    grant: Grant | None = None

    @property
    def held_back(self) -> frozenset[Action]:
        """Return the actions that wait for the reserve of the decision."""
        return self.grant.held_back if self.grant else frozenset()

    def allowed_actions(self, by: By) -> list[str]:
        """List the actions on the dossier that somebody may take now."""
        return allowed_actions(self.state, by, held_back=self.held_back)

    def allow(self, action: Action, by: By) -> Actor:
        """Allow an action and return who acts; refuses the wrong role or state, and what waits for a reserve."""
        actor = allow(action, self.state, by, held_back=self.held_back)
        if self.grant:
            self.grant.check_reserve(action, state=self.state.value, allowed_actions=self.allowed_actions(by))
        return actor

    def check_amount(self, total_cents: int) -> None:
        """Refuse (`BeyondGrant`) what would come to more, all in all, than was granted."""
        (self.grant or NOTHING).check_amount(total_cents)

    def receive(self, *, due_on: date, at: datetime) -> EscalationReceived:
        """Take the dossier in, the first time or again after it had been returned."""
        return self.apply(EscalationReceived(**self._about(at), number=self.number, due_on=due_on))

    def settle_admissibility(self, *, opinion: str, due_on: date, by: By, at: datetime) -> AdmissibilitySettled:
        """Declare that the dossier can go before the committee, which has until `due_on`."""
        actor = self.allow(Action.ADMISSIBILITY, by)
        settled = self.apply(AdmissibilitySettled(**self._about(at), opinion=opinion, by=actor))
        self.due_on = due_on  # a setting of the day, which no event holds
        return settled

    def ask(self, *, question: str, until: date | None, by: By, at: datetime) -> InformationRequested:
        """Ask the département; our clock stands still until it answers."""
        actor = self.allow(Action.INFORMATION_REQUEST, by)
        return self.apply(InformationRequested(**self._about(at), question=question, until=until, by=actor))

    def resume(self, *, due_on: date | None) -> bool:
        """Resume after the département's answer with a new due date; returns whether an answer was awaited."""
        if self.state is not State.AWAITING_DEPARTEMENT or self.resume_state is None:
            return False
        self.state, self.resume_state, self.asked_at = self.resume_state, None, None
        self.due_on, self.soon_told = due_on, False
        return True

    def give_back(self, *, motive: str, by: By, at: datetime) -> EscalationReturned:
        """Return the dossier to the département without a decision of the committee."""
        actor = self.allow(Action.RETURN, by)
        return self.apply(EscalationReturned(**self._about(at), motive=motive, by=actor))

    def schedule(self, *, session_id: UUID, title: str, held_on: date, by: By, at: datetime) -> SessionScheduled:
        """Put the dossier on the agenda of a session."""
        actor = self.allow(Action.SCHEDULE, by)
        return self.apply(
            SessionScheduled(**self._about(at), session_id=session_id, title=title, held_on=held_on, by=actor)
        )

    def take_decision(self, decision: Decision, *, next_due_on: date, at: datetime) -> DecisionMade:
        """Take the committee's decision; a deferred dossier comes before the committee again by `next_due_on`."""
        made = self.apply(DecisionMade(**self._about(at), decision=decision))
        if decision.outcome is CommitteeOutcome.DEFERRED:
            self.due_on = next_due_on
        return made

    def mobilise(
        self,
        *,
        mobilisation_id: UUID,
        kind: MobilisationKind,
        resource: str,
        amount_cents: int,
        lot: str | None,
        by: By,
        at: datetime,
        purchase_order: str | None = None,
        committed_cents: int = 0,
    ) -> ResourceMobilised:
        """Find means for the project; with what is `committed_cents` already, within what was granted."""
        actor = self.allow(Action.MOBILISATIONS, by)
        if amount_cents:
            self.check_amount(committed_cents + amount_cents)
        return self.apply(
            ResourceMobilised(
                **self._about(at),
                mobilisation_id=mobilisation_id,
                kind=kind,
                resource=resource,
                amount_cents=amount_cents,
                lot=lot,
                by=actor,
                purchase_order=purchase_order,
            )
        )

    def plan_financing(
        self, *, total_cents: int, shares: Sequence[FinancingShare], fully_covered: bool | None, by: By, at: datetime
    ) -> FinancingPlanned:
        """Settle who pays what, `fully_covered` being what the cost rule says of the applicant, if it was asked."""
        actor = self.allow(Action.FINANCING, by)
        check_shares(total_cents, shares, fully_covered=fully_covered)
        return FinancingPlanned(
            **self._about(at),
            total_cents=total_cents,
            shares=tuple(shares),
            by=actor,
        )

    def accompany(self, *, starts_on: date, ends_on: date, by: By, at: datetime) -> AccompanimentStarted:
        """Begin the work with the applicant."""
        actor = self.allow(Action.ACCOMPANIMENT, by)
        _check_period(starts_on, ends_on)
        return self.apply(AccompanimentStarted(**self._about(at), starts_on=starts_on, ends_on=ends_on, by=actor))

    def plan_milestone(
        self,
        *,
        milestone_id: UUID,
        title: str,
        due_on: date,
        by: By,
        at: datetime,
        deliverable: str | None = None,
    ) -> MilestonePlanned:
        """Set a milestone of the accompaniment; it is due between its first and its last day."""
        self.allow(Action.MILESTONES, by)
        self.check_within(due_on)
        return MilestonePlanned(
            **self._about(at),
            milestone_id=milestone_id,
            title=title,
            due_on=due_on,
            deliverable=deliverable,
        )

    def check_within(self, due_on: date) -> None:
        """Refuse (`Invalid`) the date of a milestone that lies outside the accompaniment."""
        if self.starts_on is not None and due_on < self.starts_on:
            raise Invalid.field("due_on", "Un jalon ne peut pas précéder le début de l’accompagnement.")
        if self.ends_on is not None and due_on > self.ends_on:
            raise Invalid.field(
                "due_on",
                f"L’accompagnement se termine le {date_fr(self.ends_on)}\u00a0: choisissez une date avant, ou modifiez "
                "d’abord les dates de l’accompagnement.",
            )

    def reschedule(
        self,
        *,
        starts_on: date,
        ends_on: date,
        motive: str,
        due_on: Sequence[date],
        by: By,
        at: datetime,
    ) -> AccompanimentRescheduled:
        """Change the first and the last day of the work; its open milestones, due on these days, stay between them."""
        actor = self.allow(Action.DATES, by)
        _check_period(starts_on, ends_on)
        if any(day > ends_on for day in due_on):
            raise Invalid.field("ends_on", "Un jalon qui n’est pas atteint est prévu après cette fin.")
        if any(day < starts_on for day in due_on):
            raise Invalid.field("starts_on", "Un jalon qui n’est pas atteint est prévu avant ce début.")
        if self.starts_on is None or self.ends_on is None:
            raise ValueError("an accompaniment has its dates from its beginning")
        return self.apply(
            AccompanimentRescheduled(
                **self._about(at),
                starts_on=starts_on,
                ends_on=ends_on,
                was_starts_on=self.starts_on,
                was_ends_on=self.ends_on,
                motive=motive,
                by=actor,
            )
        )

    def complete(
        self,
        *,
        report: str,
        evaluation_until: date,
        by: By,
        at: datetime,
        still_open: Sequence[OpenPoint] = (),
        carry_reason: str | None = None,
    ) -> tuple[AccompanimentCompleted, EvaluationRequested]:
        """End the work, and ask the applicant what came of it; what is still open is carried with a reason only."""
        actor = self.allow(Action.COMPLETION, by)
        if still_open and not carry_reason:
            raise CompletionBlocked(still_open)
        completed = self.apply(
            AccompanimentCompleted(
                **self._about(at),
                report=report,
                carry_reason=carry_reason if still_open else None,
                carried=tuple(still_open[:MOST_CARRIED]),
                by=actor,
            )
        )
        return completed, EvaluationRequested(**self._about(at + A_MOMENT), until=evaluation_until)

    def apply(self, fact: Applied) -> Applied:
        """Change the dossier by a fact of its own stream: one just decided, or one of a journal that is replayed."""
        self._change(fact)
        return fact

    @singledispatchmethod
    def _change(self, fact: Fact) -> None:
        """Change nothing: the fact is published, and leaves the dossier as it is."""

    @_change.register
    def _(self, fact: EscalationReceived) -> None:
        self._enter(State.RECEIVED, stage=Stage.ADMISSIBILITY, due_on=fact.due_on)

    @_change.register
    def _(self, fact: InformationRequested) -> None:
        self.resume_state, self.state, self.asked_at = self.state, State.AWAITING_DEPARTEMENT, fact.at

    @_change.register
    def _(self, _: AdmissibilitySettled) -> None:
        self._enter(State.ADMISSIBLE, stage=Stage.COMMITTEE)

    @_change.register
    def _(self, _: EscalationReturned) -> None:
        self._enter(State.RETURNED)

    @_change.register
    def _(self, fact: SessionScheduled) -> None:
        self.state, self.session_id = State.SCHEDULED, fact.session_id

    @_change.register
    def _(self, fact: DecisionMade) -> None:
        self._stand(fact.decision)
        deferred = fact.decision.outcome is CommitteeOutcome.DEFERRED
        self._enter(State(fact.decision.outcome.value), stage=Stage.COMMITTEE if deferred else None)

    @_change.register
    def _(self, fact: DecisionCorrected) -> None:
        self._stand(fact.decision)
        if not fact.under_way:
            self._enter(State(fact.decision.outcome.value))

    @_change.register
    def _(self, fact: ReserveLifted) -> None:
        if self.grant and self.grant.number == fact.number:
            self.grant = replace(self.grant, reserve=None)

    @_change.register
    def _(self, _: ResourceMobilised) -> None:
        self.state = State.MOBILISING

    @_change.register
    def _(self, fact: AccompanimentStarted) -> None:
        self._enter(State.ACCOMPANIED)
        self.starts_on, self.ends_on = fact.starts_on, fact.ends_on

    @_change.register
    def _(self, fact: AccompanimentRescheduled) -> None:
        self.starts_on, self.ends_on = fact.starts_on, fact.ends_on

    @_change.register
    def _(self, fact: AccompanimentCompleted) -> None:
        self._enter(State.COMPLETED)
        self.report, self.carry_reason, self.carried = fact.report, fact.carry_reason, fact.carried

    @_change.register
    def _(self, _: WithdrawalAccepted) -> None:
        self._enter(State.WITHDRAWN)

    @_change.register
    def _(self, fact: StageOverdue) -> None:
        if fact.stage is not Stage.MILESTONE:
            self.overdue_told = True

    @_change.register
    def _(self, fact: StageDueSoon) -> None:
        if fact.stage is not Stage.MILESTONE:
            self.soon_told = True

    def _stand(self, decision: Decision) -> None:
        """Take a decision as the one that stands."""
        if decision.outcome not in GRANTING:
            self.grant = None
            return
        blocks = decision.reserve_blocks or UNLESS_SAID
        self.grant = Grant(decision.number, decision.amount_cents, decision.reserve, blocks)

    def _enter(self, state: State, *, stage: Stage | None = None, due_on: date | None = None) -> None:
        """Change the state; the clock of the stage before stops, and that of the next starts."""
        self.state, self.resume_state, self.asked_at, self.session_id = state, None, None, None
        self.stage, self.due_on, self.overdue_told, self.soon_told = stage, due_on, False, False

    def mark_due_soon(self, *, today: date, soon: date, at: datetime) -> StageDueSoon | None:
        """Return, once a stage, the reminder that its date is near: between these days."""
        waits = self.state is State.AWAITING_DEPARTEMENT
        if waits or self.soon_told or self.stage is None or self.due_on is None or not today <= self.due_on <= soon:
            return None
        return self.apply(self.of_clock(StageDueSoon, self.stage, due_on=self.due_on, at=at))

    def mark_overdue(self, *, today: date, at: datetime) -> StageOverdue | None:
        """Return, once a stage, the fact that its date has passed."""
        waits = self.state is State.AWAITING_DEPARTEMENT
        if waits or self.overdue_told or self.stage is None or self.due_on is None or today <= self.due_on:
            return None
        return self.apply(self.of_clock(StageOverdue, self.stage, due_on=self.due_on, at=at))

    def of_clock(
        self, fact: type[OfClock], stage: Stage, *, due_on: date, at: datetime, what: str | None = None
    ) -> OfClock:
        """Return a fact about a due date of this dossier."""
        return fact(
            **self._about(at),
            number=self.number,
            stage=stage,
            due_on=due_on,
            what=what,
        )

    def _about(self, at: datetime) -> _About:
        return {"request_id": self.request_id, "departement": self.departement, "at": at}


def _check_period(starts_on: date, ends_on: date) -> None:
    if ends_on < starts_on:
        raise Invalid.field("ends_on", "La fin ne peut pas précéder le début de l’accompagnement.")
    if ends_on.year - starts_on.year > LONGEST_ACCOMPANIMENT_YEARS:
        raise Invalid.field("ends_on", "Un accompagnement dure au plus dix ans : vérifiez l’année.")
