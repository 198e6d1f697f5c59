"""Replay of the service's own events about programmes: coverage, and the answers of their teams."""

from collections.abc import Mapping

from services.escalation.store import programmes as store
from services.escalation.usecases.programmes import note_if_escalated
from shared import coverage
from shared.contracts import escalation as facts
from shared.contracts.fact import Fact
from shared.db import Transaction
from shared.messaging.handlers import Handler


async def _answer_again(tx: Transaction, fact: Fact) -> None:
    request = await store.find_request_for_update(tx, fact.request_id)
    if request is None:
        raise store.NoSuchProgrammeRequest
    request.apply(fact)
    await store.save_request(tx, request, at=fact.at)
    await note_if_escalated(tx, fact)


HANDLERS: Mapping[type[Fact], Handler] = {
    facts.ProgrammeCoverageSet: coverage.store,
    facts.ProgrammeRequestTakenUp: _answer_again,
    facts.ProgrammeRequestDeclined: _answer_again,
    facts.ProgrammeRequestCompleted: _answer_again,
}
