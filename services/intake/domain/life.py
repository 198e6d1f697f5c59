"""Map each event to its meaning for the applicant: status, team in charge, next action and its deadline."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Final

from services.intake.domain.next_action import NextAction
from shared.contracts import escalation, intake, qualification
from shared.contracts.fact import Fact
from shared.contracts.vocabulary import CommitteeOutcome, Role, Team

APPLICANT, DEPARTEMENT, PROVIDER, NATIONAL = Team.APPLICANT, Team.DEPARTEMENT, Team.PROVIDER, Team.NATIONAL


class Status(StrEnum):
    """Where a request stands for its applicant: the wire values of the API."""

    SUBMITTED = "submitted"
    REGISTERED = "registered"
    UNDER_EXAMINATION = "under_examination"
    AWAITING_INFORMATION = "awaiting_information"
    PROPOSED = "proposed"
    ORIENTED_LOCALLY = "oriented_locally"
    SUPPORTED_LOCALLY = "supported_locally"
    DIRECTED_TO_PROGRAMME = "directed_to_programme"
    ESCALATED = "escalated"
    REFUSED = "refused"
    TRANSFERRED = "transferred"
    WITHDRAWN = "withdrawn"
    RECEIVED = "received"
    AWAITING_DEPARTEMENT = "awaiting_departement"
    ADMISSIBLE = "admissible"
    SCHEDULED = "scheduled"
    GRANTED = "granted"
    GRANTED_WITH_RESERVE = "granted_with_reserve"
    DEFERRED = "deferred"
    RETURNED = "returned"
    MOBILISING = "mobilising"
    ACCOMPANIED = "accompanied"
    COMPLETED = "completed"
    EVALUATED = "evaluated"
    CLOSED = "closed"


@dataclass(frozen=True, slots=True)
class Expects:
    """Who must do what next; `until` names the member of the fact that holds the date.

    With `keeps_date` the date that the same team had before still holds.
    """

    team: Team
    what: NextAction
    until: str | None = None
    keeps_date: bool = False


@dataclass(frozen=True, slots=True)
class Meaning:
    """What a fact changes for the applicant.

    `by` acted. Without `status` the request stays where it is. `team` is who has it in hand now; None when it is over.
    `shown` puts the fact on the timeline, under `label` or else the common French words, with the member `detail`.
    """

    by: Team
    status: Status | None = None
    team: Team | None = None
    expects: Expects | None = None
    shown: bool = True
    label: str | None = None
    detail: str | None = None
    opens_evaluation: bool = False


MEANINGS: Final[Mapping[type[Fact], Meaning]] = {
    # The applicant
    intake.RequestSubmitted: Meaning(
        APPLICANT, Status.SUBMITTED, DEPARTEMENT, Expects(DEPARTEMENT, NextAction.REGISTER)
    ),
    intake.InformationProvided: Meaning(
        APPLICANT,
        Status.UNDER_EXAMINATION,
        DEPARTEMENT,
        Expects(DEPARTEMENT, NextAction.RESUME_WITH_INFORMATION),
    ),
    intake.MessagePosted: Meaning(APPLICANT, label="Message au service départemental"),
    intake.DocumentAdded: Meaning(APPLICANT, detail="document"),
    intake.ProgressTold: Meaning(APPLICANT, detail="text"),
    intake.RequestWithdrawn: Meaning(APPLICANT, Status.WITHDRAWN, None, detail="motive"),
    intake.ColleagueInvited: Meaning(APPLICANT, detail="name"),
    intake.ColleagueRemoved: Meaning(APPLICANT),
    intake.EvaluationSubmitted: Meaning(APPLICANT, Status.EVALUATED, None),
    intake.EvaluationAwaited: Meaning(
        DEPARTEMENT,
        None,
        APPLICANT,
        Expects(APPLICANT, NextAction.EVALUATE_AGAIN, until="until"),
        label="Votre avis est demandé, quelques mois après",
        opens_evaluation=True,
    ),
    intake.RequestClosed: Meaning(DEPARTEMENT, Status.CLOSED, None),
    # The département
    qualification.RequestRegistered: Meaning(
        DEPARTEMENT,
        Status.REGISTERED,
        DEPARTEMENT,
        Expects(DEPARTEMENT, NextAction.BEGIN_EXAMINATION, until="due_on"),
    ),
    qualification.ExaminationStarted: Meaning(
        DEPARTEMENT,
        Status.UNDER_EXAMINATION,
        DEPARTEMENT,
        Expects(DEPARTEMENT, NextAction.EXAMINE, until="due_on"),
    ),
    qualification.InformationRequested: Meaning(
        DEPARTEMENT,
        Status.AWAITING_INFORMATION,
        APPLICANT,
        Expects(APPLICANT, NextAction.SEND_INFORMATION, until="until"),
        detail="items",
    ),
    qualification.MessagePosted: Meaning(DEPARTEMENT, label="Le service départemental vous a écrit"),
    qualification.RequestQualified: Meaning(DEPARTEMENT, label="Votre besoin a été étudié"),
    qualification.OutcomeProposed: Meaning(
        DEPARTEMENT,
        Status.PROPOSED,
        DEPARTEMENT,
        Expects(DEPARTEMENT, NextAction.VALIDATE_ANSWER, keeps_date=True),
        label="Une réponse est en préparation",
    ),
    qualification.ProposalRejected: Meaning(
        DEPARTEMENT,
        Status.UNDER_EXAMINATION,
        DEPARTEMENT,
        Expects(DEPARTEMENT, NextAction.EXAMINE, keeps_date=True),
        shown=False,
    ),
    qualification.ProposalTakenBack: Meaning(
        DEPARTEMENT,
        Status.UNDER_EXAMINATION,
        DEPARTEMENT,
        Expects(DEPARTEMENT, NextAction.EXAMINE, keeps_date=True),
        shown=False,
    ),
    qualification.OrientedLocally: Meaning(
        DEPARTEMENT,
        Status.ORIENTED_LOCALLY,
        PROVIDER,
        Expects(PROVIDER, NextAction.ANSWER_ORIENTATION, until="until"),
        detail="provider",
    ),
    qualification.OrientationAccepted: Meaning(
        PROVIDER,
        Status.ORIENTED_LOCALLY,
        PROVIDER,
        Expects(PROVIDER, NextAction.CONTACT_APPLICANT, until="start_until"),
        detail="provider",
    ),
    qualification.OrientationDeclined: Meaning(
        PROVIDER,
        Status.UNDER_EXAMINATION,
        DEPARTEMENT,
        Expects(DEPARTEMENT, NextAction.SEEK_OTHER_ANSWER),
        detail="provider",
    ),
    qualification.SupportedLocally: Meaning(
        DEPARTEMENT,
        Status.SUPPORTED_LOCALLY,
        DEPARTEMENT,
        Expects(DEPARTEMENT, NextAction.SET_UP_SUPPORT, until="start_until"),
    ),
    # The work of a local answer, by the local provider or by the département (`meaning_of`)
    qualification.LocalWorkStarted: Meaning(
        DEPARTEMENT,
        Status.ACCOMPANIED,
        DEPARTEMENT,
        Expects(DEPARTEMENT, NextAction.ACCOMPANY, until="ends_on"),
        label="L’accompagnement commence",
    ),
    qualification.LocalEndPostponed: Meaning(
        DEPARTEMENT,
        None,
        DEPARTEMENT,
        Expects(DEPARTEMENT, NextAction.ACCOMPANY, until="ends_on"),
        label="L’accompagnement dure plus longtemps",
        detail="motive",
    ),
    qualification.LocalMilestoneSet: Meaning(DEPARTEMENT, detail="title"),
    qualification.LocalMilestonePostponed: Meaning(DEPARTEMENT, detail="title"),
    qualification.LocalMilestoneReached: Meaning(DEPARTEMENT, detail="title"),
    qualification.LocalProgressReported: Meaning(DEPARTEMENT, detail="text"),
    qualification.LocalDeliverableAdded: Meaning(DEPARTEMENT, detail="document"),
    qualification.LocalWorkCompleted: Meaning(
        DEPARTEMENT,
        Status.COMPLETED,
        APPLICANT,
        Expects(APPLICANT, NextAction.EVALUATE, until="evaluation_until"),
        label="L’accompagnement est terminé",
        detail="report",
        opens_evaluation=True,
    ),
    qualification.LocalWorkStopped: Meaning(
        DEPARTEMENT,
        Status.COMPLETED,
        None,
        label="L’accompagnement s’arrête",
        detail="motive",
        opens_evaluation=True,
    ),
    qualification.DirectedToProgramme: Meaning(
        DEPARTEMENT,
        Status.DIRECTED_TO_PROGRAMME,
        NATIONAL,
        Expects(NATIONAL, NextAction.EXAMINE_FOR_PROGRAMME),
    ),
    qualification.RequestEscalated: Meaning(
        DEPARTEMENT, Status.ESCALATED, NATIONAL, Expects(NATIONAL, NextAction.RECEIVE_DOSSIER)
    ),
    qualification.NationalQuestionAnswered: Meaning(
        DEPARTEMENT, Status.RECEIVED, NATIONAL, Expects(NATIONAL, NextAction.CONTINUE_WITH_DOSSIER)
    ),
    qualification.RequestRefused: Meaning(DEPARTEMENT, Status.REFUSED, None),
    qualification.RequestTransferred: Meaning(
        DEPARTEMENT,
        Status.TRANSFERRED,
        DEPARTEMENT,
        Expects(DEPARTEMENT, NextAction.REGISTER_TRANSFER),
        detail="motive",
    ),
    qualification.WithdrawalAccepted: Meaning(DEPARTEMENT, Status.WITHDRAWN, None),
    qualification.WithdrawalDeclined: Meaning(DEPARTEMENT),
    # The national team: it keeps the applicant informed through the département, and never asks them anything
    escalation.EscalationReceived: Meaning(
        NATIONAL,
        Status.RECEIVED,
        NATIONAL,
        Expects(NATIONAL, NextAction.SETTLE_ADMISSIBILITY, until="due_on"),
    ),
    escalation.InformationRequested: Meaning(
        NATIONAL,
        Status.AWAITING_DEPARTEMENT,
        NATIONAL,
        Expects(DEPARTEMENT, NextAction.ANSWER_QUESTION, until="until"),
    ),
    escalation.AdmissibilitySettled: Meaning(
        NATIONAL,
        Status.ADMISSIBLE,
        NATIONAL,
        Expects(NATIONAL, NextAction.SCHEDULE),
    ),
    escalation.EscalationReturned: Meaning(
        NATIONAL, Status.RETURNED, DEPARTEMENT, Expects(DEPARTEMENT, NextAction.RESUME_EXAMINATION)
    ),
    escalation.SessionScheduled: Meaning(
        NATIONAL,
        Status.SCHEDULED,
        NATIONAL,
        Expects(NATIONAL, NextAction.DECIDE, until="held_on"),
    ),
    escalation.ReserveLifted: Meaning(NATIONAL, label="La réserve du comité est levée", detail="motive"),
    escalation.ResourceMobilised: Meaning(
        NATIONAL,
        Status.MOBILISING,
        NATIONAL,
        Expects(NATIONAL, NextAction.MOBILISE),
        detail="resource",
    ),
    escalation.ResourceProgressed: Meaning(NATIONAL, shown=False),
    escalation.OrderBooked: Meaning(NATIONAL, shown=False),
    escalation.FinancingPlanned: Meaning(NATIONAL),
    escalation.AccompanimentStarted: Meaning(
        NATIONAL,
        Status.ACCOMPANIED,
        NATIONAL,
        Expects(NATIONAL, NextAction.ACCOMPANY, until="ends_on"),
    ),
    escalation.AccompanimentRescheduled: Meaning(
        NATIONAL, None, NATIONAL, Expects(NATIONAL, NextAction.ACCOMPANY, until="ends_on"), detail="motive"
    ),
    escalation.MilestonePlanned: Meaning(NATIONAL, detail="title"),
    escalation.MilestonePostponed: Meaning(NATIONAL, detail="title"),
    escalation.MilestoneCancelled: Meaning(NATIONAL, detail="title"),
    escalation.ProgressReported: Meaning(NATIONAL, detail="text"),
    escalation.DeliverableAdded: Meaning(NATIONAL, detail="document"),
    escalation.ProviderInvited: Meaning(NATIONAL, shown=False),
    escalation.MilestoneReached: Meaning(NATIONAL, detail="title"),
    escalation.AccompanimentCompleted: Meaning(
        NATIONAL, Status.COMPLETED, APPLICANT, Expects(APPLICANT, NextAction.EVALUATE), opens_evaluation=True
    ),
    escalation.ProgrammeRequestTakenUp: Meaning(
        NATIONAL,
        Status.DIRECTED_TO_PROGRAMME,
        NATIONAL,
        Expects(NATIONAL, NextAction.ACCOMPANY_IN_PROGRAMME),
        detail="interlocutor",
    ),
    escalation.ProgrammeRequestDeclined: Meaning(
        NATIONAL,
        Status.UNDER_EXAMINATION,
        DEPARTEMENT,
        Expects(DEPARTEMENT, NextAction.SEEK_OTHER_ANSWER),
    ),
    escalation.ProgrammeRequestCompleted: Meaning(
        NATIONAL, Status.COMPLETED, APPLICANT, Expects(APPLICANT, NextAction.EVALUATE), opens_evaluation=True
    ),
    escalation.WithdrawalAccepted: Meaning(NATIONAL, Status.WITHDRAWN, None),
    escalation.WithdrawalDeclined: Meaning(NATIONAL),
    escalation.EvaluationRequested: Meaning(
        NATIONAL, None, APPLICANT, Expects(APPLICANT, NextAction.EVALUATE, until="until"), opens_evaluation=True
    ),
}
"""Fact → what it means. Decisions and corrections have one line per outcome, below; the rest is not shown."""

DECIDED: Final[Mapping[CommitteeOutcome, Meaning]] = {
    CommitteeOutcome.GRANTED: Meaning(NATIONAL, Status.GRANTED, NATIONAL, Expects(NATIONAL, NextAction.MOBILISE)),
    CommitteeOutcome.GRANTED_WITH_RESERVE: Meaning(
        NATIONAL, Status.GRANTED_WITH_RESERVE, NATIONAL, Expects(NATIONAL, NextAction.MOBILISE)
    ),
    CommitteeOutcome.DEFERRED: Meaning(
        NATIONAL,
        Status.DEFERRED,
        NATIONAL,
        Expects(NATIONAL, NextAction.SCHEDULE_AGAIN),
    ),
    CommitteeOutcome.RETURNED: Meaning(
        NATIONAL, Status.RETURNED, DEPARTEMENT, Expects(DEPARTEMENT, NextAction.RESUME_EXAMINATION)
    ),
    CommitteeOutcome.REFUSED: Meaning(NATIONAL, Status.REFUSED, None),
}

WITHDRAWABLE: Final = frozenset(
    {
        Status.SUBMITTED,
        Status.REGISTERED,
        Status.UNDER_EXAMINATION,
        Status.AWAITING_INFORMATION,
        Status.PROPOSED,
        Status.TRANSFERRED,
        Status.ESCALATED,
        Status.RECEIVED,
        Status.AWAITING_DEPARTEMENT,
        Status.ADMISSIBLE,
        Status.SCHEDULED,
        Status.DEFERRED,
        Status.RETURNED,
    }
)
"""Where nothing is decided yet."""

OVER: Final = frozenset({Status.WITHDRAWN, Status.CLOSED})
"""Where nothing more is written; events applied later do not bring the request back."""

ENDED: Final = frozenset({Status.COMPLETED, Status.EVALUATED, Status.CLOSED})
"""Where help was given and has ended: only then the applicant is asked what came of it."""

WITHOUT_DOCUMENTS: Final = OVER | {Status.REFUSED, Status.EVALUATED}


def meaning_of(fact: Fact) -> Meaning | None:
    """Return what a fact means to the applicant; None when it does not concern them, or is part of another fact."""
    if isinstance(fact, intake.DocumentAdded) and fact.with_request:
        return None
    if isinstance(fact, intake.EvaluationAwaited) and fact.reminder:
        return None
    if isinstance(fact, escalation.DecisionMade):
        return DECIDED[fact.decision.outcome]
    if isinstance(fact, escalation.DecisionCorrected):
        meant = DECIDED[fact.decision.outcome]
        return replace(meant, status=None, team=None, expects=None) if fact.under_way else meant
    if isinstance(fact, qualification.LocalWorkStopped) and fact.reopens:
        meant = replace(MEANINGS[type(fact)], status=Status.UNDER_EXAMINATION, team=DEPARTEMENT, opens_evaluation=False)
        return _by_whoever_works(fact, replace(meant, expects=Expects(DEPARTEMENT, NextAction.SEEK_OTHER_ANSWER)))
    meaning = MEANINGS.get(type(fact))
    return _by_whoever_works(fact, meaning) if meaning else None


def _by_whoever_works(fact: Fact, meaning: Meaning) -> Meaning:
    """Name the local provider instead of the département where it acted, or has the work in hand."""
    by = getattr(fact, "by", None)
    if not fact.wire_type.startswith("qualification.local_") or by is None:
        return meaning
    if by.role is Role.PROVIDER:
        meaning = replace(meaning, by=PROVIDER)
    works = fact.provider is not None if isinstance(fact, qualification.LocalWorkStarted) else meaning.by is PROVIDER
    if meaning.expects is not None and meaning.expects.what is NextAction.ACCOMPANY and works:
        meaning = replace(meaning, team=PROVIDER, expects=replace(meaning.expects, team=PROVIDER))
    return meaning
