"""Clocks that ran out are told once, and what was kept for dossiers that never came is forgotten."""

from datetime import datetime, timedelta

from services.escalation.settings import Durations
from services.escalation.store import accompaniment as store
from services.escalation.store import dossier as dossier_store
from services.escalation.store import exchanges
from services.escalation.usecases.telling import day, in_time, tell
from shared.db import Transaction


async def tell_overdue_stages(tx: Transaction, *, at: datetime) -> int:
    """Tell the dossiers whose stage has passed its date; gives how many there were."""
    told = 0
    for escalation in await dossier_store.claim_overdue(tx, today=day(at)):
        now = await in_time(tx, escalation.request_id, at)
        fact = escalation.tell_overdue(today=day(at), at=now)
        if fact is not None:
            await dossier_store.save(tx, escalation, at=now)
            await tell(tx, fact)
            told += 1
    return told


async def tell_overdue_milestones(tx: Transaction, *, at: datetime) -> int:
    """Tell the milestones that have passed their date; gives how many there were."""
    told = 0
    for request_id, milestone in await store.claim_overdue_milestones(tx, today=day(at)):
        escalation = await dossier_store.find_for_update(tx, request_id)
        now = await in_time(tx, request_id, at)
        fact = milestone.tell_overdue(escalation, today=day(at), at=now) if escalation else None
        if fact is not None:
            await store.save_milestone(tx, milestone)
            await tell(tx, fact)
            told += 1
    return told


async def forget_early_notes(tx: Transaction, *, durations: Durations, at: datetime) -> None:
    """Forget messages and documents of requests that were not escalated."""
    await exchanges.forget_early_notes(tx, before=at - timedelta(days=durations.early_notes_calendar_days))
