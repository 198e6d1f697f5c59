"""What happens by itself: evaluated requests are closed, abandoned drafts forgotten. Several copies may run."""

from contextlib import AbstractAsyncContextManager
from datetime import timedelta
from typing import Final

import structlog

from services.intake.settings import Settings
from services.intake.store import drafts
from services.intake.usecases.follow import close_evaluated
from shared import clock, rounds
from shared.db import Database

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


def running(database: Database, settings: Settings) -> AbstractAsyncContextManager[None]:
    """Do the rounds while the block runs."""
    return rounds.running(lambda: one_round(database, settings), every=EVERY, name="intake.jobs")
