"""What each fact means to the applicant: where his request stands, who has it in hand, and what is expected by when."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Final

from shared.contracts import escalation, intake, qualification
from shared.contracts.fact import Fact
from shared.contracts.vocabulary import CommitteeOutcome, Team

APPLICANT, DEPARTEMENT, PROVIDER, NATIONAL = Team.APPLICANT, Team.DEPARTEMENT, Team.PROVIDER, Team.NATIONAL


@dataclass(frozen=True, slots=True)
class Expects:
    """Who must do what next; `until` names the member of the fact that holds the date.

    With `keeps_date` the date that the same team had before still holds.
    """

    team: Team
    what: str
    until: str | None = None
    keeps_date: bool = False


@dataclass(frozen=True, slots=True)
class Meaning:
    """What a fact changes for the applicant.

    `by` acted. Without `status` the request stays where it is. `team` is who has it in hand now; None when it is over.
    `shown` puts the fact on the timeline, under `label` or else the common French words, with the member `detail`.
    """

    by: Team
    status: str | None = None
    team: Team | None = None
    expects: Expects | None = None
    shown: bool = True
    label: str | None = None
    detail: str | None = None
    opens_evaluation: bool = False


GIVE_OPINION_AGAIN: Final = "Dites-nous, quelques mois après, ce que cet accompagnement a changé."
ANSWER_THE_WITHDRAWAL: Final = "Dire si le retrait est accepté, ou pourquoi il est trop tard."
GIVE_OPINION: Final = "Dites-nous ce que cet accompagnement a changé."

MEANINGS: Final[Mapping[type[Fact], Meaning]] = {
    # The applicant himself
    intake.RequestSubmitted: Meaning(
        APPLICANT, "submitted", DEPARTEMENT, Expects(DEPARTEMENT, "Enregistrer votre demande.")
    ),
    intake.InformationProvided: Meaning(
        APPLICANT, "under_examination", DEPARTEMENT, Expects(DEPARTEMENT, "Reprendre l’examen avec vos informations.")
    ),
    intake.MessagePosted: Meaning(APPLICANT, label="Message au service départemental"),
    intake.DocumentAdded: Meaning(APPLICANT, detail="document"),
    intake.ProgressTold: Meaning(APPLICANT, detail="text"),
    intake.RequestWithdrawn: Meaning(APPLICANT, "withdrawn", None, detail="motive"),
    intake.ColleagueInvited: Meaning(APPLICANT, detail="name"),
    intake.ColleagueRemoved: Meaning(APPLICANT),
    intake.EvaluationSubmitted: Meaning(APPLICANT, "evaluated", None),
    intake.EvaluationAwaited: Meaning(
        DEPARTEMENT,
        None,
        APPLICANT,
        Expects(APPLICANT, GIVE_OPINION_AGAIN, until="until"),
        label="Votre avis est demandé, quelques mois après",
        opens_evaluation=True,
    ),
    intake.RequestClosed: Meaning(DEPARTEMENT, "closed", None),
    # The département
    qualification.RequestRegistered: Meaning(
        DEPARTEMENT,
        "registered",
        DEPARTEMENT,
        Expects(DEPARTEMENT, "Commencer l’examen de votre demande.", until="due_on"),
    ),
    qualification.ExaminationStarted: Meaning(
        DEPARTEMENT,
        "under_examination",
        DEPARTEMENT,
        Expects(DEPARTEMENT, "Étudier votre besoin et chercher la réponse adaptée.", until="due_on"),
    ),
    qualification.InformationRequested: Meaning(
        DEPARTEMENT,
        "awaiting_information",
        APPLICANT,
        Expects(APPLICANT, "Envoyer les informations demandées.", until="until"),
        detail="items",
    ),
    qualification.MessagePosted: Meaning(DEPARTEMENT, label="Le service départemental vous a écrit"),
    qualification.RequestQualified: Meaning(DEPARTEMENT, label="Votre besoin a été étudié"),
    qualification.OutcomeProposed: Meaning(
        DEPARTEMENT,
        "proposed",
        DEPARTEMENT,
        Expects(DEPARTEMENT, "Valider la réponse qui est en préparation.", keeps_date=True),
        label="Une réponse est en préparation",
    ),
    qualification.ProposalRejected: Meaning(
        DEPARTEMENT,
        "under_examination",
        DEPARTEMENT,
        Expects(DEPARTEMENT, "Étudier votre besoin et chercher la réponse adaptée.", keeps_date=True),
        shown=False,
    ),
    qualification.OrientedLocally: Meaning(
        DEPARTEMENT,
        "oriented_locally",
        PROVIDER,
        Expects(PROVIDER, "Dire s’il peut vous accompagner.", until="until"),
        detail="provider",
    ),
    qualification.OrientationAccepted: Meaning(
        PROVIDER,
        "oriented_locally",
        PROVIDER,
        Expects(PROVIDER, "Prendre contact avec vous pour commencer."),
        detail="provider",
        opens_evaluation=True,
    ),
    qualification.OrientationDeclined: Meaning(
        PROVIDER,
        "under_examination",
        DEPARTEMENT,
        Expects(DEPARTEMENT, "Chercher une autre réponse à votre besoin."),
        detail="provider",
    ),
    qualification.SupportedLocally: Meaning(
        DEPARTEMENT,
        "supported_locally",
        DEPARTEMENT,
        Expects(DEPARTEMENT, "Mettre en place le soutien accordé."),
        opens_evaluation=True,
    ),
    qualification.DirectedToProgramme: Meaning(
        DEPARTEMENT,
        "directed_to_programme",
        NATIONAL,
        Expects(NATIONAL, "Étudier votre demande dans le cadre du programme."),
        opens_evaluation=True,
    ),
    qualification.RequestEscalated: Meaning(
        DEPARTEMENT, "escalated", NATIONAL, Expects(NATIONAL, "Prendre connaissance de votre dossier.")
    ),
    qualification.NationalQuestionAnswered: Meaning(
        DEPARTEMENT, "received", NATIONAL, Expects(NATIONAL, "Poursuivre l’examen de votre dossier.")
    ),
    qualification.RequestRefused: Meaning(DEPARTEMENT, "refused", None),
    qualification.RequestTransferred: Meaning(
        DEPARTEMENT,
        "transferred",
        DEPARTEMENT,
        Expects(DEPARTEMENT, "Enregistrer votre demande dans le département qui la reprend."),
        detail="motive",
    ),
    qualification.WithdrawalAccepted: Meaning(DEPARTEMENT, "withdrawn", None),
    qualification.WithdrawalDeclined: Meaning(DEPARTEMENT),
    # The national team: it keeps the applicant informed through the département, and never asks him anything
    escalation.EscalationReceived: Meaning(
        NATIONAL,
        "received",
        NATIONAL,
        Expects(NATIONAL, "Vérifier que votre dossier peut être présenté au comité.", until="due_on"),
    ),
    escalation.InformationRequested: Meaning(
        NATIONAL,
        "awaiting_departement",
        NATIONAL,
        Expects(DEPARTEMENT, "Répondre à une question de l’équipe nationale.", until="until"),
    ),
    escalation.AdmissibilitySettled: Meaning(
        NATIONAL,
        "admissible",
        NATIONAL,
        Expects(NATIONAL, "Inscrire votre projet à l’ordre du jour du comité de suivi de projet."),
    ),
    escalation.EscalationReturned: Meaning(
        NATIONAL, "returned", DEPARTEMENT, Expects(DEPARTEMENT, "Reprendre l’examen de votre demande.")
    ),
    escalation.SessionScheduled: Meaning(
        NATIONAL,
        "scheduled",
        NATIONAL,
        Expects(NATIONAL, "Examiner votre projet en comité de suivi de projet.", until="held_on"),
    ),
    escalation.ReserveLifted: Meaning(NATIONAL, label="La réserve du comité est levée", detail="motive"),
    escalation.ResourceMobilised: Meaning(
        NATIONAL,
        "mobilising",
        NATIONAL,
        Expects(NATIONAL, "Réunir les moyens de l’accompagnement."),
        detail="resource",
    ),
    escalation.ResourceProgressed: Meaning(NATIONAL, shown=False),
    escalation.OrderBooked: Meaning(NATIONAL, shown=False),
    escalation.FinancingPlanned: Meaning(NATIONAL),
    escalation.AccompanimentStarted: Meaning(
        NATIONAL,
        "accompanied",
        NATIONAL,
        Expects(NATIONAL, "Vous accompagner jusqu’à la date prévue.", until="ends_on"),
    ),
    escalation.MilestonePlanned: Meaning(NATIONAL, detail="title"),
    escalation.MilestonePostponed: Meaning(NATIONAL, detail="title"),
    escalation.ProgressReported: Meaning(NATIONAL, detail="text"),
    escalation.DeliverableAdded: Meaning(NATIONAL, detail="document"),
    escalation.ProviderInvited: Meaning(NATIONAL, shown=False),
    escalation.MilestoneReached: Meaning(NATIONAL, detail="title"),
    escalation.AccompanimentCompleted: Meaning(
        NATIONAL, "completed", APPLICANT, Expects(APPLICANT, GIVE_OPINION), opens_evaluation=True
    ),
    escalation.ProgrammeRequestTakenUp: Meaning(
        NATIONAL,
        "directed_to_programme",
        NATIONAL,
        Expects(NATIONAL, "Vous accompagner dans le programme."),
        detail="interlocutor",
    ),
    escalation.ProgrammeRequestDeclined: Meaning(
        NATIONAL,
        "under_examination",
        DEPARTEMENT,
        Expects(DEPARTEMENT, "Chercher une autre réponse à votre besoin."),
    ),
    escalation.ProgrammeRequestCompleted: Meaning(
        NATIONAL, "completed", APPLICANT, Expects(APPLICANT, GIVE_OPINION), opens_evaluation=True
    ),
    escalation.WithdrawalAccepted: Meaning(NATIONAL, "withdrawn", None),
    escalation.WithdrawalDeclined: Meaning(NATIONAL),
    escalation.EvaluationRequested: Meaning(
        NATIONAL, None, APPLICANT, Expects(APPLICANT, GIVE_OPINION, until="until"), opens_evaluation=True
    ),
}
"""The table: fact → what it means. Decisions and corrections have one line per outcome, below; the rest is not told."""

DECIDED: Final[Mapping[CommitteeOutcome, Meaning]] = {
    CommitteeOutcome.GRANTED: Meaning(
        NATIONAL, "granted", NATIONAL, Expects(NATIONAL, "Réunir les moyens de l’accompagnement.")
    ),
    CommitteeOutcome.GRANTED_WITH_RESERVE: Meaning(
        NATIONAL, "granted_with_reserve", NATIONAL, Expects(NATIONAL, "Réunir les moyens de l’accompagnement.")
    ),
    CommitteeOutcome.DEFERRED: Meaning(
        NATIONAL, "deferred", NATIONAL, Expects(NATIONAL, "Présenter de nouveau votre projet à un prochain comité.")
    ),
    CommitteeOutcome.RETURNED: Meaning(
        NATIONAL, "returned", DEPARTEMENT, Expects(DEPARTEMENT, "Reprendre l’examen de votre demande.")
    ),
    CommitteeOutcome.REFUSED: Meaning(NATIONAL, "refused", None),
}

WITHDRAWABLE: Final = frozenset(
    {
        "submitted",
        "registered",
        "under_examination",
        "awaiting_information",
        "proposed",
        "transferred",
        "escalated",
        "received",
        "awaiting_departement",
        "admissible",
        "scheduled",
        "deferred",
        "returned",
    }
)
"""Where nothing is decided yet."""

OVER: Final = frozenset({"withdrawn", "closed"})
"""Where nothing more is said; what others still tell is noted without bringing the request back."""

WITHOUT_DOCUMENTS: Final = OVER | {"refused", "evaluated"}


def meaning_of(fact: Fact) -> Meaning | None:
    """Give what a fact means to the applicant; None when it is not his business, or part of what was told before it."""
    if isinstance(fact, intake.DocumentAdded) and fact.with_request:
        return None
    if isinstance(fact, intake.EvaluationAwaited) and fact.reminder:
        return None
    if isinstance(fact, escalation.DecisionMade):
        return DECIDED[fact.decision.outcome]
    if isinstance(fact, escalation.DecisionCorrected):
        meant = DECIDED[fact.decision.outcome]
        corrected = replace(meant, label="Le comité a corrigé sa décision")
        return replace(corrected, status=None, team=None, expects=None) if fact.under_way else corrected
    return MEANINGS.get(type(fact))
