"""The request on the applicant's side (aggregate): allowed actions, and changes by events of other services."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from enum import StrEnum
from typing import Any, Final, TypeVar
from uuid import UUID

from services.intake.domain.accompaniment import Milestone
from services.intake.domain.colleagues import Colleague, Invitation, may_invite
from services.intake.domain.evaluation import Evaluation, EvaluationTooEarly
from services.intake.domain.life import (
    ENDED,
    OVER,
    WITHDRAWABLE,
    WITHOUT_DOCUMENTS,
    Meaning,
    Status,
    meaning_of,
)
from services.intake.domain.next_action import NextAction
from services.intake.domain.timeline import Step, decision_of, step_of
from services.intake.domain.withdrawal import Expected, Standing, Withdrawal, WithdrawalState
from shared.contracts import escalation, intake, qualification
from shared.contracts.fact import Actor, Fact
from shared.contracts.vocabulary import EvaluationRound, Role, Team
from shared.contracts.withdrawal import WithdrawalAnswer, WithdrawalRefusal
from shared.documents import Stored, find_room
from shared.errors import IllegalMove

Applied = TypeVar("Applied", bound=Fact)

ANSWERED_LOCALLY: Final = (Status.ORIENTED_LOCALLY, Status.SUPPORTED_LOCALLY)
"""Outcomes of a decision whose help the département follows."""

QUESTIONABLE = frozenset({Status.RECEIVED, Status.ADMISSIBLE, Status.DEFERRED})
"""Where the national team may ask the département something, and goes on when it has answered."""


class Action(StrEnum):
    """What whoever holds a link may do; the wire values of the API's `allowed_actions`."""

    INFORMATION = "information"
    EVALUATION = "evaluation"
    PROGRESS = "progress"
    MESSAGES = "messages"
    DOCUMENTS = "documents"
    COLLEAGUES = "colleagues"
    WITHDRAWAL = "withdrawal"


APPLICANT_ALONE: Final = frozenset({Action.WITHDRAWAL, Action.COLLEAGUES})
"""What a colleague may not do: give the request up, and say who else may see it."""


