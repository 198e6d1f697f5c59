"""What happens because time passes: late stages are told, silent providers give the request back."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import structlog

from services.qualification.settings import Rules
from services.qualification.usecases.keeping_time import tell_late_stages
from services.qualification.usecases.orienting import give_up_silent
from shared import clock
from shared.db import AWAY, Database

log = structlog.get_logger(__name__)


@asynccontextmanager
async def running(database: Database, rules: Rules, every: float) -> AsyncIterator[None]:
    """Look at the clocks every so many seconds while the block runs; several copies may do so at once."""
    task = asyncio.create_task(_look(database, rules, every), name="qualification.jobs")
    try:
        yield
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def look_once(database: Database, rules: Rules) -> None:
    """Tell what is late now and take back what stayed unanswered."""
    async with database.transaction() as tx:
        late = await tell_late_stages(tx, at=clock.now())
    async with database.transaction() as tx:
        silent = await give_up_silent(tx, at=clock.now(), rules=rules)
    if late or silent:
        log.info("deadlines.told", late=late, silent=silent)


async def _look(database: Database, rules: Rules, every: float) -> None:
    while True:
        try:
            await look_once(database, rules)
        except AWAY as error:
            log.warning("deadlines.database_away", error=type(error).__name__)
        except Exception:
            # A mistake in one look must not end the clocks: the log says it, the next look tries again.
            log.exception("deadlines.failed")
        await asyncio.sleep(every)
