"""Run verifications of journals in the background for the operators' page, and keep the last result.

This process keeps the results; a restart forgets them. Nothing is changed by a check, so that it needs no motive.
"""

import asyncio
from datetime import datetime
from typing import Literal

from prometheus_client import Gauge
from pydantic import BaseModel

from services.operations.adapters.connections import UNREACHABLE, Connections, Watched
from services.operations.reads.verification import Verified, verify
from shared import clock

FAULTS = Gauge("cousu_journal_faults", "Faults that the last verification of a journal found", ["checked"])


class Check(BaseModel):
    """One verification: `under_way`, `done` with its result, or `away` when the database did not answer."""

    service: str
    by: str
    state: Literal["under_way", "done", "away"]
    began_at: datetime
    ended_at: datetime | None = None
    result: Verified | None = None


class Checks:
    """The last verification of each journal, and those under way."""

    def __init__(self) -> None:
        self._last: dict[str, Check] = {}
        self._tasks: set[asyncio.Task[None]] = set()

    def last(self) -> list[Check]:
        """Return the last check of each journal that has one."""
        return list(self._last.values())

    def begin(self, connections: Connections, *, by: str) -> list[Check]:
        """Verify each journal that is not being read already; return all checks."""
        for watched in connections.services.values():
            last = self._last.get(watched.name)
            if last is not None and last.state == "under_way":
                continue
            check = Check(service=watched.name, by=by, state="under_way", began_at=clock.now())
            self._last[watched.name] = check
            task = asyncio.create_task(_read(watched, connections, check), name=f"verify {watched.name}")
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)
        return self.last()

    async def finish(self) -> None:
        """Wait until nothing is read any more."""
        await asyncio.gather(*self._tasks)

    async def stop(self) -> None:
        """Read no further."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)


async def _read(watched: Watched, connections: Connections, check: Check) -> None:
    try:
        check.result = await verify(watched, connections.services.values())
    except UNREACHABLE:
        check.state = "away"
    else:
        check.state = "done"
        FAULTS.labels(watched.name).set(check.result.wrong)
    check.ended_at = clock.now()
