"""The four services as forked children: forked again when they end, unless they are kept down."""

import asyncio
import contextlib
import os
import signal
from collections import Counter
from collections.abc import AsyncIterator

from tests.faults.kills.rig import Rig, Told
from tests.faults.product import SERVICES

UP_WITHIN = 60.0


class Children:
    """Keeps the services running, and takes them down when asked."""

    def __init__(self, rig: Rig, *, healing: bool, copies: int = 1) -> None:
        self.died: list[str] = []
        """Services that ended although nobody had killed or stopped them."""
        self._rig = rig
        self._healing = healing
        self._copies = copies
        self._pids: dict[str, set[int]] = {service: set() for service in SERVICES}
        self._up: Counter[str] = Counter()
        self._down: set[str] = set()
        self._changed = asyncio.Event()

    def hear(self, told: Told) -> None:
        """Take what the warm parent and its children say."""
        match told:
            case {"up": service}:
                self._up[service] += 1
            case {"started": service, "pid": pid}:
                self._pids[service].add(pid)
            case {"ended": service, "pid": pid, "status": status}:
                self._up[service] = max(0, self._up[service] - 1)
                if os.WIFEXITED(status) and os.WEXITSTATUS(status):
                    self.died.append(f"{service} ended by itself with status {os.WEXITSTATUS(status)}")
                self._pids[service].discard(pid)
                if service not in self._down:
                    self._fork(service)
        self._changed.set()

    async def start(self) -> None:
        """Have all four, and wait until they hear."""
        for service in SERVICES:
            for _ in range(self._copies):
                self._fork(service)
        for service in SERVICES:
            await self.until_up(service)

    def end(self) -> None:
        """Kill all of them, for good."""
        self._down.update(SERVICES)
        for pid in set().union(*self._pids.values()):
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)

    async def until_up(self, service: str) -> None:
        """Wait until all copies of a service consume."""
        async with asyncio.timeout(UP_WITHIN):
            while self._up[service] < self._copies:
                await self._something_happens()

    async def take_down(self, service: str, how: signal.Signals) -> None:
        """Send all copies a signal, and wait until they have ended; the next ones follow at once."""
        async with asyncio.timeout(UP_WITHIN):
            while not (ending := frozenset(self._pids[service])):
                await self._something_happens()
            for pid in ending:
                with contextlib.suppress(ProcessLookupError):
                    os.kill(pid, how)
            while ending & self._pids[service]:
                await self._something_happens()

    @contextlib.asynccontextmanager
    async def kept_down(self, service: str) -> AsyncIterator[None]:
        """Kill a service, and start it again when the block ends: meanwhile messages gather in its queue."""
        self._down.add(service)
        try:
            await self.take_down(service, signal.SIGKILL)
            yield
        finally:
            self._down.discard(service)
            for _ in range(self._copies - len(self._pids[service])):
                self._fork(service)

    def _fork(self, service: str) -> None:
        self._rig.fork(service, {}, healing=self._healing)

    async def _something_happens(self) -> None:
        self._changed.clear()
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(0.5):
                await self._changed.wait()
