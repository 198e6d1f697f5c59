"""Routing table of notifications: event → audience, channels, template, at once or in a digest, or nobody.

A row reads: on this fact, this audience gets this template. Teams are reached by mail and by their agents' bell,
people outside by mail alone. A row leaves at once unless it says `DAILY`; a team may choose another rhythm.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final, Literal

from services.notifications.domain.preferences import ROLES_OF, Cadence
from shared.contracts import escalation, forms, intake, notifications, qualification
from shared.contracts.fact import Fact
from shared.contracts.notifications import Audience
from shared.contracts.vocabulary import CommitteeOutcome, Role
from shared.contracts.withdrawal import WithdrawalAcceptance

LinkKind = Literal[
    "tracking",
    "orientation",
    "pact",
    "case",
    "led_pact",
    "escalation",
    "session",
    "programme",
    "delivery",
    "notifications",
]
"""Where a mail's one link leads; the first three are secret and personal."""

Channel = Literal["mail", "bell"]

Condition = Callable[[Any, bool], bool]


def always(_fact: Fact, _national: bool) -> bool:
    """Put no condition."""
    return True


@dataclass(frozen=True, slots=True)
class Mail:
    """One mail of a fact: for whom, by which template, with which link, and on which condition if there is one."""

    audience: Audience
    template: str
    link: LinkKind
    when: Condition = always
    """Takes the fact, and whether the national team ever had the request."""
    place: str = ""
    """Where on that page: the id of the part where something is to be read or done."""
    cadence: Cadence = Cadence.INSTANT
    """When it leaves for a team that has chosen nothing."""
    alone: bool = False
    """To the applicant's contact and to none of the colleagues who follow the request."""

    @property
    def channels(self) -> tuple[Channel, ...]:
        """Return how it reaches its audience: only agents have a bell."""
        return ("mail", "bell") if self.audience in ROLES_OF else ("mail",)


@dataclass(frozen=True, slots=True)
class Nobody:
    """A fact that makes no mail, on purpose."""

    why: str


def applicant(template: str, place: str = "", when: Condition = always) -> Mail:
    """Make a mail to the person who asked, with their own tracking link."""
    return Mail("applicant", template, "tracking", when, place)


def departement(template: str, place: str = "", cadence: Cadence = Cadence.INSTANT, when: Condition = always) -> Mail:
    """Make a mail to the service in charge in the département."""
    return Mail("departement", template, "case", when, place, cadence)


def delegate(template: str, place: str = "") -> Mail:
    """Make a mail to the délégué territorial."""
    return Mail("delegate", template, "case", always, place)


def national(template: str, when: Condition = always, *, place: str = "", cadence: Cadence = Cadence.INSTANT) -> Mail:
    """Make a mail to the national team."""
    return Mail("national", template, "escalation", when, place, cadence)


def _was_escalated(_fact: Fact, national: bool) -> bool:
    return national


def _concerns_people_outside(fact: notifications.DeliveryFailed, _national: bool) -> bool:
    return fact.audience in {"applicant", "provider"} and fact.colleague_id is None


def _came_later(fact: intake.DocumentAdded, _national: bool) -> bool:
    return not fact.with_request


def _comes_from_a_provider(fact: notifications.ReplyReceived, _national: bool) -> bool:
    """Return whether a provider replied: an applicant's reply becomes a message, which has its own row."""
    return fact.audience == "provider"


def _is_not_returned(fact: escalation.DecisionMade, _national: bool) -> bool:
    return fact.decision.outcome is not CommitteeOutcome.RETURNED


def _is_returned(fact: escalation.DecisionMade, _national: bool) -> bool:
    return fact.decision.outcome is CommitteeOutcome.RETURNED


def _asked_a_provider(fact: qualification.WithdrawalAccepted, _national: bool) -> bool:
    return fact.provider is not None


def _has_an_address(fact: qualification.OrientationLinkReplaced, _national: bool) -> bool:
    return fact.email is not None


def _was_invited(fact: qualification.PactPartyRemoved, _national: bool) -> bool:
    return fact.email is not None


def _concerns_a_programme(fact: escalation.WithdrawalAccepted, _national: bool) -> bool:
    return fact.programme is not None


def _concerns_the_committee(fact: escalation.WithdrawalAccepted, _national: bool) -> bool:
    return fact.programme is None


