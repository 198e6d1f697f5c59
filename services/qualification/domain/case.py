"""The case: a request that a département has in charge, the actions on it, and the facts that they produce."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import singledispatchmethod
from typing import Final, TypedDict, TypeVar
from uuid import UUID

from services.qualification.domain.local_work import LocalWork
from services.qualification.domain.moves import MOVES, Action, Doer, Standing, State
from services.qualification.domain.orientation import Orientation
from services.qualification.domain.people import Official
from services.qualification.domain.proposal import WITHOUT_QUALIFICATION, Proposal, Returned
from services.qualification.domain.refusals import (
    NotProposer,
    Overtaken,
    OwnProposal,
    ProposalChanged,
    QualificationMissing,
    TakenMeanwhile,
)
from services.qualification.domain.withdrawals import ruling_of
from shared.calendar import today
from shared.contracts import qualification as facts
from shared.contracts.fact import Actor, Fact, Value
from shared.contracts.intake import Request
from shared.contracts.vocabulary import Outcome, Role, Stage
from shared.contracts.withdrawal import Withdrawal, WithdrawalAcceptance
from shared.errors import Forbidden, IllegalMove, Invalid
from shared.french.dates import datetime_fr

SYSTEM: Final = Actor(role=Role.SYSTEM)
CLOCKS: Final = {State.REGISTERED, State.UNDER_EXAMINATION, State.PROPOSED}
"""Where the département's own clock runs."""

INFORMATION: Final = "information"
QUESTION: Final = "question"
"""The clock of the applicant who was asked to complete; the others are the stages."""

LONGEST_WAIT: Final = timedelta(days=366)
"""How long the applicant may be given to complete, while the département's clock stands still."""

AFTER: Final = {
    Outcome.LOCAL_ORIENTATION: State.ORIENTED_LOCALLY,
    Outcome.LOCAL_SUPPORT: State.SUPPORTED_LOCALLY,
    Outcome.PROGRAMME: State.DIRECTED_TO_PROGRAMME,
    Outcome.ESCALATION: State.ESCALATED,
    Outcome.REFUSAL: State.REFUSED,
    Outcome.TRANSFER: State.TRANSFERRED,
}
"""Where a validated outcome leads."""


BROUGHT_TO: Final = {
    State.REGISTERED: None,
    State.UNDER_EXAMINATION: "commencé ou repris l’examen",
    State.AWAITING_INFORMATION: "demandé des informations au demandeur",
    State.PROPOSED: "proposé une réponse",
    **dict.fromkeys(AFTER.values(), "validé la réponse"),
    State.WITHDRAWN: None,
}
"""What somebody did who brought a case to its state, in French."""

STANDS_AT: Final = {
    State.REGISTERED: "Cette demande est enregistrée",
    State.UNDER_EXAMINATION: "L’examen est en cours",
    State.AWAITING_INFORMATION: "Des informations sont attendues du demandeur",
    State.PROPOSED: "Une réponse est proposée",
    **dict.fromkeys(AFTER.values(), "La réponse est validée"),
    State.WITHDRAWN: "Le demandeur a retiré sa demande",
}
"""The same where nobody is named."""


Applied = TypeVar("Applied", bound=Fact)


class About(TypedDict):
    """The members that all facts of a case have."""

    request_id: UUID
    departement: str
    at: datetime


class Question(Value):
    """What the national team asked the département."""

    text: str
    until: date | None = None


