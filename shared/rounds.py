"""Periodic jobs: run a function at a fixed interval while the application runs."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable

import structlog

from shared.db import AWAY, retry_conflicts
from shared.stopping import end

log = structlog.get_logger(__name__)


@contextlib.asynccontextmanager
async def running(job: Callable[[], Awaitable[object]], *, every: float, name: str) -> AsyncIterator[None]:
    """Run a job at once and then every so many seconds, while the block runs.

    Several copies of a service may do so at once: a round takes what is due with `FOR UPDATE SKIP LOCKED`. A round that
    fails is logged and does not end the others; one that meets a conflict of transactions is repeated at once.
    """
    task = asyncio.create_task(for_ever(job, every=every, name=name), name=name)
    try:
        yield
    finally:
        await end(task)


async def for_ever(job: Callable[[], Awaitable[object]], *, every: float, name: str) -> None:
    """Do a round at once and then every so many seconds, until cancelled."""
    while True:
        try:
            await retry_conflicts(job, resumable=True)
        except AWAY as away:
            log.warning("round.database_away", round=name, error=type(away).__name__)
        except Exception:
            log.exception("round.failed", round=name)
        await asyncio.sleep(every)
