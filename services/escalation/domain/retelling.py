"""What the national team told, done again on a dossier: without asking whether it was allowed, for it was."""

from collections.abc import Callable, Mapping
from typing import Any, Final

from services.escalation.domain.dossier import Escalation
from services.escalation.domain.moves import State
from shared.contracts import escalation as facts
from shared.contracts.fact import Fact
from shared.contracts.vocabulary import CommitteeOutcome, Stage

Again = Callable[[Escalation, Any], None]


def _received(escalation: Escalation, fact: facts.EscalationReceived) -> None:
    escalation.due_on = fact.due_on


def _asked(escalation: Escalation, fact: facts.InformationRequested) -> None:
    escalation.resume_state, escalation.state = escalation.state, State.AWAITING_DEPARTEMENT
    escalation.asked_at = fact.at


def _admissible(escalation: Escalation, _: facts.AdmissibilitySettled) -> None:
    """The committee's date is not told, and stays unknown."""
    escalation.enter(State.ADMISSIBLE, stage=Stage.COMMITTEE)


def _returned(escalation: Escalation, _: facts.EscalationReturned) -> None:
    escalation.enter(State.RETURNED)


def _scheduled(escalation: Escalation, fact: facts.SessionScheduled) -> None:
    escalation.state, escalation.session_id = State.SCHEDULED, fact.session_id


def _decided(escalation: Escalation, fact: facts.DecisionMade) -> None:
    deferred = fact.decision.outcome is CommitteeOutcome.DEFERRED
    escalation.enter(State(fact.decision.outcome.value), stage=Stage.COMMITTEE if deferred else None)


def _corrected(escalation: Escalation, fact: facts.DecisionCorrected) -> None:
    if not fact.under_way:
        escalation.enter(State(fact.decision.outcome.value))


def _mobilised(escalation: Escalation, _: facts.ResourceMobilised) -> None:
    escalation.state = State.MOBILISING


def _accompanied(escalation: Escalation, fact: facts.AccompanimentStarted) -> None:
    escalation.enter(State.ACCOMPANIED)
    escalation.starts_on, escalation.ends_on = fact.starts_on, fact.ends_on


def _completed(escalation: Escalation, fact: facts.AccompanimentCompleted) -> None:
    escalation.enter(State.COMPLETED)
    escalation.report = fact.report


def _late(escalation: Escalation, fact: facts.StageOverdue) -> None:
    if fact.stage is not Stage.MILESTONE:
        escalation.overdue_told = True


def _soon(escalation: Escalation, fact: facts.StageDueSoon) -> None:
    if fact.stage is not Stage.MILESTONE:
        escalation.soon_told = True


def _nothing(_: Escalation, __: Fact) -> None:
    """It is told, and changes nothing in the dossier itself."""


AGAIN: Final[Mapping[type[Fact], Again]] = {
    facts.EscalationReceived: _received,
    facts.InformationRequested: _asked,
    facts.AdmissibilitySettled: _admissible,
    facts.EscalationReturned: _returned,
    facts.SessionScheduled: _scheduled,
    facts.DecisionMade: _decided,
    facts.DecisionCorrected: _corrected,
    facts.ReserveLifted: _nothing,
    facts.ResourceMobilised: _mobilised,
    facts.ResourceProgressed: _nothing,
    facts.OrderBooked: _nothing,
    facts.FinancingPlanned: _nothing,
    facts.AccompanimentStarted: _accompanied,
    facts.MilestonePlanned: _nothing,
    facts.MilestonePostponed: _nothing,
    facts.MilestoneReached: _nothing,
    facts.ProgressReported: _nothing,
    facts.DeliverableAdded: _nothing,
    facts.ProviderInvited: _nothing,
    facts.AccompanimentCompleted: _completed,
    facts.EvaluationRequested: _nothing,
    facts.StageOverdue: _late,
    facts.StageDueSoon: _soon,
}
"""Fact → what it changed in the dossier."""
