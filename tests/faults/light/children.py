"""The four services as children of the warm parent: forked again when they end, unless they are kept down."""

import asyncio
import contextlib
import os
import signal
from collections.abc import AsyncIterator

from tests.faults.kills.rig import Rig, Told
from tests.faults.product import SERVICES

UP_WITHIN = 60.0


class Children:
    """Keeps the services running, and takes them down when asked."""

    def __init__(self, rig: Rig, *, healing: bool) -> None:
        self.died: list[str] = []
        """Services that ended although nobody had killed or stopped them."""
        self._rig = rig
        self._healing = healing
        self._pids: dict[str, int] = {}
        self._up: set[str] = set()
        self._down: set[str] = set()
        self._changed = asyncio.Event()

    def hear(self, told: Told) -> None:
        """Take what the warm parent and its children say."""
        match told:
            case {"up": service}:
                self._up.add(service)
            case {"started": service, "pid": pid}:
                self._pids[service] = pid
            case {"ended": service, "pid": pid, "status": status}:
                self._up.discard(service)
                if os.WIFEXITED(status) and os.WEXITSTATUS(status):
                    self.died.append(f"{service} ended by itself with status {os.WEXITSTATUS(status)}")
                if self._pids.get(service) == pid:
                    del self._pids[service]
                    if service not in self._down:
                        self._fork(service)
        self._changed.set()

    async def start(self) -> None:
        """Have all four, and wait until they hear."""
        for service in SERVICES:
            self._fork(service)
        async with asyncio.timeout(UP_WITHIN):
            while len(self._up) < len(SERVICES):
                await self._something_happens()

    def end(self) -> None:
        """Kill all of them, for good."""
        self._down.update(SERVICES)
        for pid in self._pids.values():
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)

    async def until_up(self, service: str) -> None:
        """Wait until a service consumes."""
        async with asyncio.timeout(UP_WITHIN):
            while service not in self._up:
                await self._something_happens()

    async def take_down(self, service: str, how: signal.Signals) -> None:
        """Send a signal, and wait until the process has ended; the next one follows at once."""
        async with asyncio.timeout(UP_WITHIN):
            while (pid := self._pids.get(service)) is None:
                await self._something_happens()
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, how)
            while self._pids.get(service) == pid:
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
            if service not in self._pids:
                self._fork(service)

    def _fork(self, service: str) -> None:
        self._rig.fork(service, {}, healing=self._healing)

    async def _something_happens(self) -> None:
        self._changed.clear()
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(0.5):
                await self._changed.wait()
