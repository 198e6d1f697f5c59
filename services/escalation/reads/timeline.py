"""Author and detail that each entry of a dossier's timeline shows beside its label."""

from collections.abc import Mapping
from typing import Final

from shared.contracts import escalation, intake, qualification
from shared.contracts.fact import Actor, Fact
from shared.contracts.intake import Request
from shared.contracts.withdrawal import WithdrawalAnswer
from shared.french.words import withdrawal_word

_DETAILS: Final[Mapping[type[Fact], str]] = {
    escalation.InformationRequested: "question",
    escalation.AdmissibilitySettled: "opinion",
    escalation.EscalationReturned: "motive",
    escalation.SessionScheduled: "title",
    escalation.ReserveLifted: "motive",
    escalation.ResourceMobilised: "resource",
    escalation.ResourceProgressed: "resource",
    escalation.OrderBooked: "resource",
    escalation.MilestonePlanned: "title",
    escalation.MilestonePostponed: "motive",
    escalation.MilestoneCancelled: "motive",
    escalation.AccompanimentRescheduled: "motive",
    escalation.ProgressReported: "text",
    escalation.ProviderInvited: "provider",
    escalation.MilestoneReached: "title",
    escalation.AccompanimentCompleted: "report",
    escalation.StageOverdue: "what",
    escalation.ProgrammeRequestTakenUp: "interlocutor",
    escalation.ProgrammeRequestDeclined: "motive",
    escalation.ProgrammeRequestCompleted: "report",
    qualification.DirectedToProgramme: "motive",
    qualification.MessagePosted: "text",
    qualification.NationalQuestionAnswered: "text",
    qualification.OrientedLocally: "motive",
    qualification.RequestRefused: "motive",
    qualification.SupportedLocally: "motive",
    intake.InformationProvided: "text",
    intake.MessagePosted: "text",
    intake.ProgressTold: "text",
    intake.RequestWithdrawn: "motive",
}
"""Fact → the member that the timeline shows beside its label."""


def detail_of(fact: Fact) -> str | None:
    """Return what people read below the label; None where the label says it all."""
    match fact:
        case WithdrawalAnswer():
            return withdrawal_word(fact)
        case escalation.DecisionMade() | escalation.DecisionCorrected():
            return fact.decision.motive
        case escalation.DeliverableAdded() | intake.DocumentAdded():
            return fact.document.name
        case qualification.RequestEscalated():
            return fact.evidence.motive
    member = _DETAILS.get(type(fact))
    return getattr(fact, member) if member else None


def author_of(fact: Fact, request: Request) -> str | None:
    """Return the name of who acted; None where only the team is named."""
    by: Actor | None = getattr(fact, "by", None)
    match fact:
        case escalation.DecisionMade() | escalation.DecisionCorrected():
            by = fact.decision.signed_by
        case escalation.ProgressReported() | escalation.DeliverableAdded():
            return fact.author
        case intake.ProgressTold():
            return (by.name if by else None) or request.contact.name
        case intake.ApplicantFact():
            return None
    return by.name if by else None
