"""Replay of the events of pacts: rebuilds their states; plans and the parties' texts are in no event."""

from collections.abc import Mapping

from services.qualification.domain.pact import Pact
from services.qualification.domain.pact_parties import Party
from services.qualification.domain.refusals import UnknownCase
from services.qualification.store import pacts
from shared.clock import new_id
from shared.contracts import qualification as facts
from shared.contracts.fact import Fact
from shared.db import Transaction
from shared.messaging.handlers import Handler


async def _open(tx: Transaction, fact: facts.PactOpened) -> None:
    pact = Pact(
        id=fact.request_id,
        departement=fact.departement,
        title=fact.title,
        parties=[Party(new_id(), name) for name in fact.parties],
        opened_at=fact.at,
        state_since=fact.at,
        from_request=fact.from_request,
    )
    await pacts.insert(tx, pact)


async def _apply(tx: Transaction, fact: facts.PactFact) -> None:
    pact = await _load(tx, fact)
    if isinstance(fact, facts.PactPartyAdded):
        pact.parties.append(Party(new_id(), fact.party, joined_in=pact.number))
    pact.apply(fact)
    await pacts.save(tx, pact)


async def _load(tx: Transaction, fact: facts.PactFact) -> Pact:
    pact = await pacts.load_for_agent(tx, fact.request_id, None)
    if pact is None:
        raise UnknownCase(f"no pact {fact.request_id} yet")
    return pact


OF_PACTS: Mapping[type[Fact], Handler] = {
    facts.PactOpened: _open,
    facts.PactDiagnosisShared: _apply,
    facts.PactDiagnosisAgreed: _apply,
    facts.PactPartyInvited: _apply,
    facts.PactPartyAdded: _apply,
    facts.PactPartyCorrected: _apply,
    facts.PactPartyRemoved: _apply,
    facts.PactPlanReady: _apply,
    facts.PactPlanReopened: _apply,
    facts.PactVersionStarted: _apply,
    facts.PactVersionGivenUp: _apply,
    facts.PactSigned: _apply,
    facts.PactReviewed: _apply,
}
