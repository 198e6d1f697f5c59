"""What one can do: one function each, load → decide → save → record, in the caller's transaction."""

from datetime import datetime
from uuid import UUID

from services.intake.domain.colleagues import Holder
from services.intake.domain.life import meaning_of
from services.intake.domain.request import Tracked
from services.intake.domain.telling import step_of
from services.intake.store import requests
from shared.contracts.fact import Fact
from shared.db import Transaction
from shared.messaging import journal

SOURCE = "/intake"


async def load(tx: Transaction, holder: Holder, at: datetime) -> tuple[Tracked, datetime]:
    """Lock what a link opens, and give the moment of what is done with it: after all that is known of it."""
    tracked = await requests.load_held(tx, holder)
    return tracked, await journal.in_time(tx, SOURCE, tracked.id, at)


async def tell(tx: Transaction, tracked: Tracked, fact: Fact) -> UUID:
    """Save what changed, record the fact and put it on the thread; give the event's id."""
    event_id = await journal.record(tx, fact)
    await keep(tx, tracked, fact, event_id=event_id)
    return event_id


async def keep(tx: Transaction, tracked: Tracked, fact: Fact, *, event_id: UUID) -> None:
    """Save what a deed of ours changed, and put it on the thread."""
    await requests.save(tx, tracked)
    meaning = meaning_of(fact)
    if meaning is not None and meaning.shown:
        await requests.add_step(tx, tracked.id, event_id, step_of(fact, meaning))
