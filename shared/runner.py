"""What the four `main.py` have in common: settings, log, database, application, until a signal says stop."""

import asyncio
import gc
from collections.abc import Callable
from typing import TypeVar

import structlog
import uvloop
from litestar import Litestar

from shared import log, tracing
from shared.db import AWAY, Database
from shared.settings import LogSettings, ServiceSettings
from shared.web.serving import serve

Settings = TypeVar("Settings", bound=ServiceSettings)


def run(name: str, settings: Settings, build: Callable[[Settings, Database], Litestar]) -> None:
    """Run one service in this process until SIGINT or SIGTERM."""
    log.configure(service=name, form=LogSettings().log_format)
    send_last_traces = tracing.configure(name)
    try:
        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            runner.run(_run(name, settings, build))
    finally:
        send_last_traces()


async def _run(name: str, settings: Settings, build: Callable[[Settings, Database], Litestar]) -> None:
    database = await _connect(name, settings.database_url.get_secret_value())
    try:
        application = build(settings, database)
        leave_what_stays_alone()
        await serve(application, settings)
    finally:
        await database.close()


def leave_what_stays_alone() -> None:
    """Have Python's collector look through what comes and goes, not again and again through all that was loaded.

    It then takes a twentieth less of the processor to hear an event, and nobody waits for it to walk over everything.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(20_000, 20, 50)


async def _connect(name: str, url: str) -> Database:
    """Wait for the database: a service that starts before it is no failure."""
    while True:
        try:
            return await Database.connect(url, name=name)
        except AWAY as error:
            structlog.get_logger(__name__).warning("database.away", error=type(error).__name__)
            await asyncio.sleep(1)
