"""What the national team hears, and what it does about it."""

from functools import partial

from services.escalation.settings import Durations
from services.escalation.usecases.heard import (
    keep_evaluation,
    list_under_programme,
    note_closing,
    note_decision_notified,
    note_departement_message,
    note_exchange,
    note_reopening,
    receive_escalation,
    stop_on_withdrawal,
    take_answer,
)
from shared.contracts import intake, notifications, qualification
from shared.contracts.fact import Fact
from shared.messaging.consumers import Consumers, Handler
from shared.messaging.topology import Subscription

SUBSCRIPTION = Subscription("escalation", ("intake.#", "qualification.#", "notifications.#"))


def table(durations: Durations) -> dict[type[Fact], Handler]:
    """Fact heard → what we do; facts that are not here only count in their stream."""
    return {
        qualification.RequestEscalated: partial(receive_escalation, durations=durations),
        qualification.NationalQuestionAnswered: take_answer,
        qualification.DirectedToProgramme: list_under_programme,
        qualification.MessagePosted: note_departement_message,
        qualification.ExaminationStarted: note_reopening,
        intake.InformationProvided: note_exchange,
        intake.MessagePosted: note_exchange,
        intake.DocumentAdded: note_exchange,
        intake.RequestWithdrawn: stop_on_withdrawal,
        intake.EvaluationSubmitted: keep_evaluation,
        intake.RequestClosed: note_closing,
        notifications.DeliverySucceeded: note_decision_notified,
    }


def consumers(durations: Durations) -> Consumers:
    """Give the table to the messenger."""
    return Consumers(table(durations))
