"""Run several copies of a web service on one shared port, and replace them one by one without downtime."""

import asyncio
import signal
import socket
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from deploy.local.child import Child, busy
from deploy.local.supervision import WebProgram, answers
from shared.stopping import ENDS_WITHIN

STOP_TIMEOUT = ENDS_WITHIN + 5.0
"""Seconds until a service that got a stop signal is killed; it ends and logs why before that."""

AT_ONCE, WITH_CARE = signal.SIGINT, signal.SIGTERM
"""Signals that stop services: all of them, or one while others go on (see shared/web/server.py)."""

WAITING = 2048
"""Connections that wait at most until a copy takes them, as uvicorn has it."""


def listening_socket(port: int) -> socket.socket:
    """Open the socket that the copies of a service share. Raises `DidNotStart` when the port is busy.

    It outlives them all: while none runs, connections wait for the next one instead of being refused.
    """
    try:
        return socket.create_server(("127.0.0.1", port), backlog=WAITING)
    except OSError:
        raise busy(port) from None


@dataclass(slots=True)
class Copy:
    """One copy of a web service, its process changing from time to time.

    Each process answers on the socket that the copies share, and on one of its own, for whoever wants to know of this
    process alone whether it is ready, or what it has counted. `make` gives the child for these two sockets. `moved` is
    called when the own address has changed.
    """

    make: Callable[[Sequence[socket.socket]], Child]
    shared: socket.socket
    moved: Callable[[], None] = lambda: None
    _now: WebProgram | None = None
    _other: WebProgram | None = None
    """The successor while it starts; afterwards the one that it replaced, until it has gone."""
    _leaving: "asyncio.Task[bool] | None" = None
    _turn: asyncio.Lock = field(default_factory=asyncio.Lock)

    @property
    def alive(self) -> bool:
        """Return whether its process runs now."""
        return self._now is not None and self._now.alive

    @property
    def address(self) -> str | None:
        """Return where the present process answers alone (host:port); None before there is one."""
        return urlsplit(self._now.ready).netloc if self._now and self._now.ready else None

    async def start(self) -> None:
        """Start it unless it runs, and wait until it is usable. Raises `DidNotStart` with the end of its log."""
        async with self._turn:
            if not self.alive:
                self._now = self._launched()
                self.moved()
                await self._now.usable()

    async def answers(self, *, within: float) -> bool:
        """Return whether its process answers within so many seconds, unless it is being started or replaced."""
        if self._turn.locked() or self.address is None:
            return True
        return await asyncio.to_thread(answers, f"http://{self.address}/health/live", within=within)

    def kill(self) -> None:
        """End its process at once."""
        if self._now and self._now.child.process:
            self._now.child.process.kill()

    async def replace(self) -> None:
        """Start a successor, and when it is usable signal this process to finish its requests."""
        async with self._turn:
            await self.gone()
            successor = self._other = self._launched()
            try:
                await successor.usable()
            except BaseException:
                await successor.child.stop(by=AT_ONCE)
                raise
            self._now, self._other = successor, self._now
            self.moved()
            if self._other:
                self._leaving = asyncio.create_task(self._other.child.stop(patience=STOP_TIMEOUT, by=WITH_CARE))

    async def gone(self) -> None:
        """Wait until the process that was replaced has gone."""
        if self._leaving:
            await asyncio.shield(self._leaving)  # whoever stops waiting does not stop it from being watched

    async def stop(self) -> None:
        """Stop it, and whoever was about to come; wait for one that is about to go: a second signal would cut it."""
        leaving = self._leaving is not None and not self._leaving.done()
        there = [program.child for program in (self._now, None if leaving else self._other) if program]
        await asyncio.gather(*(child.stop(patience=STOP_TIMEOUT, by=AT_ONCE) for child in there))
        await self.gone()

    def _launched(self) -> WebProgram:
        with socket.create_server(("127.0.0.1", 0)) as own:
            child = self.make((self.shared, own))
            child.start()
            return WebProgram(child, ready=f"http://127.0.0.1:{own.getsockname()[1]}/health/ready")
