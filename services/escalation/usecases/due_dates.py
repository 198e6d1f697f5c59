"""Jobs on due dates: remind once before each, publish once that it has passed, and delete expired notes."""

from datetime import datetime, timedelta

from services.escalation.domain.durations import Durations
from services.escalation.store import accompaniment as store
from services.escalation.store import dossier as dossier_store
from services.escalation.store import exchanges
from services.escalation.usecases.recording import SOURCE, day, record, working_days_after
from shared.db import Transaction
from shared.messaging import journal


async def publish_overdue_stages(tx: Transaction, *, at: datetime) -> int:
    """Publish which stages have passed their date; returns how many."""
    published = 0
    for escalation in await dossier_store.claim_overdue(tx, today=day(at)):
        now = await journal.in_time(tx, SOURCE, escalation.request_id, at)
        fact = escalation.mark_overdue(today=day(at), at=now)
        if fact is not None:
            await dossier_store.save(tx, escalation, at=now)
            await record(tx, fact)
            published += 1
    return published


async def publish_overdue_milestones(tx: Transaction, *, at: datetime) -> int:
    """Publish which milestones have passed their date; returns how many."""
    published = 0
    for request_id, milestone in await store.claim_overdue_milestones(tx, today=day(at)):
        escalation = await dossier_store.find_for_update(tx, request_id)
        now = await journal.in_time(tx, SOURCE, request_id, at)
        fact = milestone.mark_overdue(escalation, today=day(at), at=now) if escalation else None
        if fact is not None:
            await store.save_milestone(tx, milestone)
            await record(tx, fact)
            published += 1
    return published


async def remind_of_stages(tx: Transaction, *, durations: Durations, at: datetime) -> int:
    """Publish reminders of stages in their last working days; returns how many. They enter no timeline."""
    published, today, soon = 0, day(at), working_days_after(at, durations.reminder)
    for escalation in await dossier_store.claim_due_soon(tx, today=today, soon=soon):
        now = await journal.in_time(tx, SOURCE, escalation.request_id, at)
        fact = escalation.mark_due_soon(today=today, soon=soon, at=now)
        if fact is not None:
            await dossier_store.note_reminded(tx, escalation)
            await journal.record(tx, fact)
            published += 1
    return published


async def remind_of_milestones(tx: Transaction, *, durations: Durations, at: datetime) -> int:
    """Publish reminders of milestones whose date is near; returns how many."""
    published, today, soon = 0, day(at), working_days_after(at, durations.reminder)
    for request_id, milestone in await store.claim_milestones_due_soon(tx, today=today, soon=soon):
        escalation = await dossier_store.find_for_update(tx, request_id)
        now = await journal.in_time(tx, SOURCE, request_id, at)
        fact = milestone.mark_due_soon(escalation, today=today, soon=soon, at=now) if escalation else None
        if fact is not None:
            await store.save_milestone(tx, milestone)
            await journal.record(tx, fact)
            published += 1
    return published


async def forget_early_notes(tx: Transaction, *, durations: Durations, at: datetime) -> None:
    """Delete messages and documents of requests that were not escalated in time."""
    await exchanges.forget_early_notes(tx, before=at - timedelta(days=durations.early_notes_calendar_days))
