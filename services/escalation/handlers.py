"""Event handlers: the events that the national team consumes, and the use case that handles each."""

from functools import partial
from typing import Any

from services.escalation.domain.durations import Durations
from services.escalation.usecases.consumed import (
    list_on_directed_to_programme,
    note_notified_on_delivery_succeeded,
    note_on_applicant_message,
    note_on_departement_message_posted,
    note_on_departement_outcome,
    note_on_examination_reopened,
    note_on_request_closed,
    receive_escalation_on_request_escalated,
    resume_on_national_question_answered,
    store_on_evaluation_submitted,
    store_on_progress_told,
)
from services.escalation.usecases.consumed_for_figures import (
    follow_on_answer_taken_back,
    follow_on_directed_to_programme,
    follow_on_oriented_locally,
    follow_on_request_escalated,
    follow_on_request_refused,
    follow_on_request_registered,
    follow_on_request_submitted,
    follow_on_supported_locally,
)
from services.escalation.usecases.withdrawal import answer_on_request_withdrawn, apply_departement_answer
from shared import exchanges
from shared.contracts import intake, notifications, qualification
from shared.contracts.fact import Fact
from shared.db import Transaction
from shared.messaging.handlers import EventHandlers, Handler
from shared.messaging.topology import Subscription

SUBSCRIPTION = Subscription("escalation", ("intake.#", "qualification.#", "notifications.#"))


def table(durations: Durations) -> dict[type[Fact], Handler]:
    """Return the handler of each consumed fact; facts that are not here only count in their stream."""
    receive = partial(receive_escalation_on_request_escalated, durations=durations)
    return {
        intake.RequestSubmitted: follow_on_request_submitted,
        qualification.RequestRegistered: follow_on_request_registered,
        qualification.ExchangesShared: exchanges.store_part,
        qualification.RequestEscalated: _both(follow_on_request_escalated, receive),
        qualification.NationalQuestionAnswered: resume_on_national_question_answered,
        qualification.DirectedToProgramme: _both(follow_on_directed_to_programme, list_on_directed_to_programme),
        qualification.MessagePosted: note_on_departement_message_posted,
        qualification.ExaminationStarted: _both(follow_on_answer_taken_back, note_on_examination_reopened),
        qualification.OrientedLocally: _both(follow_on_oriented_locally, note_on_departement_outcome),
        qualification.OrientationDeclined: follow_on_answer_taken_back,
        qualification.SupportedLocally: _both(follow_on_supported_locally, note_on_departement_outcome),
        qualification.RequestRefused: _both(follow_on_request_refused, note_on_departement_outcome),
        qualification.WithdrawalAccepted: apply_departement_answer,
        qualification.WithdrawalDeclined: apply_departement_answer,
        intake.InformationProvided: note_on_applicant_message,
        intake.MessagePosted: note_on_applicant_message,
        intake.DocumentAdded: note_on_applicant_message,
        intake.ProgressTold: store_on_progress_told,
        intake.RequestWithdrawn: answer_on_request_withdrawn,
        intake.EvaluationSubmitted: store_on_evaluation_submitted,
        intake.RequestClosed: note_on_request_closed,
        notifications.DeliverySucceeded: note_notified_on_delivery_succeeded,
    }


def _both(first: Handler, then: Handler) -> Handler:
    async def both(tx: Transaction, fact: Any) -> None:
        """Count it in the figures, then apply it to the dossier."""
        await first(tx, fact)
        await then(tx, fact)

    return both


def handlers(durations: Durations) -> EventHandlers:
    """Return the table as the messenger takes it."""
    return EventHandlers(table(durations))
