"""What the national team hears, and what it does about it."""

from functools import partial

from services.escalation.settings import Durations
from services.escalation.usecases.heard import (
    keep_on_evaluation_submitted,
    list_on_directed_to_programme,
    note_notified_on_delivery_succeeded,
    note_on_departement_message_posted,
    note_on_departement_outcome,
    note_on_examination_reopened,
    note_on_request_closed,
    note_what_the_applicant_sends,
    receive_escalation_on_request_escalated,
    resume_on_national_question_answered,
    stop_on_request_withdrawn,
)
from shared.contracts import intake, notifications, qualification
from shared.contracts.fact import Fact
from shared.messaging.consumers import Consumers, Handler
from shared.messaging.topology import Subscription

SUBSCRIPTION = Subscription("escalation", ("intake.#", "qualification.#", "notifications.#"))


def table(durations: Durations) -> dict[type[Fact], Handler]:
    """Fact heard → what we do; facts that are not here only count in their stream."""
    return {
        qualification.RequestEscalated: partial(receive_escalation_on_request_escalated, durations=durations),
        qualification.NationalQuestionAnswered: resume_on_national_question_answered,
        qualification.DirectedToProgramme: list_on_directed_to_programme,
        qualification.MessagePosted: note_on_departement_message_posted,
        qualification.ExaminationStarted: note_on_examination_reopened,
        qualification.OrientedLocally: note_on_departement_outcome,
        qualification.SupportedLocally: note_on_departement_outcome,
        qualification.RequestRefused: note_on_departement_outcome,
        intake.InformationProvided: note_what_the_applicant_sends,
        intake.MessagePosted: note_what_the_applicant_sends,
        intake.DocumentAdded: note_what_the_applicant_sends,
        intake.RequestWithdrawn: stop_on_request_withdrawn,
        intake.EvaluationSubmitted: keep_on_evaluation_submitted,
        intake.RequestClosed: note_on_request_closed,
        notifications.DeliverySucceeded: note_notified_on_delivery_succeeded,
    }


def consumers(durations: Durations) -> Consumers:
    """Give the table to the messenger."""
    return Consumers(table(durations))
