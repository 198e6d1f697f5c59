"""Save a case, record its facts in the journal and in its timeline, and gather its dossier for the next team."""

from services.qualification.domain.case import Case
from services.qualification.domain.steps import team_of
from services.qualification.store import cases, exchanges
from shared import timeline
from shared.contracts.fact import Fact
from shared.contracts.qualification import Dossier
from shared.db import Transaction
from shared.messaging import journal


async def record(tx: Transaction, case: Case, *facts: Fact) -> None:
    """Save the case; record the facts in the journal and in the case's timeline."""
    if tx.replaying:
        return
    await cases.save(tx, case)
    for fact in facts:
        await journal.record(tx, fact)
        await add_step(tx, case, fact)


async def add_step(tx: Transaction, case: Case, fact: Fact) -> None:
    """Add a fact, ours or another service's, to the timeline."""
    await exchanges.add_step(tx, case, at=fact.at, type_=fact.wire_type, team=team_of(fact), fact=timeline.stored(fact))


async def dossier(tx: Transaction, case: Case) -> Dossier:
    """Gather all that the next team needs."""
    return Dossier(
        request=case.request,
        qualification=case.qualification,
        messages=await exchanges.dossier_messages(tx, case),
        documents=await exchanges.dossier_documents(tx, case),
        history=await exchanges.dossier_history(tx, case),
    )