def _is_by_a_provider(fact: qualification.LocalWorkCompleted | qualification.LocalWorkStopped, _national: bool) -> bool:
    return fact.by.role is Role.PROVIDER


def _ends_the_work_of_a_provider(fact: qualification.LocalWorkStopped, _national: bool) -> bool:
    return fact.provider is not None and fact.by.role is not Role.PROVIDER


def _awaits_a_provider(fact: qualification.LocalClockFact, _national: bool) -> bool:
    return fact.provider is not None


def _awaits_the_departement(fact: qualification.LocalClockFact, _national: bool) -> bool:
    return fact.provider is None


def _is_first_word(fact: intake.EvaluationSubmitted, _national: bool) -> bool:
    return not fact.corrects


def _is_reminder(fact: intake.EvaluationAwaited, _national: bool) -> bool:
    return fact.reminder


def _is_first(fact: intake.EvaluationAwaited, _national: bool) -> bool:
    return not fact.reminder


STRANGERS_CAUSE: Final = frozenset({"request_submitted", "colleague_invited"})
"""Templates of mails that anybody can have sent to any address, without an agent having looked: so many a day each.

What agents, committees and deadlines cause never waits. New links are limited where they are asked for.
"""

DAILY = Cadence.DAILY
INTERNAL = Nobody("a step of the team's own work, shown on its pages")
TIMELINE = Nobody("shown on the tracking page; nothing to do or to know at once")
PACT = Nobody("a party gets its invitation whenever something is expected of it")

