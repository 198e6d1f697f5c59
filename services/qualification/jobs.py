"""Jobs at intervals: reminders, late stages, and requests taken back from providers that do not answer."""

from contextlib import AbstractAsyncContextManager

import structlog

from services.qualification.domain.rules import Rules
from services.qualification.usecases.deadlines import publish_late_stages, remind
from services.qualification.usecases.orienting import give_up_silent
from services.qualification.usecases.pacts.versions import remind_to_sign
from services.qualification.usecases.working import publish_late_work, remind_of_work
from shared import db, rounds
from shared.db import Database

log = structlog.get_logger(__name__)


def running(database: Database, rules: Rules, every: float) -> AbstractAsyncContextManager[None]:
    """Look at the clocks every so many seconds while the block runs."""
    return rounds.running(lambda: look_once(database, rules), every=every, name="qualification.jobs")


async def look_once(database: Database, rules: Rules) -> None:
    """Publish what is late now, take back what stayed unanswered, and remind of what ends soon."""
    async with database.transaction() as tx:
        late = await publish_late_stages(tx, at=await db.now(tx))
    async with database.transaction() as tx:
        silent = await give_up_silent(tx, at=await db.now(tx), rules=rules)
    async with database.transaction() as tx:
        reminded = await remind(tx, at=await db.now(tx), rules=rules)
    async with database.transaction() as tx:
        late += await publish_late_work(tx, at=await db.now(tx))
    async with database.transaction() as tx:
        reminded += await remind_of_work(tx, at=await db.now(tx), rules=rules)
    async with database.transaction() as tx:
        reminded += await remind_to_sign(tx, at=await db.now(tx), rules=rules)
    if late or silent or reminded:
        log.info("deadlines.published", late=late, silent=silent, reminded=reminded)
