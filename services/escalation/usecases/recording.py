"""Record a fact: publish it through the journal, and enter it in the dossier's timeline, in one transaction."""

from collections.abc import Mapping
from datetime import date, datetime
from uuid import UUID

from services.escalation.domain.dossier import Escalation
from services.escalation.store import dossier as store
from services.escalation.usecases import acting
from shared import calendar
from shared.contracts import escalation
from shared.contracts.fact import Actor, Fact
from shared.contracts.vocabulary import Team
from shared.contracts.withdrawal import WithdrawalAnswer
from shared.db import Transaction
from shared.french.words import withdrawal_word
from shared.identity.model import Agent
from shared.messaging import journal

SOURCE = "/escalation"
NATIONAL_CALENDAR = "75"
"""Whose public holidays count for the national team: Paris."""

_DETAILS: Mapping[type[Fact], str] = {
    escalation.InformationRequested: "question",
    escalation.AdmissibilitySettled: "opinion",
    escalation.EscalationReturned: "motive",
    escalation.SessionScheduled: "title",
    escalation.ReserveLifted: "motive",
    escalation.ResourceMobilised: "resource",
    escalation.ResourceProgressed: "resource",
    escalation.OrderBooked: "resource",
    escalation.MilestonePlanned: "title",
    escalation.MilestonePostponed: "motive",
    escalation.ProgressReported: "text",
    escalation.ProviderInvited: "provider",
    escalation.MilestoneReached: "title",
    escalation.AccompanimentCompleted: "report",
    escalation.StageOverdue: "what",
    escalation.ProgrammeRequestTakenUp: "interlocutor",
    escalation.ProgrammeRequestDeclined: "motive",
    escalation.ProgrammeRequestCompleted: "report",
}
"""Fact → the member that the timeline shows beside its name."""


async def load(tx: Transaction, request_id: UUID, agent: Agent, at: datetime) -> tuple[Escalation, datetime]:
    """Lock a dossier that the agent may see, and give the moment of what he does: after all that is known of it."""
    escalation = await store.load_for_update(tx, request_id, acting.perimeter(agent))
    return escalation, await in_time(tx, request_id, at)


async def in_time(tx: Transaction, request_id: UUID, at: datetime) -> datetime:
    """Return a time for what is done now to a request: after everything that is recorded of it."""
    return await journal.in_time(tx, SOURCE, request_id, at)


async def record(tx: Transaction, fact: Fact) -> UUID:
    """Publish a fact and enter it in the timeline; returns the event's id."""
    event_id = await journal.record(tx, fact)
    await note(tx, fact)
    return event_id


async def note(tx: Transaction, fact: Fact) -> None:
    """Enter a fact of this service in the timeline."""
    by: Actor | None = getattr(fact, "by", None)
    detail: str | None = getattr(fact, _DETAILS[type(fact)]) if type(fact) in _DETAILS else None
    if isinstance(fact, escalation.DecisionMade | escalation.DecisionCorrected):
        by, detail = fact.decision.signed_by, fact.decision.motive
    team, author = Team.NATIONAL, by.name if by else None
    if isinstance(fact, escalation.ProgressReported | escalation.DeliverableAdded):
        team, author = fact.team, fact.author
    if isinstance(fact, WithdrawalAnswer):
        detail = withdrawal_word(fact)
    if isinstance(fact, escalation.DeliverableAdded):
        detail = fact.document.name
    await store.add_step(tx, fact, team=team, author=author, detail=detail)


def day(at: datetime) -> date:
    """Return the day in Paris, where the national team works."""
    return at.astimezone(calendar.time_zone(NATIONAL_CALENDAR)).date()


def working_days_after(at: datetime, days: int) -> date:
    """Return the day that lies so many working days after a moment."""
    return calendar.add_working_days(day(at), days, NATIONAL_CALENDAR)
