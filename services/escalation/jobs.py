"""Periodic jobs: publish due dates that are near or have passed, delete expired notes. Several copies may run."""

from contextlib import AbstractAsyncContextManager

import structlog

from services.escalation.settings import Settings
from services.escalation.usecases import due_dates
from shared import db, rounds
from shared.db import Database

log = structlog.get_logger(__name__)


async def run_once(database: Database, settings: Settings) -> None:
    """Run each job once."""
    at = await db.now(database)
    async with database.transaction() as tx:
        stages = await due_dates.publish_overdue_stages(tx, at=at)
    async with database.transaction() as tx:
        milestones = await due_dates.publish_overdue_milestones(tx, at=at)
    async with database.transaction() as tx:
        reminders = await due_dates.remind_of_stages(tx, durations=settings.durations, at=at)
    async with database.transaction() as tx:
        reminders += await due_dates.remind_of_milestones(tx, durations=settings.durations, at=at)
    async with database.transaction() as tx:
        await due_dates.forget_early_notes(tx, durations=settings.durations, at=at)
    if stages or milestones:
        log.info("jobs.overdue_told", stages=stages, milestones=milestones)
    if reminders:
        log.info("jobs.reminded", reminders=reminders)


def running(database: Database, settings: Settings) -> AbstractAsyncContextManager[None]:
    """Run the jobs periodically while the block runs."""
    return rounds.running(
        lambda: run_once(database, settings), every=settings.overdue_every_seconds, name="escalation.jobs"
    )
