"""Periodic jobs: request evaluations, close requests, publish the public figures, delete old drafts."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Final

import structlog

from services.intake.settings import Settings
from services.intake.store import drafts, mandates
from services.intake.store.files import DocumentFiles
from services.intake.usecases import evaluations
from services.intake.usecases.limits import Limits
from services.intake.usecases.links import send_wanted_links
from services.intake.usecases.publish_figures import publish_if_due
from services.intake.usecases.sweeping import mark_folder, sweep
from shared import db, rounds
from shared.calendar import PARIS, today
from shared.db import Database
from shared.territory.territories import Territories

log = structlog.get_logger(__name__)

EVERY: Final = 60.0
"""Seconds between two rounds."""

FIGURES_EVERY: Final = 5.0
"""Seconds between two looks whether figures are to be published."""

FILES_EVERY: Final = 3600.0
"""Seconds between two looks for files that no row claims."""


async def run_once(database: Database, settings: Settings) -> None:
    """Ask for evaluations, close requests, send links and delete drafts that are due."""
    now = await db.now(database)
    until = today(PARIS, now) + timedelta(days=settings.evaluation_days)
    async with database.transaction() as tx:
        before = now - timedelta(days=settings.close_after_days)
        closed = await evaluations.close_evaluated(tx, evaluated_before=before, at=now)
    async with database.transaction() as tx:
        before = now - timedelta(days=settings.evaluation_again_days)
        asked = await evaluations.ask_again(tx, asked_before=before, until=until, at=now)
    async with database.transaction() as tx:
        reminded = await evaluations.remind(tx, days=settings.evaluation_reminder_days, until=until, at=now)
    await send_wanted_links(database, Limits.of(settings))
    async with database.transaction() as tx:
        forgotten = await drafts.forget_before(tx, now - timedelta(days=settings.draft_days))
        await mandates.forget_before(tx, now - timedelta(days=1))
    if closed or asked or reminded or forgotten:
        log.info("jobs.done", closed=closed, asked_again=asked, reminded=reminded, drafts_forgotten=forgotten)


async def publish_figures(database: Database, settings: Settings, territories: Territories) -> None:
    """Publish a snapshot of the public figures when its time has come."""
    regions = {one.code: one.region or one.code for one in territories.departements()}
    if await publish_if_due(database, settings.figures_every, regions, at=await db.now(database)):
        log.info("figures.published", every=settings.figures_every)


async def mark_documents(database: Database, settings: Settings) -> None:
    """Advance the marks by which the database and the folder of documents recognise each other."""
    await mark_folder(database, DocumentFiles(settings.documents_folder))


async def forget_files(database: Database, settings: Settings) -> None:
    """Move what uploads left behind that were broken off between the file and its commit to the trash."""
    await sweep(database, DocumentFiles(settings.documents_folder))


@asynccontextmanager
async def running(database: Database, settings: Settings, territories: Territories) -> AsyncIterator[None]:
    """Run the jobs while the block runs."""
    async with (
        rounds.running(lambda: run_once(database, settings), every=EVERY, name="intake.jobs"),
        rounds.running(
            lambda: publish_figures(database, settings, territories), every=FIGURES_EVERY, name="intake.figures"
        ),
        rounds.running(lambda: mark_documents(database, settings), every=EVERY, name="intake.mark"),
        rounds.running(lambda: forget_files(database, settings), every=FILES_EVERY, name="intake.files"),
    ):
        yield
