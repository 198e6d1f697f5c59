"""Event handlers: the events that the département consumes, and the use case that handles each."""

from collections.abc import Awaitable, Callable
from functools import partial
from typing import Any, TypeVar

import structlog

from services.qualification.domain.case import Case
from services.qualification.domain.refusals import UnknownCase
from services.qualification.domain.rules import Rules
from services.qualification.store import cases
from services.qualification.usecases import consumed_messages, consumed_requests, consumed_steps, withdrawing
from shared import coverage, exchanges
from shared.contracts import escalation, intake, notifications, qualification
from shared.contracts.fact import Fact
from shared.db import Transaction
from shared.messaging.handlers import EventHandlers, Handler
from shared.messaging.topology import Subscription

log = structlog.get_logger(__name__)

F = TypeVar("F", bound=Fact)
OnCase = Callable[[Transaction, Case, F], Awaitable[None]]


def handlers(rules: Rules) -> EventHandlers:
    """Return the handler of each event."""

    async def open_case_on_request_submitted(tx: Transaction, fact: intake.RequestSubmitted) -> None:
        await consumed_requests.open_submitted(tx, fact, rules)

    async def open_case_on_request_transferred(tx: Transaction, fact: qualification.RequestTransferred) -> None:
        await consumed_requests.open_transferred(tx, fact, rules)

    async def resume_on_information_provided(tx: Transaction, case: Case, fact: intake.InformationProvided) -> None:
        await consumed_messages.add_information(tx, case, fact, rules)

    async def reopen_on_return(
        tx: Transaction, case: Case, fact: escalation.EscalationReturned | escalation.ProgrammeRequestDeclined
    ) -> None:
        await consumed_steps.reopen(tx, case, fact, rules)

    async def show_decision_on_decision_made(tx: Transaction, case: Case, fact: escalation.DecisionMade) -> None:
        await consumed_steps.add_decision(tx, case, fact, rules)

    def on_case(handle: OnCase[F]) -> Handler:
        return _on_case(handle, rules)

    return EventHandlers(
        {
            intake.RequestSubmitted: _if_served(open_case_on_request_submitted, rules),
            intake.InformationProvided: on_case(resume_on_information_provided),
            intake.MessagePosted: on_case(consumed_messages.add_message),
            intake.DocumentAdded: on_case(consumed_messages.add_document),
            intake.ProgressTold: on_case(consumed_steps.show),
            intake.RequestWithdrawn: partial(withdrawing.take_withdrawal, rules=rules),
            intake.EvaluationSubmitted: on_case(consumed_steps.end),
            intake.EvaluationAwaited: on_case(consumed_steps.show),
            intake.RequestClosed: on_case(consumed_steps.end),
            qualification.ExchangesTransferred: _if_served(exchanges.store_part, rules),
            qualification.RequestTransferred: _if_served(open_case_on_request_transferred, rules),
            escalation.EscalationReceived: on_case(consumed_steps.show),
            escalation.InformationRequested: on_case(consumed_steps.add_question),
            escalation.AdmissibilitySettled: on_case(consumed_steps.show),
            escalation.EscalationReturned: on_case(reopen_on_return),
            escalation.SessionScheduled: on_case(consumed_steps.show),
            escalation.DecisionMade: on_case(show_decision_on_decision_made),
            escalation.DecisionCorrected: on_case(consumed_steps.show),
            escalation.ReserveLifted: on_case(consumed_steps.show),
            escalation.ResourceMobilised: on_case(consumed_steps.show),
            escalation.ResourceProgressed: on_case(consumed_steps.show),
            escalation.FinancingPlanned: on_case(consumed_steps.show),
            escalation.AccompanimentStarted: on_case(consumed_steps.show),
            escalation.MilestonePlanned: on_case(consumed_steps.show),
            escalation.MilestonePostponed: on_case(consumed_steps.show),
            escalation.MilestoneCancelled: on_case(consumed_steps.show),
            escalation.AccompanimentRescheduled: on_case(consumed_steps.show),
            escalation.ProgressReported: on_case(consumed_steps.show),
            escalation.DeliverableAdded: on_case(consumed_steps.show),
            escalation.MilestoneReached: on_case(consumed_steps.show),
            escalation.AccompanimentCompleted: on_case(consumed_steps.show),
            escalation.EvaluationRequested: on_case(consumed_steps.show),
            escalation.StageOverdue: on_case(consumed_steps.show),
            escalation.ProgrammeRequestTakenUp: on_case(consumed_steps.show),
            escalation.ProgrammeRequestDeclined: on_case(reopen_on_return),
            escalation.ProgrammeRequestCompleted: on_case(consumed_steps.show),
            escalation.WithdrawalAccepted: on_case(withdrawing.end_on_acceptance),
            escalation.WithdrawalDeclined: on_case(withdrawing.note_refusal),
            escalation.ProgrammeCoverageSet: _if_served(coverage.store, rules),
            notifications.DeliveryFailed: _if_known(consumed_steps.show, rules),
            notifications.ReplyReceived: _if_known(consumed_messages.add_reply, rules),
        },
        alone=[qualification.ExchangesTransferred, qualification.RequestTransferred],
    )


def subscription(rules: Rules) -> Subscription:
    """Return the queue of this instance and what leads there: one département's own, or a shared one."""
    codes = rules.departements or ("*",)
    queue = f"qualification.{codes[0]}" if rules.departements and len(codes) == 1 else "qualification"
    return Subscription(
        queue,
        tuple(
            key
            for code in codes
            for key in (
                f"intake.*.{code}",
                f"escalation.*.{code}",
                f"notifications.*.{code}",
                f"qualification.exchanges_transferred.{code}",
                f"qualification.request_transferred.{code}",
            )
        ),
    )


def _on_case(handle: OnCase[F], rules: Rules) -> Handler:
    """Lock the case that the fact is about; what must come first has not come yet (`UnknownCase`: tried again)."""

    async def handler(tx: Transaction, fact: Any) -> None:
        case = await cases.load_for_event(tx, fact.request_id, fact.departement)
        if case is not None:
            await handle(tx, case, fact)
        elif rules.serves(fact.departement):
            raise UnknownCase(f"no case of {fact.request_id} in {fact.departement} yet")
        else:
            await consumed_messages.store_early(tx, fact)
            log.info("event.not_ours", departement=fact.departement)

    return handler


def _if_served(handle: Handler, rules: Rules) -> Handler:
    """Handle what concerns one of our départements, whatever it is about."""

    async def handler(tx: Transaction, fact: Any) -> None:
        if rules.serves(fact.departement):
            await handle(tx, fact)

    return handler


def _if_known(handle: OnCase[F], rules: Rules) -> Handler:
    """Show a fact on its case if there is one: a mail may also be about a pact, which is no case."""

    async def handler(tx: Transaction, fact: Any) -> None:
        case = await cases.load_for_event(tx, fact.request_id, fact.departement)
        if case is not None:
            await handle(tx, case, fact)
        elif not rules.serves(fact.departement):
            await consumed_messages.store_early(tx, fact)

    return handler
