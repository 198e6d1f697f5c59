"""What the département told, done again on a case: without asking whether it was allowed, for it was."""

from collections.abc import Callable, Mapping
from datetime import date
from typing import Any, Final

from services.qualification.domain.case import AFTER, Case
from services.qualification.domain.moves import State
from services.qualification.domain.proposal import Proposal
from shared.contracts import qualification as facts
from shared.contracts.fact import Fact
from shared.contracts.vocabulary import Outcome, Stage

Again = Callable[[Case, Any, date], None]
"""Takes the case, the fact, and the day that it was in the département."""


def _registered(case: Case, fact: facts.RequestRegistered, _: date) -> None:
    case.enter_stage(Stage.START_EXAMINATION, fact.due_on)


def _examined(case: Case, fact: facts.ExaminationStarted, _: date) -> None:
    case.move(State.UNDER_EXAMINATION, fact.at)
    if fact.due_on is not None:
        case.enter_stage(Stage.QUALIFY, fact.due_on)
    if fact.reopened:
        case.forget_answer()


def _asked(case: Case, fact: facts.InformationRequested, today: date) -> None:
    case.move(State.AWAITING_INFORMATION, fact.at)
    case.suspended_on, case.answer_until = today, fact.until


def _qualified(case: Case, fact: facts.RequestQualified, _: date) -> None:
    case.qualification = fact.qualification


def _proposed(case: Case, fact: facts.OutcomeProposed, _: date) -> None:
    case.proposal = Proposal(outcome=fact.outcome, motive="", by=fact.by, at=fact.at)
    case.move(State.PROPOSED, fact.at)


def _rejected(case: Case, fact: facts.ProposalRejected, _: date) -> None:
    case.proposal = None
    case.move(State.UNDER_EXAMINATION, fact.at)


def _validated(outcome: Outcome) -> Again:
    def again(case: Case, fact: Any, _: date) -> None:
        case.proposal = case.pending.model_copy(update={"validated_by": fact.by, "validated_at": fact.at})
        case.move(AFTER[outcome], fact.at)
        case.leave_stage()
        if isinstance(fact, facts.OrientedLocally):
            case.wait_for_provider(fact.until)

    return again


def _accepted(case: Case, _: facts.OrientationAccepted, __: date) -> None:
    case.leave_stage()


def _withdrawn(case: Case, fact: facts.WithdrawalAccepted, _: date) -> None:
    case.withdraw(fact.at)


def _answered(case: Case, _: facts.NationalQuestionAnswered, __: date) -> None:
    case.question = None


def _overdue(case: Case, fact: facts.StageOverdue, _: date) -> None:
    if (case.stage, case.due_on) == (fact.stage, fact.due_on):
        case.overdue_at = fact.at


def _nothing(_: Case, __: Fact, ___: date) -> None:
    """It is told, and changes nothing in the case itself."""


AGAIN: Final[Mapping[type[facts.DepartmentalFact | facts.RequestTransferred], Again]] = {
    facts.RequestRegistered: _registered,
    facts.ExaminationStarted: _examined,
    facts.InformationRequested: _asked,
    facts.MessagePosted: _nothing,
    facts.RequestQualified: _qualified,
    facts.OutcomeProposed: _proposed,
    facts.ProposalRejected: _rejected,
    facts.OrientedLocally: _validated(Outcome.LOCAL_ORIENTATION),
    facts.OrientationAccepted: _accepted,
    facts.OrientationDeclined: _nothing,
    facts.SupportedLocally: _validated(Outcome.LOCAL_SUPPORT),
    facts.DirectedToProgramme: _validated(Outcome.PROGRAMME),
    facts.RequestEscalated: _validated(Outcome.ESCALATION),
    facts.NationalQuestionAnswered: _answered,
    facts.RequestRefused: _validated(Outcome.REFUSAL),
    facts.RequestTransferred: _validated(Outcome.TRANSFER),
    facts.WithdrawalAccepted: _withdrawn,
    facts.WithdrawalDeclined: _nothing,
    facts.StageOverdue: _overdue,
}
"""Fact → what it changed in the case."""