AUDIENCES: Mapping[type[Fact], tuple[Mail, ...] | Nobody] = {
    # intake: what the applicant did
    intake.RequestSubmitted: (applicant("request_submitted"), departement("new_request")),
    intake.InformationProvided: (departement("information_provided"),),
    intake.MessagePosted: (departement("applicant_message", "messages"),),
    intake.DocumentAdded: (departement("document_added", "documents", when=_came_later),),
    intake.ProgressTold: (
        departement("progress_told", cadence=DAILY),
        national("progress_told", _was_escalated, place="jalons", cadence=DAILY),
    ),
    intake.RequestWithdrawn: Nobody("the owner of the current step answers, and that answer alone is mailed"),
    intake.TrackingLinkReplaced: (Mail("applicant", "tracking_link_replaced", "tracking", alone=True),),
    intake.ColleagueInvited: (applicant("colleague_invited"),),
    intake.ColleagueRemoved: Nobody("their link ends at once; whoever took it back informs them"),
    intake.EvaluationSubmitted: (applicant("evaluation_thanks", when=_is_first_word),),
    intake.EvaluationAwaited: (
        applicant("evaluation_again", "evaluation", when=_is_first),
        applicant("evaluation_reminder", "evaluation", when=_is_reminder),
    ),
    intake.RequestClosed: TIMELINE,
    # forms that are not ours
    **dict.fromkeys(forms.FACTS, Nobody("intake answers the form that filed, and nobody else")),
    # qualification: what the département did
    qualification.RequestRegistered: (applicant("request_registered"),),
    qualification.ExaminationStarted: TIMELINE,
    qualification.InformationRequested: (applicant("information_requested", "informations"),),
    qualification.MessagePosted: (applicant("message_posted", "messages"),),
    qualification.RequestQualified: INTERNAL,
    qualification.OutcomeProposed: (delegate("outcome_proposed", "actions"),),
    qualification.ProposalRejected: (departement("proposal_rejected"),),
    qualification.ProposalTakenBack: INTERNAL,
    qualification.ExchangesShared: Nobody("it belongs to the dossier that follows, which is mailed"),
    qualification.ExchangesTransferred: Nobody("it belongs to the transfer that follows, which is mailed"),
    qualification.OrientedLocally: (
        applicant("oriented_locally"),
        Mail("provider", "orientation_asked", "orientation"),
    ),
    qualification.OrientationAccepted: (
        applicant("orientation_accepted"),
        departement("provider_accepted"),
        Mail("provider", "local_work_expected", "orientation"),
    ),
    qualification.OrientationDeclined: (applicant("examination_resumed"), departement("provider_declined")),
    qualification.OrientationLinkReplaced: (Mail("provider", "orientation_link", "orientation", when=_has_an_address),),
    qualification.SupportedLocally: (applicant("supported_locally"),),
    qualification.LocalWorkStarted: (applicant("local_work_started", "accompagnement"),),
    qualification.LocalMilestoneSet: TIMELINE,
    qualification.LocalMilestonePostponed: TIMELINE,
    qualification.LocalMilestoneReached: TIMELINE,
    qualification.LocalEndPostponed: TIMELINE,
    qualification.LocalProgressReported: TIMELINE,
    qualification.LocalDeliverableAdded: TIMELINE,
    qualification.LocalWorkCompleted: (
        applicant("local_work_completed", "evaluation"),
        departement("local_work_done", "accompagnement", when=_is_by_a_provider),
    ),
    qualification.LocalWorkStopped: (
        applicant("local_work_stopped"),
        departement("local_work_stopped_for_team", when=_is_by_a_provider),
        Mail("provider", "local_work_over", "orientation", _ends_the_work_of_a_provider),
    ),
    qualification.LocalWorkDueSoon: (
        Mail("provider", "local_work_reminder", "orientation", _awaits_a_provider, "accompagnement"),
        departement("local_work_due_soon", "accompagnement", cadence=DAILY, when=_awaits_the_departement),
    ),
    qualification.LocalWorkOverdue: (
        departement("local_work_overdue", "accompagnement"),
        Mail("delegate", "local_work_overdue", "case", _awaits_the_departement, "accompagnement"),
    ),
    qualification.DirectedToProgramme: (
        applicant("directed_to_programme"),
        Mail("programme", "programme_request", "programme"),
    ),
    qualification.RequestEscalated: (applicant("request_escalated"),),
    qualification.NationalQuestionAnswered: (national("question_answered"),),
    qualification.RequestRefused: (applicant("request_refused", "decision"),),
    qualification.RequestTransferred: (applicant("request_transferred"), departement("transferred_here")),
    qualification.WithdrawalAccepted: (
        applicant("request_withdrawn"),
        departement("withdrawn_for_team"),
        national("withdrawn_for_team", when=_was_escalated),
        Mail("provider", "orientation_cancelled", "orientation", when=_asked_a_provider),
    ),
    qualification.WithdrawalDeclined: (applicant("withdrawal_declined"), departement("withdrawal_too_late")),
    qualification.StageOverdue: (departement("stage_overdue"), delegate("stage_overdue")),
    qualification.StageDueSoon: (departement("stage_due_soon", cadence=DAILY),),
    qualification.OrientationDueSoon: (Mail("provider", "orientation_reminder", "orientation"),),
    qualification.InformationDueSoon: (applicant("information_reminder", "informations"),),
    qualification.NationalQuestionDueSoon: (departement("national_question_reminder", "actions"),),
    qualification.PactOpened: PACT,
    qualification.PactDiagnosisShared: PACT,
    qualification.PactDiagnosisAgreed: PACT,
    qualification.PactPartyInvited: (Mail("party", "pact_invitation", "pact"),),
    qualification.PactActionAdded: PACT,
    qualification.PactActionRemoved: PACT,
    qualification.PactActionChanged: PACT,
    qualification.PactPartyAdded: PACT,
    qualification.PactPartyCorrected: PACT,
    qualification.PactPartyRemoved: (Mail("party", "pact_party_removed", "pact", when=_was_invited),),
    qualification.PactPlanReady: (Mail("delegate", "pact_plan_ready", "led_pact"),),
    qualification.PactPlanReopened: PACT,
    qualification.PactVersionStarted: PACT,
    qualification.PactVersionGivenUp: PACT,
    qualification.PactSignatureReminded: (Mail("party", "pact_signature_reminder", "pact"),),
    qualification.PactSigned: PACT,
    qualification.PactProgressReported: PACT,
    qualification.PactReviewed: PACT,
    # escalation: what the national team did; the département informs the applicant
    escalation.EscalationReceived: (national("escalation_received"),),
    escalation.InformationRequested: (departement("national_question", "actions"),),
    escalation.AdmissibilitySettled: TIMELINE,
    escalation.EscalationReturned: (applicant("examination_resumed"), departement("escalation_returned")),
    escalation.SessionScheduled: (
        applicant("session_scheduled"),
        Mail("committee", "agenda_item", "session", cadence=DAILY),
    ),
    escalation.DecisionMade: (
        applicant("decision_made", "decision", when=_is_not_returned),
        applicant("examination_resumed", when=_is_returned),
        departement("decision_for_departement"),
    ),
    escalation.DecisionCorrected: (applicant("decision_made", "decision"), departement("decision_for_departement")),
    escalation.ReserveLifted: (applicant("reserve_lifted"),),
    escalation.ResourceMobilised: INTERNAL,
    escalation.ResourceProgressed: INTERNAL,
    escalation.OrderBooked: INTERNAL,
    escalation.FinancingPlanned: TIMELINE,
    escalation.AccompanimentStarted: (applicant("accompaniment_started"),),
    escalation.MilestonePlanned: TIMELINE,
    escalation.MilestonePostponed: TIMELINE,
    escalation.MilestoneCancelled: TIMELINE,
    escalation.AccompanimentRescheduled: TIMELINE,
    escalation.ProgressReported: TIMELINE,
    escalation.DeliverableAdded: TIMELINE,
    escalation.ProviderInvited: INTERNAL,
    escalation.MilestoneReached: TIMELINE,
    escalation.AccompanimentCompleted: (departement("accompaniment_completed"),),
    escalation.EvaluationRequested: (applicant("evaluation_requested", "evaluation"),),
    escalation.StageOverdue: (national("stage_overdue"),),
    escalation.StageDueSoon: (national("stage_due_soon", cadence=DAILY),),
    escalation.ProgrammeRequestTakenUp: (applicant("programme_taken_up"), departement("programme_takes_up")),
    escalation.ProgrammeRequestDeclined: (applicant("examination_resumed"), departement("programme_declines")),
    escalation.ProgrammeRequestCompleted: (departement("programme_completed"),),
    escalation.WithdrawalAccepted: (
        applicant("request_withdrawn"),
        departement("withdrawn_for_team"),
        national("withdrawn_for_team", when=_concerns_the_committee),
        Mail("programme", "withdrawn_for_programme", "programme", when=_concerns_a_programme),
    ),
    escalation.WithdrawalDeclined: (applicant("withdrawal_declined"), departement("withdrawal_too_late")),
    escalation.ProgrammeCoverageSet: Nobody("it concerns no request; territories' pages and the services show it"),
    # notifications: what became of our own mails
    notifications.DeliverySucceeded: Nobody("no mail about a mail"),
    notifications.DeliveryFailed: (Mail("departement", "delivery_problem", "delivery", _concerns_people_outside),),
    notifications.ReplyReceived: (Mail("departement", "provider_reply", "case", _comes_from_a_provider),),
}
"""Every fact, on purpose: a test fails when one is missing."""

