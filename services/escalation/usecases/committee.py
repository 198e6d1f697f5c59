"""What the committee's secretary does: sessions, agendas, decisions, closing."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Literal
from uuid import UUID

from services.escalation.domain.committee import MemberRole, Session, Verdict
from services.escalation.domain.durations import Durations
from services.escalation.domain.moves import Action
from services.escalation.domain.refusals import NotOnAgenda
from services.escalation.store import committee as store
from services.escalation.store import dossier as dossier_store
from services.escalation.usecases import acting
from services.escalation.usecases.recording import day, load, record, working_days_after
from shared.clock import new_id
from shared.contracts.escalation import Decision
from shared.db import Transaction
from shared.errors import Invalid
from shared.identity.model import Agent


async def plan_session(
    tx: Transaction,
    *,
    title: str,
    held_on: date,
    members: Sequence[str],
    quorum: int | None,
    agent: Agent,
    at: datetime,
    roles: Mapping[str, MemberRole] | None = None,
) -> UUID:
    """A session of the committee is planned, or recorded afterwards."""
    session, actor = Session.plan(
        new_id(),
        title=title,
        held_on=held_on,
        members=members,
        quorum=quorum,
        by=acting.by(agent),
        today=day(at),
        roles=roles,
    )
    await store.add_session(tx, session, by=actor, at=at)
    return session.id


async def note_attendance(tx: Transaction, session_id: UUID, *, present: Sequence[str], agent: Agent) -> None:
    """The members who are there are noted, for the quorum and the minutes."""
    session = await store.load_session_for_update(tx, session_id)
    session.attend(present, by=acting.by(agent))
    await store.save_session(tx, session)


async def move_on_agenda(
    tx: Transaction, session_id: UUID, request_id: UUID, *, direction: Literal["up", "down"], agent: Agent
) -> None:
    """A dossier changes places with its neighbour; at an end of the agenda it stays."""
    acting.by(agent).acting_in(Action.AGENDA)
    session = await store.load_session_for_update(tx, session_id)
    session.check_open()
    order = await store.agenda(tx, session_id)
    if request_id not in order:
        raise NotOnAgenda(state=session.state, allowed_actions=session.allowed_actions(acting.by(agent)))
    here = order.index(request_id)
    there = here - 1 if direction == "up" else here + 1
    if 0 <= there < len(order):
        order[here], order[there] = order[there], order[here]
        await store.reorder(tx, session_id, order)


async def decide(
    tx: Transaction,
    session_id: UUID,
    request_id: UUID,
    verdict: Verdict,
    *,
    agent: Agent,
    durations: Durations,
    at: datetime,
) -> Decision:
    """The committee decides on a dossier of its agenda."""
    session = await store.load_session_for_update(tx, session_id)
    session.check_open()
    try:
        escalation, at = await load(tx, request_id, agent, at)
    except dossier_store.NoSuchEscalation as missing:
        raise Invalid.field("request_id", missing.sentence) from missing
    session.check_may_decide(escalation, acting.by(agent))
    session.check(verdict)
    number = await store.next_decision_number(tx, session.held_on.year)
    decision = session.decide(escalation, verdict, decision_id=new_id(), number=number, by=acting.by(agent))
    fact = escalation.take_decision(decision, next_due_on=working_days_after(at, durations.committee), at=at)
    await dossier_store.save(tx, escalation, at=at)
    event_id = await record(tx, fact)
    await store.add_decision(tx, decision, request_id, event_id=event_id, at=at)
    return decision


async def correct(tx: Transaction, decision_id: UUID, verdict: Verdict, *, agent: Agent, at: datetime) -> Decision:
    """A new decision of today replaces one on record, whose session stays as it is."""
    request_id = await store.request_of_decision(tx, decision_id)
    escalation, at = await load(tx, request_id, agent, at)
    replaced = await store.load_decision_for_update(tx, decision_id)
    replaced.check_may_correct(escalation, acting.by(agent))
    verdict.check(day(at))
    number = await store.next_decision_number(tx, day(at).year)
    fact = replaced.correct(
        escalation, verdict, decision_id=new_id(), number=number, today=day(at), by=acting.by(agent), at=at
    )
    await dossier_store.save(tx, escalation, at=at)
    event_id = await record(tx, fact)
    await store.add_decision(tx, fact.decision, request_id, event_id=event_id, at=at)
    return fact.decision


async def lift_reserve(
    tx: Transaction, decision_id: UUID, *, motive: str, lifted_on: date | None, agent: Agent, at: datetime
) -> None:
    """What the committee asked for is there, today unless it is said when."""
    request_id = await store.request_of_decision(tx, decision_id)
    escalation, at = await load(tx, request_id, agent, at)
    decision = await store.load_decision_for_update(tx, decision_id)
    fact = decision.lift_reserve(
        escalation, motive=motive, lifted_on=lifted_on or day(at), today=day(at), by=acting.by(agent), at=at
    )
    await store.note_reserve_lifted(tx, fact.number, motive=fact.motive, lifted_on=fact.lifted_on, by=fact.by)
    await record(tx, fact)


async def close_session(tx: Transaction, session_id: UUID, *, agent: Agent, at: datetime) -> None:
    """The session is over and does not change any more."""
    session = await store.load_session_for_update(tx, session_id)
    session.close(undecided=await store.undecided(tx, session_id), by=acting.by(agent), at=at)
    await store.save_session(tx, session)
