"""What happens by itself: evaluated requests are closed, abandoned drafts forgotten. Several copies may run."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Final

import structlog

from services.intake.settings import Settings
from services.intake.store import drafts
from services.intake.usecases.follow import close_evaluated
from shared import clock
from shared.db import AWAY, Database

log = structlog.get_logger(__name__)

EVERY: Final = 60.0
"""Seconds between two rounds."""


async def one_round(database: Database, settings: Settings) -> None:
    """Do what is due now."""
    now = clock.now()
    async with database.transaction() as tx:
        closed = await close_evaluated(tx, evaluated_before=now - timedelta(days=settings.close_after_days), at=now)
    async with database.transaction() as tx:
        forgotten = await drafts.forget_before(tx, now - timedelta(days=settings.draft_days))
    if closed or forgotten:
        log.info("jobs.done", closed=closed, drafts_forgotten=forgotten)


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
        await asyncio.sleep(EVERY)