STEPS: Final = tuple(
    fact
    for fact in (*qualification.FACTS, *escalation.FACTS)
    if not issubclass(fact, qualification.PactFact | qualification.MessagePosted | WithdrawalAcceptance)
)
"""What is untrue once the owner of the request has accepted that the applicant withdraws.

Streams of different sources have no order between them: such a fact may arrive after the acceptance.
"""

DIGEST = "digest"
"""The template that gathers several mails in one; no fact makes it directly."""
WEBHOOK_SUSPENDED = "webhook_suspended"
"""The template about a partner's program that accepts nothing any more, for the operator; no fact makes it either."""


AT_ONCE: Final = timedelta(hours=1)
"""A registration that follows the filing so soon makes no mail: the acknowledgement has just named the service."""


def mails_of(
    fact: Fact, *, national: bool, withdrawn: bool = False, filed_at: datetime | None = None
) -> tuple[Mail, ...]:
    """Return the mails of a fact.

    Args:
        fact: what happened.
        national: whether the national team ever had the request.
        withdrawn: whether it was accepted before this fact arrived that the applicant withdraws.
        filed_at: when the request was filed, where that is known.
    """
    mails = AUDIENCES[type(fact)]
    if isinstance(mails, Nobody) or (withdrawn and isinstance(fact, STEPS)):
        return ()
    if isinstance(fact, qualification.RequestRegistered) and filed_at and fact.at - filed_at < AT_ONCE:
        return ()
    return tuple(mail for mail in mails if mail.when(fact, national))


def templates() -> Iterator[tuple[type[Fact], Mail]]:
    """Return every mail that can be made, with the fact that makes it."""
    for fact, mails in AUDIENCES.items():
        if not isinstance(mails, Nobody):
            for mail in mails:
                yield fact, mail
