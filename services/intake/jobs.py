"""What happens by itself: evaluated requests are closed, abandoned drafts and files forgotten, by any copy."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Final

import structlog

from services.intake.settings import Settings
from services.intake.store import drafts
from services.intake.store.documents import claimed_among
from services.intake.store.files import DocumentFiles
from services.intake.usecases.follow import close_evaluated
from shared import clock, rounds
from shared.db import Database

log = structlog.get_logger(__name__)

EVERY: Final = 60.0
"""Seconds between two rounds."""

FILES_EVERY: Final = 3600.0
"""Seconds between two looks for files that nobody claims."""

UNCLAIMED_AFTER: Final = timedelta(days=1)
"""Old enough to be of no upload under way."""


async def one_round(database: Database, settings: Settings) -> None:
    """Do what is due now."""
    now = clock.now()
    async with database.transaction() as tx:
        closed = await close_evaluated(tx, evaluated_before=now - timedelta(days=settings.close_after_days), at=now)
    async with database.transaction() as tx:
        forgotten = await drafts.forget_before(tx, now - timedelta(days=settings.draft_days))
    if closed or forgotten:
        log.info("jobs.done", closed=closed, drafts_forgotten=forgotten)


async def forget_files(database: Database, settings: Settings) -> None:
    """Remove what uploads left behind that were broken off between the file and its commit."""
    files = DocumentFiles(settings.documents_folder)
    removed = await files.forget_unclaimed(
        lambda ids: claimed_among(database, ids), before=clock.now() - UNCLAIMED_AFTER
    )
    if removed:
        log.info("jobs.files_forgotten", files=removed)


@asynccontextmanager
async def running(database: Database, settings: Settings) -> AsyncIterator[None]:
    """Do the rounds while the block runs."""
    async with (
        rounds.running(lambda: one_round(database, settings), every=EVERY, name="intake.jobs"),
        rounds.running(lambda: forget_files(database, settings), every=FILES_EVERY, name="intake.files"),
    ):
        yield
