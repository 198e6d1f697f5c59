"""What was told of pacts, done again: where each stands; its plan and who said what stay in the département."""

from collections.abc import Mapping

from services.qualification.domain.pact import Pact
from services.qualification.domain.pact_moves import PactState
from services.qualification.domain.pact_parties import Party
from services.qualification.domain.refusals import UnknownCase
from services.qualification.store import pacts
from shared.calendar import today
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


async def _share(tx: Transaction, fact: facts.PactDiagnosisShared) -> None:
    pact = await _load(tx, fact)
    pact.version, pact.shared_on, pact.agreed_on = fact.version, today(fact.departement, fact.at), None
    pact.move(PactState.DIAGNOSIS, fact.at)
    await pacts.save(tx, pact)


async def _agree(tx: Transaction, fact: facts.PactDiagnosisAgreed) -> None:
    pact = await _load(tx, fact)
    if fact.complete:
        pact.agreed_on = today(fact.departement, fact.at)
        pact.move(PactState.PLANNING, fact.at)
        await pacts.save(tx, pact)


async def _sign(tx: Transaction, fact: facts.PactSigned) -> None:
    pact = await _load(tx, fact)
    if fact.complete:
        pact.signed_on = today(fact.departement, fact.at)
        pact.move(PactState.SIGNED, fact.at)
        await pacts.save(tx, pact)


async def _review(tx: Transaction, fact: facts.PactReviewed) -> None:
    pact = await _load(tx, fact)
    pact.reviewed_on = max(fact.held_on, pact.signed_on or fact.held_on, pact.reviewed_on or fact.held_on)
    await pacts.save(tx, pact)


async def _invite(tx: Transaction, fact: facts.PactPartyInvited) -> None:
    pact = await _load(tx, fact)
    party = next(each for each in pact.parties if each.name == fact.party)
    party.email, party.link_generation, party.invited_at = fact.email, fact.link_generation, fact.at
    await pacts.save_link(tx, party)


async def _load(tx: Transaction, fact: facts.PactFact) -> Pact:
    pact = await pacts.load_for_agent(tx, fact.request_id, None)
    if pact is None:
        raise UnknownCase(f"no pact {fact.request_id} yet")
    return pact


TOLD_OF_PACTS: Mapping[type[Fact], Handler] = {
    facts.PactOpened: _open,
    facts.PactDiagnosisShared: _share,
    facts.PactDiagnosisAgreed: _agree,
    facts.PactPartyInvited: _invite,
    facts.PactSigned: _sign,
    facts.PactReviewed: _review,
}