@dataclass(slots=True)
class TrackedRequest:
    """A filed request. Every action checks first, then changes, and returns its fact.

    `national_status` is where the dossier stands before the national team, its questions set aside. `resumed`: the
    status is that one because the département has answered, whose stream may come sooner than the national one.
    """

    id: UUID
    departement: str
    departement_at: datetime
    filed: intake.Request
    status: Status
    status_at: datetime
    team: Team | None
    expected: Expected | None
    national_status: Status | None = None
    resumed: bool = False
    service: qualification.Service | None = None
    decision: dict[str, Any] | None = None
    decision_at: datetime | None = None
    evaluation_open: bool = False
    evaluated_at: datetime | None = None
    closed_at: datetime | None = None
    link_generation: int = 1
    old_link_generation: int | None = None
    """The generation before the newest, while the newest is not used."""
    contact_confirmed_at: datetime | None = None
    """When somebody opened a link that was mailed to the contact; until then nothing is sent to third parties."""
    withdrawal: Withdrawal | None = None
    colleague: Colleague | None = None
    """Who acts, when it is not the contact."""

    @property
    def allowed_actions(self) -> list[Action]:
        """Name what whoever acts may do now, the most expected first."""
        actions = {
            Action.INFORMATION: self.status == Status.AWAITING_INFORMATION,
            Action.EVALUATION: self._corrects or (self.evaluation_open and self.status in ENDED),
            Action.PROGRESS: self.status == Status.ACCOMPANIED,
            Action.MESSAGES: self.status not in OVER,
            Action.DOCUMENTS: self.status not in WITHOUT_DOCUMENTS,
            Action.COLLEAGUES: self.status not in OVER,
            Action.WITHDRAWAL: self.status in WITHDRAWABLE,
        }
        closed = APPLICANT_ALONE if self.colleague else frozenset()
        return [action for action, allowed in actions.items() if allowed and action not in closed]

    def post_message(self, text: str, *, message_id: UUID, at: datetime) -> intake.MessagePosted:
        """Write to the département."""
        self._require(Action.MESSAGES)
        return self.take_reply(text, message_id=message_id, at=at)

    def take_reply(self, text: str, *, message_id: UUID, at: datetime) -> intake.MessagePosted:
        """Take what the applicant answered to a mail; it is published whatever became of the request."""
        return intake.MessagePosted(**self._by_holder(at), message_id=message_id, text=text)

    def provide_information(self, text: str, *, at: datetime) -> intake.InformationProvided:
        """Provide what was asked for; the département resumes the examination."""
        self._require(Action.INFORMATION)
        return self.apply(intake.InformationProvided(**self._by_holder(at), text=text))

    def add_document(
        self, document: intake.Document, *, beside: Stored, at: datetime, with_request: bool = False
    ) -> intake.DocumentAdded:
        """Join a file to those there are."""
        self._require(Action.DOCUMENTS)
        find_room(document.size, beside=beside)
        return intake.DocumentAdded(**self._by_holder(at), document=document, with_request=with_request)

    def report_progress(
        self, text: str, *, report_id: UUID, milestone: Milestone | None, percent: int | None, at: datetime
    ) -> intake.ProgressTold:
        """Report how the work goes, of one milestone or of all of it; `percent` done, if it can be said."""
        self._require(Action.PROGRESS)
        return self.apply(
            intake.ProgressTold(
                **self._by_holder(at),
                report_id=report_id,
                milestone_id=milestone.id if milestone else None,
                milestone=milestone.title if milestone else None,
                percent=percent,
                text=text,
            )
        )

    def withdraw(self, motive: str, *, at: datetime) -> intake.RequestWithdrawn:
        """Ask to withdraw: the request stops here at once, and for good when the owner of the current step agrees."""
        self._require(Action.WITHDRAWAL)
        return self.apply(intake.RequestWithdrawn(**self._head(at), motive=motive))

    def invite(
        self, *, colleague_id: UUID, name: str, email: str, invited: Sequence[Invitation], at: datetime
    ) -> intake.ColleagueInvited:
        """Let a colleague follow the request and act on it, beside those `invited` before."""
        self._require(Action.COLLEAGUES)
        may_invite(email, contact_email=self.filed.contact.email, invited=invited)
        return intake.ColleagueInvited(**self._head(at), colleague_id=colleague_id, name=name, email=email)

    def remove_colleague(self, colleague: Invitation, *, at: datetime) -> intake.ColleagueRemoved:
        """Take an invitation back, at any moment of the request's life."""
        if self.colleague is not None or colleague.removed_at is not None:
            raise IllegalMove(state=self.status, allowed_actions=self.allowed_actions)
        return intake.ColleagueRemoved(**self._head(at), colleague_id=colleague.id)

    def evaluate(
        self, evaluation: Evaluation, *, at: datetime, asked: EvaluationRound = EvaluationRound.COMPLETION
    ) -> intake.EvaluationSubmitted:
        """Evaluate what came of the request each time the applicant is asked, or correct it until it is closed.

        Before the end it is refused (`EvaluationTooEarly`): an opinion is a message until then.
        """
        if self.status not in ENDED | OVER | {Status.REFUSED}:
            raise EvaluationTooEarly(
                state=self.status, allowed_actions=self.allowed_actions, until=self._accompanied_until
            )
        self._require(Action.EVALUATION)
        return self.apply(
            intake.EvaluationSubmitted(
                **self._by_holder(at),
                number=self.filed.number,
                applicant=self.filed.applicant,
                fields=self.filed.fields,
                programme=self.filed.programme,
                **evaluation.model_dump(),
                round=asked,
                corrects=self._corrects,
            )
        )

    def await_evaluation(
        self, asked: EvaluationRound, *, reminder: bool, until: date, at: datetime
    ) -> intake.EvaluationAwaited:
        """Ask the applicant what came of it, some months later; or remind them that they were asked."""
        return self.apply(intake.EvaluationAwaited(**self._head(at), round=asked, reminder=reminder, until=until))

    def close(self, *, at: datetime) -> intake.RequestClosed:
        """End it, some time after the evaluation."""
        if self.status != Status.EVALUATED:
            raise IllegalMove(state=self.status, allowed_actions=self.allowed_actions)
        return self.apply(intake.RequestClosed(**self._head(at)))

    def replace_link(self, *, at: datetime) -> intake.TrackingLinkReplaced:
        """Offer the next tracking link and token; while nobody has used them they are offered again.

        Those before stay valid until then (`use_link`).
        """
        generation = self.link_generation + (self.old_link_generation is None)
        return self.apply(intake.TrackingLinkReplaced(**self._head(at), link_generation=generation))

    def use_link(self, generation: int | None) -> None:
        """Note that somebody used a tracking link or token: the newest revokes the one before."""
        if generation == self.link_generation:
            self.old_link_generation = None

    def apply_consumed(self, fact: Fact) -> Step | None:
        """Change the request by a fact of another service, in any order; return the timeline entry, if any.

        The status is the latest thing by the time it happened. While a request to withdraw waits for its answer, what
        happens moves what lies beneath it; what was withdrawn for good does not move any more.
        """
        meaning = meaning_of(fact)
        if meaning is None:
            return None
        if isinstance(fact, WithdrawalAnswer):
            self._settle(fact)
            return step_of(fact, meaning)
        self._note(fact, meaning)
        if meaning.opens_evaluation and (self.evaluated_at is None or fact.at > self.evaluated_at):
            self.evaluation_open = True
        asked = self.withdrawal
        if asked is None or asked.state is WithdrawalState.DECLINED:
            self._follow(fact, meaning)
        elif asked.beneath is not None:
            shown, self.standing = self.standing, asked.beneath
            self._follow(fact, meaning)
            self.withdrawal, self.standing = replace(asked, beneath=self.standing), shown
        return step_of(fact, meaning) if meaning.shown else None

    @property
    def _corrects(self) -> bool:
        """Whether an evaluation replaces what the applicant said: until the request is closed."""
        return self.status is Status.EVALUATED and not self.evaluation_open

    @property
    def _accompanied_until(self) -> date | None:
        """The planned end of the help, while it is given."""
        return self.expected.until if self.expected and self.status is Status.ACCOMPANIED else None

    @property
    def standing(self) -> Standing:
        """Where the request stands, as a value."""
        return Standing(self.status, self.status_at, self.team, self.expected)

    @standing.setter
    def standing(self, standing: Standing) -> None:
        self.status, self.status_at = standing.status, standing.status_at
        self.team, self.expected = standing.team, standing.expected

    @property
    def answer_awaited(self) -> Expected | None:
        """What the owner of the current step is to do while a request to withdraw waits; None when none waits."""
        beneath = self.withdrawal.beneath if self.withdrawal else None
        if beneath is None:
            return None
        decision = self.decision or {}
        refused_by = decision.get("team") if beneath.status == Status.REFUSED else None
        completed = beneath.status == Status.COMPLETED and decision.get("outcome") not in ANSWERED_LOCALLY
        national = beneath.team is Team.NATIONAL or completed or refused_by == Team.NATIONAL
        return Expected(Team.NATIONAL if national else Team.DEPARTEMENT, NextAction.ANSWER_WITHDRAWAL)

    def _follow(self, fact: Fact, meaning: Meaning) -> None:
        if fact.at >= self.status_at:
            self._move(fact, meaning)
        elif self.resumed and _is_national_step(fact, meaning):
            self._stand_at(fact, meaning)

    def _request_withdrawal(self, fact: intake.RequestWithdrawn) -> None:
        pending = self.withdrawal.beneath if self.withdrawal else None
        self.withdrawal = Withdrawal(fact.at, WithdrawalState.REQUESTED, beneath=pending or self.standing)
        self.standing = Standing(Status.WITHDRAWN, fact.at, None, None)

    def _settle(self, fact: WithdrawalAnswer) -> None:
        """Apply the owner's answer: withdrawn for good without any decision, or back to where the request stands."""
        asked = self.withdrawal
        if asked is None or asked.at < fact.withdrawn_at:
            raise LookupError("the request to withdraw that this answers is not known yet")
        if asked.beneath is None or asked.at != fact.withdrawn_at:
            return
        if isinstance(fact, WithdrawalRefusal):
            self.standing = asked.beneath
            self.withdrawal = replace(asked, state=WithdrawalState.DECLINED, reason=fact.reason, beneath=None)
        else:
            self.withdrawal = replace(asked, state=WithdrawalState.ACCEPTED, beneath=None)
            self.decision, self.decision_at, self.resumed = None, fact.at, False

    def _require(self, action: Action) -> None:
        allowed = self.allowed_actions
        if action not in allowed:
            raise IllegalMove(state=self.status, allowed_actions=allowed)

    def _head(self, at: datetime) -> dict[str, Any]:
        return {"request_id": self.id, "departement": self.departement, "at": at}

    def _by_holder(self, at: datetime) -> dict[str, Any]:
        by = Actor(role=Role.APPLICANT, name=self.colleague.name) if self.colleague else None
        return {**self._head(at), "by": by}

    def apply(self, fact: Applied) -> Applied:
        """Change the request by a fact of its own stream: one just decided, or one of a journal that is replayed.

        It answers the present state, whatever clock dated that.
        """
        match fact:
            case intake.RequestWithdrawn():
                self._request_withdrawal(fact)
                return fact
            case intake.EvaluationSubmitted():
                self.evaluation_open, self.evaluated_at = False, fact.at
            case intake.EvaluationAwaited(reminder=False):
                self.evaluation_open = True
            case intake.RequestClosed():
                self.closed_at = fact.at
            case intake.TrackingLinkReplaced():
                if fact.link_generation > self.link_generation:
                    self.old_link_generation = self.link_generation
                self.link_generation = fact.link_generation
        meaning = meaning_of(fact)
        if meaning is not None and isinstance(fact, intake.InformationProvided):
            self._resume_examination(fact, meaning)
        elif meaning is not None:
            self._move(fact, meaning)
        return fact

    def _resume_examination(self, fact: intake.InformationProvided, meaning: Meaning) -> None:
        """Resume as if the département had waited: the moment of the status stays that of the question.

        Events applied later still move the status.
        """
        if self.status is Status.AWAITING_INFORMATION:
            self._stand_at(fact, meaning)

    def _move(self, fact: Fact, meaning: Meaning) -> None:
        if isinstance(fact, qualification.NationalQuestionAnswered):
            self._resume(fact, meaning)
        elif meaning.status is not None:
            self.resumed = False
            self.status_at = max(self.status_at, fact.at)
            self._stand_at(fact, meaning)
        elif meaning.expects is not None and (self.evaluated_at is None or fact.at > self.evaluated_at):
            self._expect(fact, meaning)

    def _resume(self, fact: qualification.NationalQuestionAnswered, meaning: Meaning) -> None:
        """Go back to where the national team was; its later events that are applied after this one still count."""
        self.resumed = True
        self.status_at = max(self.status_at, fact.at)
        self.status = self.national_status or Status.RECEIVED
        if self.status in QUESTIONABLE:
            self._expect(fact, meaning)

    def _stand_at(self, fact: Fact, meaning: Meaning) -> None:
        self.status = meaning.status or self.status
        if not (self.resumed and self.status in QUESTIONABLE):
            self._expect(fact, meaning)

    def _expect(self, fact: Fact, meaning: Meaning) -> None:
        expected, before = expected_after(fact, meaning), self.expected
        if meaning.expects and meaning.expects.keeps_date and expected and before and before.team is expected.team:
            expected = replace(expected, until=before.until)
        self.team, self.expected = meaning.team, expected

    def _note(self, fact: Fact, meaning: Meaning) -> None:
        """Store who is in charge, where the national team stands and what was decided."""
        if _is_national_step(fact, meaning):
            self.national_status = meaning.status
        if isinstance(fact, qualification.RequestTransferred) and fact.at >= self.departement_at:
            self.departement, self.departement_at, self.service = fact.departement, fact.at, None
        if isinstance(fact, qualification.RequestRegistered) and fact.at >= self.departement_at:
            # It may overtake the transfer that led to it, whose stream is another.
            self.departement, self.departement_at, self.service = fact.departement, fact.at, fact.service
        if self.decision_at is not None and fact.at < self.decision_at:
            return
        decision = decision_of(fact)
        if decision is not None:
            answers = isinstance(fact, qualification.OrientationAccepted)
            self.decision, self.decision_at = {**(self.decision or {} if answers else {}), **decision}, fact.at
        elif _takes_answer_back(fact):
            self.decision, self.decision_at = None, fact.at


def _takes_answer_back(fact: Fact) -> bool:
    """Return whether whoever was to help does not, or no longer: the département looks for another answer."""
    if isinstance(fact, qualification.LocalWorkStopped):
        return fact.reopens
    return isinstance(fact, qualification.OrientationDeclined | escalation.ProgrammeRequestDeclined)


def _is_national_step(fact: Fact, meaning: Meaning) -> bool:
    """Return whether a fact moves the dossier before the national team; a question only makes it wait."""
    asks = isinstance(fact, escalation.InformationRequested)
    return meaning.by is Team.NATIONAL and meaning.status is not None and not asks


def expected_after(fact: Fact, meaning: Meaning) -> Expected | None:
    """Return what is expected once a fact has happened."""
    asked = meaning.expects
    if asked is None:
        return None
    return Expected(asked.team, asked.what, getattr(fact, asked.until) if asked.until else None)
