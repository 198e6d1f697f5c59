"""Replay of the answers to requests to withdraw, on dossiers and requests directed to a programme."""

from collections.abc import Mapping

from services.escalation.store import dossier as store
from services.escalation.store import programmes as programme_store
from services.escalation.usecases import withdrawal
from services.escalation.usecases.programmes import note_if_escalated
from shared.contracts import escalation as facts
from shared.contracts.fact import Fact
from shared.db import Transaction
from shared.messaging.handlers import Handler


async def _answer_again(tx: Transaction, fact: facts.WithdrawalAccepted | facts.WithdrawalDeclined) -> None:
    if fact.programme is None:
        dossier = await store.find_for_update(tx, fact.request_id)
        if dossier is None:
            raise store.NoSuchEscalation
        await withdrawal.apply(tx, fact, dossier)
    else:
        directed = await programme_store.find_request_for_update(tx, fact.request_id)
        if directed is None:
            raise programme_store.NoSuchProgrammeRequest
        await withdrawal.apply(tx, fact, directed)
    await note_if_escalated(tx, fact)


HANDLERS: Mapping[type[Fact], Handler] = dict.fromkeys(
    (facts.WithdrawalAccepted, facts.WithdrawalDeclined), _answer_again
)