@dataclass(slots=True)
class Case:
    """One request in one département; a method checks, changes, and returns the fact to record."""

    request_id: UUID
    departement: str
    number: str
    request: Request
    opened_at: datetime
    state_since: datetime
    state: State = State.REGISTERED
    assignee_email: str | None = None
    assignee_name: str | None = None
    qualification: facts.Qualification | None = None
    proposal: Proposal | None = None
    stage: Stage | None = None
    due_on: date | None = None
    overdue_at: datetime | None = None
    suspended_on: date | None = None
    answer_until: date | None = None
    question: Question | None = None
    local_work: LocalWork | None = None
    """Of the latest local answer; it stays when the work has ended, until another answer is validated."""
    returned: Returned | None = None
    """The last proposal that was rejected or taken back, until another answer is validated."""
    state_by: Actor | None = None
    """Who brought the case to its state, where that is known."""
    assigned_at: datetime | None = None
    assigned_by: str | None = None

    @property
    def source(self) -> str:
        """The source of its events: its département."""
        return f"/qualification/{self.departement}"

    def allowed_actions(self, who: Doer) -> list[str]:
        """List what they may do now, by the API's names."""
        return self._standing.allowed_actions(who)

    def require(self, action: Action, who: Doer) -> Actor:
        """Refuse what they may not do, or not now; else give their signature."""
        standing = self._standing
        if action is Action.VALIDATION and self.state is State.PROPOSED and standing.proposer == who.email:
            raise OwnProposal
        if who.roles.isdisjoint(MOVES[action].roles):
            raise Forbidden
        if action is Action.RETRACTION and self.state is State.PROPOSED and standing.proposer != who.email:
            raise NotProposer(name=self.pending.by.name)
        if not standing.allows(action, who):
            raise self._overtaken(who)
        return who.acting_as(*MOVES[action].roles)

    def register(self, service: facts.Service, due_on: date, at: datetime) -> facts.RequestRegistered:
        """The request enters the queue: at once, by the system."""
        registered = facts.RequestRegistered(**self.about(at), number=self.number, service=service, due_on=due_on)
        return self.apply(registered)

    def assign(
        self, who: Official, email: str, name: str, at: datetime | None = None, *, seen_at: datetime | None = None
    ) -> None:
        """An agent takes the case, or is given it; no fact is recorded.

        Who saw the case at a moment (`seen_at`) does not take it from somebody who took it since (`TakenMeanwhile`).
        """
        self.require(Action.ASSIGNMENT, who)
        held = self.assignee_email is not None and self.assignee_email not in {email, who.email}
        if held and seen_at is not None and self.assigned_at is not None and self.assigned_at > seen_at:
            raise TakenMeanwhile(what=self._taken(), when=self._when(self.assigned_at))
        self.assignee_email, self.assignee_name = email, name
        self.assigned_at, self.assigned_by = at, who.name

    def start_examination(self, who: Official, at: datetime, due_on: date) -> facts.ExaminationStarted:
        """An agent begins to examine, or goes on without waiting for the applicant any longer."""
        by = self.require(Action.EXAMINATION, who)
        resumed = self.state is State.AWAITING_INFORMATION
        if self.assignee_email is None:
            self.assignee_email, self.assignee_name = who.email, who.name
            self.assigned_at, self.assigned_by = at, who.name
        return self.apply(facts.ExaminationStarted(**self.about(at), by=by, due_on=due_on, resumed=resumed))

    def resume(self, at: datetime, due_on: date) -> facts.ExaminationStarted:
        """What was asked of the applicant has come: the clock of the département runs again."""
        return self.apply(facts.ExaminationStarted(**self.about(at), by=SYSTEM, due_on=due_on, resumed=True))

    def reopen(self, at: datetime, due_on: date, by: Actor = SYSTEM) -> facts.ExaminationStarted:
        """What was handed on comes back: another answer is to be found."""
        return self.apply(facts.ExaminationStarted(**self.about(at), by=by, due_on=due_on, reopened=True))

    def request_information(
        self, who: Official, items: tuple[str, ...], until: date, at: datetime
    ) -> facts.InformationRequested:
        """The département waits for the applicant; its own clock is suspended."""
        by = self.require(Action.INFORMATION_REQUEST, who)
        now = today(self.departement, at)
        if until <= now:
            raise Invalid.field("until", "Choisissez une date à venir.")
        if until > now + LONGEST_WAIT:
            raise Invalid.field("until", "Choisissez une date dans les douze mois qui viennent.")
        return self.apply(facts.InformationRequested(**self.about(at), items=items, until=until, by=by))

    def qualify(self, who: Official, grid: facts.Qualification, at: datetime) -> facts.RequestQualified:
        """The grid is filled in, or filled in anew."""
        by = self.require(Action.QUALIFICATION, who)
        return self.apply(facts.RequestQualified(**self.about(at), qualification=grid, by=by))

    def require_proposal(self, who: Official, outcome: Outcome) -> Actor:
        """Refuse a proposal that comes too early; else give the proposer's signature."""
        by = self.require(Action.PROPOSAL, who)
        if self.qualification is None and outcome not in WITHOUT_QUALIFICATION:
            raise self._illegal(QualificationMissing, who)
        return by

    def propose(self, proposal: Proposal) -> facts.OutcomeProposed:
        """An answer waits for somebody else's validation."""
        fact = self.apply(facts.OutcomeProposed(**self.about(proposal.at), outcome=proposal.outcome, by=proposal.by))
        self.proposal = proposal  # the whole of it, of which the fact holds the outcome only
        return fact

    def validate(self, who: Official, at: datetime, *, proposed_at: datetime | None = None) -> Proposal:
        """The délégué makes the proposal the département's answer; `outcomes.fact_of` says it to the others.

        Who read the proposal of a moment (`proposed_at`) validates no other one (`ProposalChanged`).
        """
        by = self.require(Action.VALIDATION, who)
        if proposed_at is not None and proposed_at != self.pending.at:
            author = self.pending.by.name or "Quelqu’un"
            raise self._illegal(ProposalChanged, who, name=author, when=self._when(self.pending.at))
        return self._validated(by, at)

    def replace_orientation_link(
        self, who: Official, orientation: Orientation, email: str | None, at: datetime
    ) -> facts.OrientationLinkReplaced:
        """Take the provider's link back; with an address a new one goes there."""
        return orientation.replace_link(email, self.require(Action.ORIENTATION_LINK, who), at)

    def reject(self, who: Official, motive: str, at: datetime) -> facts.ProposalRejected:
        """The délégué wants another answer: the examination goes on, and so does its clock."""
        by = self.require(Action.REJECTION, who)
        return self.apply(facts.ProposalRejected(**self.about(at), motive=motive, by=by))

    def take_back(self, who: Official, at: datetime) -> facts.ProposalTakenBack:
        """The author of the proposal takes it back: the examination goes on, and so does its clock."""
        by = self.require(Action.RETRACTION, who)
        return self.apply(facts.ProposalTakenBack(**self.about(at), by=by))

    def answer(self, who: Official, text: str, at: datetime) -> facts.NationalQuestionAnswered:
        """The national team's question is answered."""
        by = self.require(Action.ANSWER, who)
        return self.apply(facts.NationalQuestionAnswered(**self.about(at), text=text, by=by))

    def answer_withdrawal(
        self, asked: Withdrawal, orientation: Orientation | None, at: datetime
    ) -> facts.WithdrawalAccepted | facts.WithdrawalDeclined | None:
        """Return the answer to a request to withdraw, for `apply`; None where the département does not own it."""
        ruling = ruling_of(self.state, orientation, self.local_work)
        if not ruling.owned:
            return None
        if ruling.too_late is not None:
            return facts.WithdrawalDeclined(
                **self.about(at),
                withdrawn_at=asked.at,
                motive=asked.motive,
                state=self.state.value,
                reason=ruling.too_late,
            )
        committed = self.pending.amount_cents if self.state is State.SUPPORTED_LOCALLY else None
        cancelled = orientation if self.state is State.ORIENTED_LOCALLY else None
        return facts.WithdrawalAccepted(
            **self.about(at),
            withdrawn_at=asked.at,
            motive=asked.motive,
            void=self.state.value if ruling.void else None,
            given_back_cents=committed or 0,
            orientation_id=cancelled.id if cancelled else None,
            provider=cancelled.provider if cancelled and not cancelled.link_withdrawn else None,
            link_generation=cancelled.link_generation if cancelled else 1,
        )

    def stage_overdue(self, at: datetime) -> facts.StageOverdue:
        """The present stage is late: said once."""
        if self.stage is None or self.due_on is None:
            raise ValueError("no stage is under way")
        return self.apply(
            facts.StageOverdue(**self.about(at), number=self.number, stage=self.stage, due_on=self.due_on)
        )

    def due_soon(self, at: datetime, orientation: Orientation | None) -> tuple[str, date, facts.DepartmentalFact]:
        """Remind whoever is awaited: give the clock, its last day and the fact. `orientation`: the open one, if any."""
        if self.question is not None and self.question.until is not None:
            asked, until = self.question.text, self.question.until
            return QUESTION, until, facts.NationalQuestionDueSoon(**self.about(at), question=asked, until=until)
        if self.answer_until is not None:
            return INFORMATION, self.answer_until, facts.InformationDueSoon(**self.about(at), until=self.answer_until)
        if self.stage is None or self.due_on is None:
            raise ValueError("no clock is running")
        if self.stage is Stage.PROVIDER_ANSWER and orientation is not None and not orientation.link_withdrawn:
            reminder = facts.OrientationDueSoon(
                **self.about(at),
                orientation_id=orientation.id,
                provider=orientation.provider,
                until=orientation.until,
                link_generation=orientation.link_generation,
            )
            return self.stage, self.due_on, reminder
        soon = facts.StageDueSoon(**self.about(at), number=self.number, stage=self.stage, due_on=self.due_on)
        return self.stage, self.due_on, soon

    def apply(self, fact: Applied) -> Applied:
        """Change the case by a fact of its own stream: one just decided, or one of a journal that is replayed."""
        self._change(fact)
        return fact

    @singledispatchmethod
    def _change(self, fact: Fact) -> None:
        """Change nothing: the fact is published, and leaves the case as it is."""

    @_change.register
    def _(self, fact: facts.RequestRegistered) -> None:
        self._enter_stage(Stage.START_EXAMINATION, fact.due_on)

    @_change.register
    def _(self, fact: facts.ExaminationStarted) -> None:
        self._move(State.UNDER_EXAMINATION, fact.at, fact.by)
        if fact.due_on is not None:
            self._enter_stage(Stage.QUALIFY, fact.due_on)
        if fact.reopened:
            self.proposal = self.question = self.returned = None

    @_change.register
    def _(self, fact: facts.InformationRequested) -> None:
        self._move(State.AWAITING_INFORMATION, fact.at, fact.by)
        self.suspended_on, self.answer_until = today(self.departement, fact.at), fact.until

    @_change.register
    def _(self, fact: facts.RequestQualified) -> None:
        self.qualification = fact.qualification

    @_change.register
    def _(self, fact: facts.OutcomeProposed) -> None:
        self.proposal = Proposal(outcome=fact.outcome, motive="", by=fact.by, at=fact.at)
        self._move(State.PROPOSED, fact.at, fact.by)

    @_change.register
    def _(self, fact: facts.ProposalRejected | facts.ProposalTakenBack) -> None:
        motive = fact.motive if isinstance(fact, facts.ProposalRejected) else None
        self.returned = Returned(proposal=self.pending, by=fact.by, at=fact.at, motive=motive)
        self.proposal = None
        self._move(State.UNDER_EXAMINATION, fact.at, fact.by)

    @_change.register
    def _(
        self,
        fact: facts.SupportedLocally
        | facts.DirectedToProgramme
        | facts.RequestEscalated
        | facts.RequestRefused
        | facts.RequestTransferred,
    ) -> None:
        self._validated(fact.by, fact.at)
        if isinstance(fact, facts.SupportedLocally):
            self.local_work = LocalWork(since=fact.at, until=fact.start_until)

    @_change.register
    def _(self, fact: facts.OrientedLocally) -> None:
        self._validated(fact.by, fact.at)
        self._enter_stage(Stage.PROVIDER_ANSWER, fact.until)

    @_change.register
    def _(self, fact: facts.OrientationAccepted) -> None:
        self._leave_stage()
        self.local_work = LocalWork(since=fact.at, provider=fact.provider, until=fact.start_until)

    @_change.register
    def _(
        self,
        fact: facts.LocalWorkStarted
        | facts.LocalMilestoneSet
        | facts.LocalMilestonePostponed
        | facts.LocalMilestoneReached
        | facts.LocalEndPostponed
        | facts.LocalWorkCompleted
        | facts.LocalWorkStopped
        | facts.LocalWorkDueSoon
        | facts.LocalWorkOverdue,
    ) -> None:
        self.local_work = self.work.after(fact)

    @_change.register
    def _(self, _: facts.NationalQuestionAnswered) -> None:
        self.question = None

    @_change.register
    def _(self, fact: WithdrawalAcceptance) -> None:
        self._move(State.WITHDRAWN, fact.at, None)
        self._leave_stage()
        self.question = self.local_work = None

    @_change.register
    def _(self, fact: facts.StageOverdue) -> None:
        if (self.stage, self.due_on) == (fact.stage, fact.due_on):
            self.overdue_at = fact.at

    def _validated(self, by: Actor, at: datetime) -> Proposal:
        self.proposal = self.pending.model_copy(update={"validated_by": by, "validated_at": at})
        self.returned = None
        self._move(AFTER[self.proposal.outcome], at, by)
        self._leave_stage()
        self.local_work = None
        return self.proposal

    def _move(self, state: State, at: datetime, by: Actor | None) -> None:
        """Enter a state; what the state before was waiting for is no longer awaited."""
        self.state, self.state_since, self.state_by = state, at, by
        self.suspended_on = self.answer_until = None

    def _enter_stage(self, stage: Stage, due_on: date) -> None:
        """Let a clock run until that day; the same one goes on."""
        if (self.stage, self.due_on) != (stage, due_on):
            self.stage, self.due_on, self.overdue_at = stage, due_on, None

    def _leave_stage(self) -> None:
        """Stop the clock."""
        self.stage = self.due_on = self.overdue_at = None

    @property
    def pending(self) -> Proposal:
        """What was proposed; there is something wherever an answer is validated."""
        if self.proposal is None:
            raise ValueError("nothing is proposed")
        return self.proposal

    @property
    def work(self) -> LocalWork:
        """The work of the local answer; there is one wherever it is acted upon."""
        if self.local_work is None:
            raise ValueError("there is no local work")
        return self.local_work

    @property
    def _standing(self) -> Standing:
        return standing_of(self.state, self.proposal, self.local_work, asked=self.question is not None)

    def _illegal(self, refusal: type[IllegalMove], who: Doer, **said: str) -> IllegalMove:
        return refusal(state=self.state.value, allowed_actions=self.allowed_actions(who), **said)

    def _overtaken(self, who: Doer) -> IllegalMove:
        """Say who brought the case to its state, and when."""
        by = self.state_by
        subject = None if by is None or not by.name else "Vous avez" if by.email == who.email else f"{by.name} a"
        said = BROUGHT_TO[self.state]
        what = f"{subject} {said}" if subject and said else STANDS_AT[self.state]
        return self._illegal(Overtaken, who, what=what, when=self._when(self.state_since))

    def _taken(self) -> str:
        """Say who took the case, or gave it to whom."""
        if self.assigned_by in {None, self.assignee_name}:
            return f"{self.assignee_name} a pris ce dossier"
        return f"{self.assigned_by} a confié ce dossier à {self.assignee_name}"

    def _when(self, at: datetime) -> str:
        """Write a moment as it is in the département."""
        return f"le {datetime_fr(at, self.departement)}"

    def about(self, at: datetime) -> "About":
        """Return the members that all facts have."""
        return {"request_id": self.request_id, "departement": self.departement, "at": at}


def standing_of(state: State, proposal: Proposal | None, work: LocalWork | None, *, asked: bool) -> Standing:
    """Return what decides which moves are open."""
    return Standing(
        state,
        proposal.by.email if proposal else None,
        asked=asked,
        work=work.state if work else None,
        milestones=len(work.open_milestones) if work else 0,
    )
