"""What the national agents do with a dossier before the committee."""

from datetime import date, datetime
from uuid import UUID

from services.escalation.domain.moves import Action
from services.escalation.settings import Durations
from services.escalation.store import committee as committee_store
from services.escalation.store import dossier as store
from services.escalation.store import exchanges
from services.escalation.usecases import acting
from services.escalation.usecases.telling import day, load, tell, working_days_after
from shared.allowance import Allowance
from shared.clock import new_id
from shared.db import Transaction
from shared.errors import Invalid
from shared.identity.model import Agent


async def settle_admissibility(
    tx: Transaction, request_id: UUID, *, opinion: str, agent: Agent, durations: Durations, at: datetime
) -> None:
    """The dossier can go before the committee."""
    escalation, at = await load(tx, request_id, agent, at)
    due_on = working_days_after(at, durations.committee)
    fact = escalation.settle_admissibility(opinion=opinion, due_on=due_on, by=acting.by(agent), at=at)
    await store.save(tx, escalation, at=at)
    await tell(tx, fact)


async def ask_departement(
    tx: Transaction,
    request_id: UUID,
    *,
    question: str,
    until: date | None,
    agent: Agent,
    at: datetime,
    allowance: Allowance,
) -> None:
    """Something is missing that only the département can give; the applicant is never asked directly."""
    escalation, at = await load(tx, request_id, agent, at)
    fact = escalation.ask(question=question, until=until, by=acting.by(agent), at=at)
    if until is not None and until < day(at):
        raise Invalid.field("until", "Cette date est déjà passée.")
    await allowance.find_room(tx, exchanges.QUESTIONS, request_id, text=question, at=at)
    await store.save(tx, escalation, at=at)
    await exchanges.add_question(tx, new_id(), request_id, question=question, until=until, by=fact.by, at=at)
    await tell(tx, fact)


async def return_to_departement(tx: Transaction, request_id: UUID, *, motive: str, agent: Agent, at: datetime) -> None:
    """The dossier goes back without a decision of the committee."""
    escalation, at = await load(tx, request_id, agent, at)
    fact = escalation.give_back(motive=motive, by=acting.by(agent), at=at)
    await store.save(tx, escalation, at=at)
    await tell(tx, fact)


async def add_note(
    tx: Transaction, request_id: UUID, *, text: str, agent: Agent, at: datetime, allowance: Allowance
) -> UUID:
    """The national team keeps something in mind, in any state; nobody else is told."""
    actor = acting.by(agent).acting_in(Action.NOTES)
    await load(tx, request_id, agent, at)
    await allowance.find_room(tx, exchanges.NOTES, request_id, text=text, at=at)
    note_id = new_id()
    await exchanges.add_note(tx, note_id, request_id, text=text, by=actor, at=at)
    return note_id


async def schedule(tx: Transaction, request_id: UUID, *, session_id: UUID, agent: Agent, at: datetime) -> None:
    """The dossier comes at the end of a session's agenda."""
    try:
        session = await committee_store.load_session_for_update(tx, session_id)
    except committee_store.NoSuchSession as missing:
        raise Invalid.field("session_id", missing.sentence) from missing
    escalation, at = await load(tx, request_id, agent, at)
    fact = escalation.schedule(
        session_id=session.id, title=session.title, held_on=session.held_on, by=acting.by(agent), at=at
    )
    session.check_open()
    await committee_store.add_to_agenda(tx, session.id, request_id, state=escalation.state, at=at)
    await store.save(tx, escalation, at=at)
    await tell(tx, fact)
