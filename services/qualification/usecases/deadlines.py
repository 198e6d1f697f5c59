"""Jobs on deadlines: remind once before the last day, and publish once that a stage is late."""

from datetime import datetime, timedelta

from services.qualification.domain.rules import Rules
from services.qualification.store import cases, orientations, warnings
from services.qualification.usecases import recording
from shared.calendar import PARIS, today
from shared.db import Transaction
from shared.messaging import journal


async def publish_late_stages(tx: Transaction, *, at: datetime, limit: int = 50) -> int:
    """Publish each stage that is past its last day, in that département's own time; return how many."""
    count = 0
    for case in await cases.load_late(tx, at.date() + timedelta(days=1), limit):
        if case.due_on is not None and case.due_on < today(case.departement, at):
            await recording.record(
                tx, case, case.stage_overdue(await journal.in_time(tx, case.source, case.request_id, at))
            )
            count += 1
    return count


async def remind(tx: Transaction, *, at: datetime, rules: Rules, limit: int = 50) -> int:
    """Remind whoever is awaited in the last working days that they have; return how many were reminded."""
    found = await warnings.load_due_soon(tx, today=today(PARIS, at), soon=rules.soon(at), limit=limit)
    for case in found:
        orientation = await orientations.load_current(tx, case.request_id, case.departement)
        clock, due_on, fact = case.due_soon(at, orientation)
        await warnings.note(tx, case.request_id, case.departement, clock=clock, due_on=due_on, at=at)
        await journal.record(tx, fact)
    return len(found)
