"""What the département hears: fact → use case, one table."""

from collections.abc import Awaitable, Callable
from functools import partial
from typing import Any, TypeVar

import structlog

from services.qualification.domain.case import Case
from services.qualification.domain.refusals import UnknownCase
from services.qualification.domain.rules import Rules
from services.qualification.store import cases
from services.qualification.usecases import arriving, conversing, following, withdrawing
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
    """Give the table of what is heard and what is done about it."""

    async def open_case_on_request_submitted(tx: Transaction, fact: intake.RequestSubmitted) -> None:
        if rules.serves(fact.departement):
            await arriving.open_submitted(tx, fact, rules)

    async def open_case_on_request_transferred(tx: Transaction, fact: qualification.RequestTransferred) -> None:
        if rules.serves(fact.departement):
            await arriving.open_transferred(tx, fact, rules)

    async def resume_on_information_provided(tx: Transaction, case: Case, fact: intake.InformationProvided) -> None:
        await conversing.take_information(tx, case, fact, rules)

    async def reopen_on_escalation_returned(tx: Transaction, case: Case, fact: escalation.EscalationReturned) -> None:
        await following.take_back(tx, case, fact, rules)

    async def reopen_on_programme_request_declined(
        tx: Transaction, case: Case, fact: escalation.ProgrammeRequestDeclined
    ) -> None:
        await following.take_back(tx, case, fact, rules)

    async def show_decision_on_decision_made(tx: Transaction, case: Case, fact: escalation.DecisionMade) -> None:
        await following.take_decision(tx, case, fact, rules)

    def on_case(handle: OnCase[F]) -> Handler:
        return _on_case(handle, rules)

    return EventHandlers(
        {
            intake.RequestSubmitted: open_case_on_request_submitted,
            intake.InformationProvided: on_case(resume_on_information_provided),
            intake.MessagePosted: on_case(conversing.take_message),
            intake.DocumentAdded: on_case(conversing.take_document),
            intake.ProgressTold: on_case(following.note),
            intake.RequestWithdrawn: partial(withdrawing.take_withdrawal, rules=rules),
            intake.EvaluationSubmitted: on_case(following.end),
            intake.EvaluationAwaited: on_case(following.note),
            intake.RequestClosed: on_case(following.end),
            qualification.ExchangesTransferred: _if_served(exchanges.store_part, rules),
            qualification.RequestTransferred: open_case_on_request_transferred,
            escalation.EscalationReceived: on_case(following.note),
            escalation.InformationRequested: on_case(following.take_question),
            escalation.AdmissibilitySettled: on_case(following.note),
            escalation.EscalationReturned: on_case(reopen_on_escalation_returned),
            escalation.SessionScheduled: on_case(following.note),
            escalation.DecisionMade: on_case(show_decision_on_decision_made),
            escalation.DecisionCorrected: on_case(following.note),
            escalation.ReserveLifted: on_case(following.note),
            escalation.ResourceMobilised: on_case(following.note),
            escalation.ResourceProgressed: on_case(following.note),
            escalation.FinancingPlanned: on_case(following.note),
            escalation.AccompanimentStarted: on_case(following.note),
            escalation.MilestonePlanned: on_case(following.note),
            escalation.MilestonePostponed: on_case(following.note),
            escalation.ProgressReported: on_case(following.note),
            escalation.DeliverableAdded: on_case(following.note),
            escalation.MilestoneReached: on_case(following.note),
            escalation.AccompanimentCompleted: on_case(following.note),
            escalation.EvaluationRequested: on_case(following.note),
            escalation.StageOverdue: on_case(following.note),
            escalation.ProgrammeRequestTakenUp: on_case(following.note),
            escalation.ProgrammeRequestDeclined: on_case(reopen_on_programme_request_declined),
            escalation.ProgrammeRequestCompleted: on_case(following.note),
            escalation.WithdrawalAccepted: on_case(withdrawing.end_on_acceptance),
            escalation.WithdrawalDeclined: on_case(withdrawing.note_refusal),
            escalation.ProgrammeCoverageSet: _if_served(coverage.store, rules),
            notifications.DeliveryFailed: _if_known(following.note, rules),
            notifications.ReplyReceived: _if_known(conversing.take_reply, rules),
        },
        alone=[qualification.ExchangesTransferred, qualification.RequestTransferred],
    )


def subscription(rules: Rules) -> Subscription:
    """Give the queue of this instance and what leads there: one département's own, or a shared one."""
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
            await conversing.store_early(tx, fact)
            log.info("event.not_ours", departement=fact.departement)

    return handler


def _if_served(handle: Handler, rules: Rules) -> Handler:
    """Take what concerns one of our départements, whatever it is about."""

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
            await conversing.store_early(tx, fact)

    return handler
