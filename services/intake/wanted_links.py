"""Sends the new tracking links that people asked for, after they were answered."""

import structlog

from services.intake.limits import Limits
from services.intake.usecases.links import send_wanted_link
from shared import clock
from shared.db import AWAY, Cause, Database, retry_conflicts

log = structlog.get_logger(__name__)


async def send_wanted_links(database: Database, limits: Limits, cause: Cause | None = None) -> None:
    """Send the new links that somebody asked for; each in a transaction of its own."""

    async def send_next() -> bool:
        async with database.transaction(cause) as tx:
            return await send_wanted_link(tx, limits, at=clock.now())

    try:
        while await retry_conflicts(send_next):
            pass
    except AWAY as away:  # a later round sends them
        log.warning("links.wait", error=type(away).__name__)
