"""The entries of a case's timeline, and the French sentence that each shows beside the name of its event."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from shared.contracts import escalation, intake, notifications, qualification
from shared.contracts.fact import Fact
from shared.contracts.withdrawal import WithdrawalAcceptance
from shared.french.dates import short_date_fr
from shared.french.numbers import euros
from shared.french.words import (
    COMMITTEE_OUTCOME,
    MOBILISATION_STEP,
    OUTCOME,
    PROGRAMME,
    STAGE,
    event_word,
    withdrawal_word,
)

AUDIENCES: Final = {
    "applicant": "le demandeur",
    "departement": "le service départemental",
    "delegate": "le délégué territorial",
    "provider": "l’acteur local",
    "national": "l’équipe nationale",
    "programme": "l’équipe du programme",
    "operator": "l’exploitant",
}


@dataclass(frozen=True, slots=True)
class EntryView:
    """One entry of the timeline; `detail` is what people of the département read beside the name of the event."""

    at: datetime
    type: str
    label: str
    team: str | None
    detail: str | None


def entry(at: datetime, wire_type: str, team: str | None, fact: Fact | None) -> EntryView:
    """Make an entry; `fact` is None where a dossier of another département brought it."""
    return EntryView(at, wire_type, event_word(wire_type), team, detail_of(fact) if fact else None)


def detail_of(fact: Fact) -> str | None:
    """Return a short French text for people of the département; None where the name of the event says it all."""
    detail = _DETAILS.get(type(fact))
    return detail(fact) if detail else None


def _by(fact: Any) -> str | None:
    return f"Par {fact.by.name}" if fact.by.name else None


def _motive(fact: Any) -> str:
    return str(fact.motive)


def _late(fact: Any) -> str:
    return f"{STAGE[fact.stage]}, échéance du {short_date_fr(fact.due_on)}"


def _progress(fact: intake.ProgressTold | escalation.ProgressReported, author: str | None) -> str:
    """Name who reported how far the work is; the contact needs no name here."""
    percent = f"{fact.percent}\u00a0%" if fact.percent is not None else None
    about = ", ".join(filter(None, (author, fact.milestone, percent)))
    return f"{about}\u00a0: {fact.text}" if about else fact.text


def _evaluation(fact: Any) -> str:
    return (
        f"Besoin satisfait\u00a0: {fact.need_met} sur 5, avancement\u00a0: {fact.progress} sur 5, "
        f"satisfaction\u00a0: {fact.satisfaction} sur 5"
    )


def _accepted(fact: WithdrawalAcceptance) -> str | None:
    """Name the decision that no longer counts and the money that is available again."""
    back = f"{euros(fact.given_back_cents)} rendus à l’enveloppe" if fact.given_back_cents else None
    return " ; ".join(filter(None, (withdrawal_word(fact), back))) or None


_DETAILS: Final[Mapping[type[Fact], Callable[[Any], str | None]]] = {
    qualification.ExaminationStarted: lambda fact: "L’examen reprend" if fact.resumed or fact.reopened else _by(fact),
    qualification.InformationRequested: lambda fact: f"{' ; '.join(fact.items)} (avant le {short_date_fr(fact.until)})",
    qualification.RequestQualified: _by,
    qualification.OutcomeProposed: lambda fact: f"{OUTCOME[fact.outcome]}, par {fact.by.name}",
    qualification.ProposalRejected: _motive,
    qualification.ProposalTakenBack: lambda fact: f"Par {fact.by.name}",
    qualification.OrientedLocally: lambda fact: (
        f"{fact.provider.name}, réponse attendue avant le {short_date_fr(fact.until)}"
    ),
    qualification.OrientationAccepted: lambda fact: fact.provider.name,
    qualification.OrientationDeclined: lambda fact: f"{fact.provider.name}\u00a0: {fact.motive}",
    qualification.OrientationLinkReplaced: lambda fact: (
        f"Nouveau lien envoyé à {fact.email}" if fact.email else "Aucun nouveau lien n’est envoyé"
    ),
    qualification.SupportedLocally: _motive,
    qualification.DirectedToProgramme: lambda fact: PROGRAMME[fact.programme],
    qualification.RequestEscalated: lambda fact: fact.evidence.motive,
    qualification.NationalQuestionAnswered: lambda fact: fact.text,
    qualification.RequestRefused: _motive,
    qualification.RequestTransferred: lambda fact: (
        f"Du département {fact.from_departement} au département {fact.departement}\u00a0: {fact.motive}"
    ),
    qualification.WithdrawalAccepted: _accepted,
    qualification.WithdrawalDeclined: withdrawal_word,
    qualification.StageOverdue: _late,
    escalation.InformationRequested: lambda fact: fact.question,
    escalation.AdmissibilitySettled: lambda fact: fact.opinion,
    escalation.EscalationReturned: _motive,
    escalation.SessionScheduled: lambda fact: f"{fact.title}, le {short_date_fr(fact.held_on)}",
    escalation.DecisionMade: lambda fact: f"{COMMITTEE_OUTCOME[fact.decision.outcome]}\u00a0: {fact.decision.motive}",
    escalation.DecisionCorrected: lambda fact: (
        f"{COMMITTEE_OUTCOME[fact.decision.outcome]}, remplace {fact.decision.corrects}\u00a0: {fact.decision.motive}"
    ),
    escalation.ReserveLifted: _motive,
    escalation.ResourceMobilised: lambda fact: fact.resource,
    escalation.ResourceProgressed: lambda fact: f"{fact.resource}\u00a0: {MOBILISATION_STEP[fact.step].lower()}",
    escalation.FinancingPlanned: lambda fact: " ; ".join(
        f"{share.financer}\u00a0: {euros(share.amount_cents)}" for share in fact.shares
    ),
    escalation.AccompanimentStarted: lambda fact: (
        f"Du {short_date_fr(fact.starts_on)} au {short_date_fr(fact.ends_on)}"
    ),
    escalation.MilestonePlanned: lambda fact: f"{fact.title}, pour le {short_date_fr(fact.due_on)}",
    escalation.MilestonePostponed: lambda fact: (
        f"{fact.title}, pour le {short_date_fr(fact.due_on)}\u00a0: {fact.motive}"
    ),
    escalation.ProgressReported: lambda fact: _progress(fact, fact.author),
    escalation.DeliverableAdded: lambda fact: f"{fact.document.name}, par {fact.author}",
    escalation.MilestoneCancelled: lambda fact: f"{fact.title}\u00a0: {fact.motive}",
    escalation.AccompanimentRescheduled: lambda fact: (
        f"Du {short_date_fr(fact.starts_on)} au {short_date_fr(fact.ends_on)}\u00a0: {fact.motive}"
    ),
    escalation.MilestoneReached: lambda fact: fact.title,
    escalation.AccompanimentCompleted: lambda fact: fact.report,
    escalation.StageOverdue: _late,
    escalation.ProgrammeRequestTakenUp: lambda fact: f"{PROGRAMME[fact.programme]}\u00a0: {fact.interlocutor}",
    escalation.ProgrammeRequestDeclined: lambda fact: f"{PROGRAMME[fact.programme]}\u00a0: {fact.motive}",
    escalation.ProgrammeRequestCompleted: lambda fact: f"{PROGRAMME[fact.programme]}\u00a0: {fact.report}",
    escalation.WithdrawalAccepted: _accepted,
    escalation.WithdrawalDeclined: withdrawal_word,
    intake.DocumentAdded: lambda fact: fact.document.name,
    intake.ProgressTold: lambda fact: _progress(fact, fact.by.name if fact.by else None),
    intake.RequestWithdrawn: _motive,
    intake.EvaluationSubmitted: _evaluation,
    notifications.DeliveryFailed: lambda fact: f"Message destiné à {AUDIENCES[fact.audience]}\u00a0: {fact.reason}",
}
