"""Every fact of ours is told to the others and written into the dossier's history, together."""

from datetime import date, datetime
from uuid import UUID

from services.escalation.store import dossier as store
from shared import calendar
from shared.contracts.fact import Actor, Fact
from shared.contracts.vocabulary import Team
from shared.db import Transaction
from shared.messaging import journal

NATIONAL_CALENDAR = "75"
"""The national team counts its days in Paris."""


async def tell(tx: Transaction, fact: Fact, *, by: Actor | None = None, detail: str | None = None) -> UUID:
    """Tell a fact and note it in the history; give the event's id."""
    fact = await journal.in_time(tx, fact)
    event_id = await journal.record(tx, fact)
    author = by.name if by else None
    await store.add_step(tx, fact, team=Team.NATIONAL, author=author, detail=detail)
    return event_id


def day(at: datetime) -> date:
    """Give the day that it is for the national team."""
    return at.astimezone(calendar.time_zone(NATIONAL_CALENDAR)).date()


def working_days_after(at: datetime, days: int) -> date:
    """Give the day by which something is due that has so many working days from now."""
    return calendar.add_working_days(day(at), days, NATIONAL_CALENDAR)
