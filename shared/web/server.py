"""HTTP server of a service (uvicorn) with a graceful shutdown: no client meets a refused or reset connection."""

import asyncio
import signal
import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from types import FrameType
from typing import Final

import structlog
import uvicorn
from litestar import Litestar
from litestar.types import ASGIApp, Message, Receive, Scope, Send

from shared.settings import ServiceSettings
from shared.sockets import take_handed_over
from shared.stopping import StopSignals
from shared.web.timeouts import MOST_HEADER_BYTES, BodyTimeout, GuardedProtocol, Timeouts

log = structlog.get_logger(__name__)

KEEP_ALIVE: Final = 75
"""Seconds before an idle connection is closed: longer than in clients and proxies, so that they close first."""

LOOKS_EVERY: Final = 0.05


@dataclass(frozen=True, slots=True)
class ShutdownDelays:
    """Seconds for which a shutdown waits."""

    idle_connections: float = 6.0
    """For idle connections to be closed by clients: most do so after five seconds."""
    new_connections: float = 1.0
    """For the first request of connections that were accepted just before."""
    total: float = 20.0
    """Until requests in progress are cancelled."""


async def serve(
    application: Litestar,
    settings: ServiceSettings,
    delays: ShutdownDelays | None = None,
    *,
    signals: StopSignals | None = None,
) -> None:
    """Serve until SIGTERM or SIGINT, on inherited sockets or else on the service's host and port.

    SIGTERM: the server first goes on accepting, with `Connection: close` in each answer, until idle connections are
    gone (`ShutdownDelays`). Then it stops accepting and finishes the requests in progress. Another process that holds
    the same socket takes over without a refused connection. SIGINT skips the first step.

    Signals come from `signals`, or without it from the event loop; then a second signal skips the first step too.
    """
    timeouts = Timeouts(settings.header_seconds, settings.body_seconds, settings.body_bytes_per_second)
    closing = _CloseConnections(BodyTimeout(application, timeouts))
    config = uvicorn.Config(
        closing,
        host=settings.host,
        port=settings.port,
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=True,
        forwarded_allow_ips=settings.trusted_proxies,
        timeout_keep_alive=KEEP_ALIVE,
        http=GuardedProtocol.with_timeouts(timeouts),
        h11_max_incomplete_event_size=MOST_HEADER_BYTES,
        lifespan="on",
    )
    await _Server(config, closing, delays or ShutdownDelays(), signals).serve(sockets=take_handed_over() or None)


class _CloseConnections:
    """Adds `Connection: close` to each answer once `leaving` is set."""

    def __init__(self, application: ASGIApp) -> None:
        self._application = application
        self.leaving = False

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def answer(message: Message) -> None:
            if self.leaving and message["type"] == "http.response.start":
                message["headers"] = [*message["headers"], (b"connection", b"close")]
            await send(message)

        await self._application(scope, receive, answer)


class _Server(uvicorn.Server):
    """Uvicorn with a shutdown in steps, and signals that only end `serve`.

    Uvicorn itself closes idle connections at once, also those that clients are about to use. And it raises the signal
    again at the end, which kills the process before `main` has closed its resources.
    """

    def __init__(
        self, config: uvicorn.Config, closing: _CloseConnections, delays: ShutdownDelays, signals: StopSignals | None
    ) -> None:
        super().__init__(config)
        self._closing = closing
        self._delays = delays
        self._signals = signals
        self._immediate = False

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Handle SIGINT and SIGTERM while serving."""
        if self._signals is not None:
            self._signals.deliver_to(lambda number: self.handle_exit(number, None))
            yield
            return
        loop = asyncio.get_running_loop()
        for number in (signal.SIGINT, signal.SIGTERM):
            loop.add_signal_handler(number, self.handle_exit, number, None)
        try:
            yield
        finally:
            for number in (signal.SIGINT, signal.SIGTERM):
                loop.remove_signal_handler(number)

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """Stop; immediately on a second signal or SIGINT."""
        self._immediate = self.should_exit or sig == signal.SIGINT
        super().handle_exit(sig, frame)

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Let idle connections end, stop accepting, finish requests in progress, then end the lifespan."""
        until = asyncio.get_running_loop().time() + self._delays.total
        connections = self.server_state.connections
        log.info("web.leaving", connections=len(connections), hurried=self._immediate)
        self._closing.leaving = True
        before = set(connections)
        await self._wait(lambda: before.isdisjoint(connections), self._delays.idle_connections)
        for server in self.servers:
            server.close()
        await self._wait(lambda: not connections, self._delays.new_connections)
        left = until - asyncio.get_running_loop().time()
        self.config.timeout_graceful_shutdown = max(1, round(left))
        await super().shutdown(sockets)

    async def _wait(self, condition: Callable[[], bool], seconds: float) -> None:
        """Wait for a condition, at most so many seconds, and not at all in an immediate shutdown."""
        until = asyncio.get_running_loop().time() + seconds
        while not (  # noqa: ASYNC110 - a connection's end sets no event
            self._immediate or condition() or asyncio.get_running_loop().time() > until
        ):
            await asyncio.sleep(LOOKS_EVERY)
