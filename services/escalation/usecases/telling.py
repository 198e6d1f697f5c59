"""Every fact of ours is told to the others and written into the dossier's history, together."""

from collections.abc import Mapping
from datetime import date, datetime
from uuid import UUID

from services.escalation.store import dossier as store
from shared import calendar
from shared.contracts import escalation
from shared.contracts.fact import Actor, Fact
from shared.contracts.vocabulary import Team
from shared.db import Transaction
from shared.messaging import journal

NATIONAL_CALENDAR = "75"
"""The national team counts its days in Paris."""


_DETAILS: Mapping[type[Fact], str] = {
    escalation.InformationRequested: "question",
    escalation.AdmissibilitySettled: "opinion",
    escalation.EscalationReturned: "motive",
    escalation.SessionScheduled: "title",
    escalation.ResourceMobilised: "resource",
    escalation.MilestonePlanned: "title",
    escalation.MilestoneReached: "title",
    escalation.AccompanimentCompleted: "report",
    escalation.StageOverdue: "what",
}
"""Fact → the member that the history shows beside its name."""


async def tell(tx: Transaction, fact: Fact) -> UUID:
    """Tell a fact and note it in the history; give the event's id."""
    fact = await journal.in_time(tx, fact)
    event_id = await journal.record(tx, fact)
    await note(tx, fact)
    return event_id


async def note(tx: Transaction, fact: Fact) -> None:
    """Note a fact of ours in the history."""
    by: Actor | None = getattr(fact, "by", None)
    detail: str | None = getattr(fact, _DETAILS[type(fact)]) if type(fact) in _DETAILS else None
    if isinstance(fact, escalation.DecisionMade):
        by, detail = fact.decision.signed_by, fact.decision.motive
    await store.add_step(tx, fact, team=Team.NATIONAL, author=by.name if by else None, detail=detail)


def day(at: datetime) -> date:
    """Give the day that it is for the national team."""
    return at.astimezone(calendar.time_zone(NATIONAL_CALENDAR)).date()


def working_days_after(at: datetime, days: int) -> date:
    """Give the day by which something is due that has so many working days from now."""
    return calendar.add_working_days(day(at), days, NATIONAL_CALENDAR)
