"""What happens by itself: dates that passed are told, and what waited in vain is forgotten. Several copies may run."""

import asyncio
import contextlib
from collections.abc import AsyncIterator

import structlog

from services.escalation.settings import Settings
from services.escalation.usecases import overdue
from shared import clock
from shared.db import AWAY, Database

log = structlog.get_logger(__name__)


async def one_round(database: Database, settings: Settings) -> None:
    """Do what is due now."""
    at = clock.now()
    async with database.transaction() as tx:
        stages = await overdue.tell_overdue_stages(tx, at=at)
    async with database.transaction() as tx:
        milestones = await overdue.tell_overdue_milestones(tx, at=at)
    async with database.transaction() as tx:
        await overdue.forget_early_notes(tx, durations=settings.durations, at=at)
    if stages or milestones:
        log.info("jobs.overdue_told", stages=stages, milestones=milestones)


@contextlib.asynccontextmanager
async def running(database: Database, settings: Settings) -> AsyncIterator[None]:
    """Do the rounds while the block runs."""
    task = asyncio.create_task(_for_ever(database, settings))
    try:
        yield
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def _for_ever(database: Database, settings: Settings) -> None:
    while True:
        try:
            await one_round(database, settings)
        except AWAY as away:
            log.warning("jobs.database_away", error=type(away).__name__)
        except Exception:
            log.exception("jobs.failed")
        await asyncio.sleep(settings.overdue_every_seconds)
