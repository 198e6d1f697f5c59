"""What agents do with a pact: its diagnosis, its plan, what the parties said, progress and reviews."""

from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from services.qualification.domain.pact import Diagnosis, Pact
from services.qualification.domain.pact_plan import PlannedAction, Status
from services.qualification.domain.people import Official
from services.qualification.store import pacts
from services.qualification.usecases.context import official
from services.qualification.usecases.pacts import recording
from shared.clock import new_id
from shared.contracts.fact import A_MOMENT
from shared.db import Transaction
from shared.errors import Invalid, NotFound
from shared.identity.model import Agent
from shared.messaging import journal


@dataclass(frozen=True, slots=True)
class Planned:
    """An action as an agent plans it; `budget_cents` in euro cents."""

    title: str
    owner: str
    due_on: date
    partners: tuple[str, ...] = ()
    budget_cents: int | None = None
    indicator: str | None = None


async def share_diagnosis(tx: Transaction, pact_id: UUID, diagnosis: Diagnosis, *, by: Agent, at: datetime) -> Pact:
    """Put a diagnosis on the table; agreements given to an earlier version are void."""
    pact, who, at = await _begin(tx, pact_id, by, at)
    actor, fact = pact.share_diagnosis(who, at)
    if not diagnosis.strengths and not diagnosis.weaknesses:
        raise Invalid.field("strengths", "Un diagnostic dit au moins un atout ou une faiblesse du territoire.")
    await pacts.save(tx, pact)
    await pacts.add_diagnosis(tx, pact, diagnosis, by=actor, at=at)
    await journal.record(tx, fact)
    await recording.invite_others(tx, pact, by=actor, at=at + A_MOMENT)
    return pact


async def agree(tx: Transaction, pact_id: UUID, *, party: str, on: date | None = None, by: Agent, at: datetime) -> Pact:
    """Record that a party agreed the diagnosis; the State's agreement needs a délégué (`StateNeedsDelegate`)."""
    pact, who, at = await _begin(tx, pact_id, by, at)
    await recording.agreement(tx, pact, who, party, on, at)
    return pact


async def add_action(tx: Transaction, pact_id: UUID, planned: Planned, *, by: Agent, at: datetime) -> PlannedAction:
    """Add an action to the plan."""
    pact, who, at = await _begin(tx, pact_id, by, at)
    action = PlannedAction(
        id=new_id(),
        title=planned.title.strip(),
        owner=planned.owner.strip(),
        due_on=planned.due_on,
        partners=tuple(dict.fromkeys(name.strip() for name in planned.partners if name.strip())),
        budget_cents=planned.budget_cents,
        indicator=planned.indicator,
    )
    actor, fact = pact.add_action(who, action, at)
    await pacts.add_action(tx, pact.id, action, by=actor, at=at)
    await journal.record(tx, fact)
    return action


async def invite(
    tx: Transaction, pact_id: UUID, *, party: str, email: str | None = None, by: Agent, at: datetime
) -> Pact:
    """Send a party its link, at another address if one is given: then the links sent before open nothing."""
    pact, who, at = await _begin(tx, pact_id, by, at)
    side, fact = pact.invite(who, party, email, at)
    await pacts.save_link(tx, side)
    await journal.record(tx, fact)
    return pact


async def remove_action(tx: Transaction, pact_id: UUID, action_id: UUID, *, by: Agent, at: datetime) -> None:
    """Take an action out of a plan that nobody signed yet."""
    pact, who, at = await _begin(tx, pact_id, by, at)
    fact = pact.remove_action(who, action_id, at)
    await pacts.remove_action(tx, action_id)
    await journal.record(tx, fact)


async def sign(tx: Transaction, pact_id: UUID, *, party: str, on: date | None = None, by: Agent, at: datetime) -> Pact:
    """Record that a party signed; the State's signature needs a délégué (`StateNeedsDelegate`)."""
    pact, who, at = await _begin(tx, pact_id, by, at)
    await recording.signature(tx, pact, who, party, on, at)
    return pact


async def report(
    tx: Transaction,
    pact_id: UUID,
    action_id: UUID,
    *,
    percent: int | None,
    status: Status | None,
    comment: str | None = None,
    by: Agent,
    at: datetime,
) -> PlannedAction:
    """Tell how far an action is."""
    pact, who, at = await _begin(tx, pact_id, by, at)
    return await recording.progress(tx, pact, who, action_id, percent=percent, status=status, comment=comment, at=at)


async def review(
    tx: Transaction, pact_id: UUID, *, held_on: date | None, summary: str, by: Agent, at: datetime
) -> Pact:
    """Note what the parties concluded at a yearly review: that it was held is told, the rest stays here."""
    pact, who, at = await _begin(tx, pact_id, by, at)
    actor, fact = pact.review(who, held_on, at)
    await pacts.save(tx, pact)
    await pacts.add_review(tx, pact.id, fact.held_on, summary, by=actor, at=at)
    await journal.record(tx, fact)
    return pact


async def _begin(tx: Transaction, pact_id: UUID, agent: Agent, at: datetime) -> tuple[Pact, Official, datetime]:
    """Lock a pact for an agent, and give the moment of what is done with it."""
    pact = await pacts.load_for_agent(tx, pact_id, agent.perimeter)
    if pact is None:
        raise NotFound
    return pact, official(agent), await journal.in_time(tx, pact.source, pact.id, at)
