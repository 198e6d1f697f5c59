"""Answer requests to withdraw while the département owns the current step (ADR 29).

Whichever event arrives first, the answer is the same for all services: only the owner decides, under the lock of its
case, and everybody else applies its fact. A request to withdraw that comes to a département that does not own the
request is stored; the département answers it if it becomes the owner again.
"""

from datetime import datetime

from services.qualification.domain.case import Case
from services.qualification.domain.moves import State
from services.qualification.domain.refusals import NotHandedOn, UnknownCase
from services.qualification.domain.rules import Rules
from services.qualification.store import cases, envelopes, orientations
from services.qualification.usecases import recording
from shared import withdrawals
from shared.contracts import escalation, intake
from shared.contracts import qualification as facts
from shared.contracts.fact import A_MOMENT
from shared.contracts.withdrawal import Withdrawal
from shared.db import Transaction
from shared.messaging import journal

HANDED_ON = frozenset({State.ESCALATED, State.DIRECTED_TO_PROGRAMME})
"""Where somebody else looks for the answer, who may give the request back."""


async def take_withdrawal(tx: Transaction, fact: intake.RequestWithdrawn, rules: Rules) -> None:
    """Store a request to withdraw and answer it where the case is ours.

    An instance without the case may receive it by a transfer that is still on its way.
    """
    case = await cases.load_for_event(tx, fact.request_id, fact.departement)
    if case is None and rules.serves(fact.departement):
        raise UnknownCase(f"no case of {fact.request_id} in {fact.departement} yet")
    await withdrawals.add(tx, fact)
    if case is not None:
        await recording.add_step(tx, case, fact)
        await answer_pending(tx, case, fact.at)


async def show_pending(tx: Transaction, case: Case) -> None:
    """Add the requests to withdraw that arrived before the case to its timeline."""
    for asked in await withdrawals.pending(tx, case.request_id):
        await recording.add_step(tx, case, _fact_of(case, asked))


async def answer_pending(tx: Transaction, case: Case, at: datetime) -> None:
    """Answer what waits for an answer, just after `at`, if the département owns the request now."""
    if tx.replaying:
        return
    for asked in await withdrawals.pending(tx, case.request_id):
        orientation = await orientations.load_current(tx, case.request_id, case.departement)
        fact = case.answer_withdrawal(
            asked, orientation, await journal.in_time(tx, case.source, case.request_id, at + A_MOMENT)
        )
        if fact is None:
            return
        case.apply(fact)
        await carry_out(tx, case, fact)
        await recording.record(tx, case, fact)


async def carry_out(tx: Transaction, case: Case, fact: facts.WithdrawalAccepted | facts.WithdrawalDeclined) -> None:
    """Apply an answer of ours beside the case: the provider's link, the money, the stored request to withdraw."""
    if isinstance(fact, facts.WithdrawalDeclined):
        await withdrawals.note_answer(tx, fact, "declined")
        return
    await withdrawals.note_answer(tx, fact, "accepted")
    orientation = await orientations.load_current(tx, case.request_id, case.departement)
    if orientation is not None:
        orientation.cancel(fact.at)
        await orientations.save(tx, orientation)
    await envelopes.release(tx, departement=case.departement, request_id=case.request_id, at=fact.at)


async def end_on_acceptance(tx: Transaction, case: Case, fact: escalation.WithdrawalAccepted) -> None:
    """End a case whose request another owner let the applicant withdraw."""
    if case.state not in HANDED_ON or fact.departement != case.departement:
        raise NotHandedOn(
            f"{fact.departement} handed on; case of {fact.request_id} in {case.departement} is {case.state}"
        )
    case.apply(fact)
    await cases.save(tx, case)
    await withdrawals.note_answer(tx, fact, "accepted")
    await recording.add_step(tx, case, fact)


async def note_refusal(tx: Transaction, case: Case, fact: escalation.WithdrawalDeclined) -> None:
    """Show that it was too late; the request to withdraw is answered, whoever owns the request later."""
    await withdrawals.note_answer(tx, fact, "declined")
    await recording.add_step(tx, case, fact)


def _fact_of(case: Case, asked: Withdrawal) -> intake.RequestWithdrawn:
    return intake.RequestWithdrawn(
        request_id=case.request_id, departement=case.departement, at=asked.at, motive=asked.motive
    )
