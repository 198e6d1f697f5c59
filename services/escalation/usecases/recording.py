"""Record a fact: publish it through the journal, and enter it in the dossier's timeline, in one transaction."""

from datetime import date, datetime
from uuid import UUID

from services.escalation.store import dossier as store
from shared import calendar
from shared.contracts import escalation
from shared.contracts.fact import Fact
from shared.contracts.vocabulary import Team
from shared.db import Transaction
from shared.messaging import journal

SOURCE = "/escalation"


async def record(tx: Transaction, fact: Fact) -> UUID:
    """Publish a fact and enter it in the timeline; returns the event's id."""
    event_id = await journal.record(tx, fact)
    await note(tx, fact)
    return event_id


async def note(tx: Transaction, fact: Fact) -> None:
    """Enter a fact of this service in the timeline."""
    team = fact.team if isinstance(fact, escalation.ProgressReported | escalation.DeliverableAdded) else Team.NATIONAL
    await store.add_step(tx, fact, team=team)


def day(at: datetime) -> date:
    """Return the day in Paris, where the national team works."""
    return calendar.today(calendar.PARIS, at)


def working_days_after(at: datetime, days: int) -> date:
    """Return the day that lies so many working days after a moment."""
    return calendar.add_working_days(day(at), days, calendar.PARIS)
