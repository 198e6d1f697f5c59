"""Use cases for consumed events that open a case: a request is submitted, or another département transfers it."""

from services.qualification.domain.case import Case
from services.qualification.domain.moves import State
from services.qualification.domain.rules import Rules
from services.qualification.store import cases, exchanges
from services.qualification.usecases import consumed_messages, recording, withdrawing
from shared import exchanges as exchange_parts
from shared import withdrawals
from shared.clock import new_id
from shared.contracts import intake
from shared.contracts.fact import A_MOMENT
from shared.contracts.qualification import Dossier, RequestTransferred
from shared.contracts.vocabulary import Stage
from shared.db import Transaction
from shared.messaging import journal


async def open_submitted(tx: Transaction, fact: intake.RequestSubmitted, rules: Rules) -> None:
    """Open the case of a new request and register it at once; a known one stays as it is."""
    case = _opened(fact.request, fact)
    if not await cases.insert(tx, case):
        return
    await recording.add_step(tx, case, fact)
    await _register(tx, case, rules)


async def open_transferred(tx: Transaction, fact: RequestTransferred, rules: Rules) -> None:
    """Open the case of a request that another département hands over, with everything it knew.

    One that had been here before, and had been handed on, comes back as a new case with its old papers.
    """
    dossier = await exchange_parts.complete(tx, fact.dossier)
    case = _opened(dossier.request, fact)
    case.qualification = dossier.qualification
    if not await cases.insert(tx, case):
        known = await cases.load_exactly(tx, fact.request_id, fact.departement)
        if known is None or known.state is not State.TRANSFERRED:
            return
    await cases.save(tx, case)
    await _take_papers(tx, case, dossier)
    await consumed_messages.add_early(tx, case, rules)
    await recording.add_step(tx, case, fact)
    for withdrawn_at in fact.withdrawals_answered:
        await withdrawals.add_answer(tx, fact.request_id, withdrawn_at, "declined")
    await withdrawing.show_pending(tx, case)
    await _register(tx, case, rules)
    await withdrawing.answer_pending(tx, case, case.opened_at)


def _opened(request: intake.Request, fact: intake.RequestSubmitted | RequestTransferred) -> Case:
    return Case(
        request_id=fact.request_id,
        departement=fact.departement,
        number=request.number,
        request=request,
        opened_at=fact.at,
        state_since=fact.at,
    )


async def _register(tx: Transaction, case: Case, rules: Rules) -> None:
    """Enter the case into the queue, just after what brought it."""
    due_on = rules.due(Stage.START_EXAMINATION, case.departement, case.opened_at)
    at = await journal.in_time(tx, case.source, case.request_id, case.opened_at + A_MOMENT)
    await recording.record(tx, case, case.register(rules.service(case.departement), due_on, at))


async def _take_papers(tx: Transaction, case: Case, dossier: Dossier) -> None:
    for message in dossier.messages:
        await exchanges.add_message(
            tx, case, message_id=new_id(), at=message.at, team=message.author, author=None, text=message.text
        )
    for document in dossier.documents:
        await exchanges.add_document(tx, case, document)
    for step in dossier.history:
        await exchanges.add_step(tx, case, at=step.at, type_=step.type, team=step.team)
