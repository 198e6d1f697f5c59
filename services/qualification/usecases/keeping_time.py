"""The clocks of the stages: a late one is told once."""

from datetime import datetime, timedelta

from services.qualification.settings import today
from services.qualification.store import cases
from services.qualification.usecases import telling
from shared.db import Transaction


async def tell_late_stages(tx: Transaction, *, at: datetime, limit: int = 50) -> int:
    """Tell of each case whose stage is past its last day, in that département's own time; tell how many."""
    told = 0
    for case in await cases.load_late(tx, at.date() + timedelta(days=1), limit):
        if case.due_on is not None and case.due_on < today(case.departement, at):
            await telling.tell(tx, case, case.tell_overdue(at))
            told += 1
    return told
