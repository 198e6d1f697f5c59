"""The work with the applicant: its start, its milestones, its end."""

from datetime import date, datetime, timedelta
from uuid import UUID

from services.escalation.domain.dossier import Milestone
from services.escalation.settings import Durations
from services.escalation.store import accompaniment as store
from services.escalation.store import dossier as dossier_store
from services.escalation.usecases import acting
from services.escalation.usecases.telling import day, load, tell
from shared.clock import new_id
from shared.db import Transaction
from shared.identity.model import Agent


async def start_accompaniment(
    tx: Transaction, request_id: UUID, *, starts_on: date, ends_on: date, agent: Agent, at: datetime
) -> None:
    """The work with the applicant begins."""
    escalation, at = await load(tx, request_id, agent, at)
    fact = escalation.accompany(starts_on=starts_on, ends_on=ends_on, by=acting.by(agent), at=at)
    await dossier_store.save(tx, escalation, at=at)
    await tell(tx, fact)


async def plan_milestone(
    tx: Transaction,
    request_id: UUID,
    *,
    title: str,
    due_on: date,
    deliverable: str | None,
    agent: Agent,
    at: datetime,
) -> UUID:
    """A milestone is set."""
    escalation, at = await load(tx, request_id, agent, at)
    milestone = Milestone(new_id(), title, due_on)
    fact = escalation.plan_milestone(milestone_id=milestone.id, title=title, due_on=due_on, by=acting.by(agent), at=at)
    await store.add_milestone(tx, milestone, request_id, deliverable=deliverable, at=at)
    await tell(tx, fact)
    return milestone.id


async def reach_milestone(
    tx: Transaction, request_id: UUID, milestone_id: UUID, *, reached_on: date | None, agent: Agent, at: datetime
) -> None:
    """A milestone is reached, today unless it is said when."""
    escalation, at = await load(tx, request_id, agent, at)
    milestone = await store.load_milestone_for_update(tx, request_id, milestone_id)
    fact = milestone.reach(escalation, reached_on=reached_on, today=day(at), by=acting.by(agent), at=at)
    await store.save_milestone(tx, milestone)
    await tell(tx, fact)


async def complete(
    tx: Transaction, request_id: UUID, *, report: str, agent: Agent, durations: Durations, at: datetime
) -> None:
    """The work is done, and the applicant is asked what came of it."""
    escalation, at = await load(tx, request_id, agent, at)
    until = day(at) + timedelta(days=durations.evaluation_calendar_days)
    completed, asked = escalation.complete(report=report, evaluation_until=until, by=acting.by(agent), at=at)
    await dossier_store.save(tx, escalation, at=at)
    await tell(tx, completed)
    await tell(tx, asked)
