"""Two transactions that overlap for certain: the second begins while the first is done and not committed yet."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import TypeVar

from shared.db import Database, Transaction
from tests.polling import eventually

T = TypeVar("T")

_WAITING = """
    SELECT EXISTS (SELECT FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock')
"""


async def second_beside(
    database: Database, first: Callable[[Transaction], Awaitable[object]], second: Callable[[], Awaitable[T]]
) -> T:
    """Do `first`, let `second` go as far as it can, then commit `first`; give what `second` gives, or raise the same.

    What does not lock what it reads decides on the state from before `first`.
    """
    async with database.transaction() as tx:
        await first(tx)
        beside = asyncio.ensure_future(second())

        async def done_or_waiting() -> bool:
            return beside.done() or bool(await database.fetchval(_WAITING))

        await eventually(done_or_waiting)
    return await beside
