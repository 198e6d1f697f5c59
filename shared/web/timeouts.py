"""Timeouts and limits for slow clients (slowloris), which uvicorn lacks: headers and bodies of requests.

Headers have a time and a size limit. A body must arrive at a minimum rate after a grace period; only time spent waiting
for the client counts. A connection on which the body of an answered request is still being sent is closed after
`AFTER_ANSWER`.
"""

import asyncio
import json
import sys
from dataclasses import dataclass
from typing import ClassVar, Final

import h11
import structlog
from litestar.enums import ScopeType
from litestar.types import ASGIApp, HTTPReceiveMessage, Receive, Scope, Send, WebSocketReceiveMessage
from uvicorn.protocols.http.h11_impl import H11Protocol

from shared import clock
from shared.errors import HeadersTooLarge, RequestTimeout
from shared.web.problems import PROBLEM_JSON, Malformed, Problem, problem_of

log = structlog.get_logger(__name__)

MOST_HEADER_BYTES: Final = 16 * 1024
"""Most bytes of a request line and its headers."""

AFTER_ANSWER: Final = 5.0
"""Seconds for the rest of a body whose request was answered."""


@dataclass(frozen=True, slots=True)
class Timeouts:
    """Time limits of clients, in seconds; `bytes_per_second` is the minimum rate of a body after the grace period."""

    headers: float = 20.0
    body: float = 30.0
    bytes_per_second: int = 8000

    def of_body(self, received: int) -> float:
        """Return the seconds that a body may take of which so many bytes were received."""
        return self.body + received / self.bytes_per_second


class GuardedProtocol(H11Protocol):
    """Uvicorn's HTTP/1.1 protocol with a timeout for headers; refusals are problem documents."""

    timeouts: ClassVar[Timeouts] = Timeouts()
    _timer: asyncio.TimerHandle | None = None
    _reading_headers = False
    _refused = False

    @classmethod
    def with_timeouts(cls, timeouts: Timeouts) -> "type[GuardedProtocol]":
        """Return a protocol class with these timeouts."""
        return type(cls.__name__, (cls,), {"timeouts": timeouts})

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override] # as uvicorn has it
        """Start the keep-alive timer, so that a connection without a request is closed too."""
        super().connection_made(transport)
        self._start_timer(self.timeout_keep_alive)

    def connection_lost(self, exc: Exception | None) -> None:
        """Stop the timer."""
        self._stop_timer()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Parse data; the timeout of headers starts with the first byte of a request."""
        if self._refused:
            return
        if self.conn.their_state is h11.IDLE and not self._reading_headers:
            self._reading_headers = True
            self._start_timer(self.timeouts.headers)
        super().data_received(data)
        if self.conn.their_state is not h11.IDLE:
            self._reading_headers = False
            if not self._answered():
                self._stop_timer()
        elif not self._reading_headers:  # the rest of a body whose request was answered is complete
            self._start_timer(self.timeout_keep_alive)

    def on_response_complete(self) -> None:
        """Wait for the next request; the rest of an answered one has `AFTER_ANSWER` seconds to arrive."""
        super().on_response_complete()
        if self._answered():
            self._start_timer(AFTER_ANSWER)

    def send_400_response(self, msg: str) -> None:  # noqa: ARG002 - uvicorn gives its English words
        """Answer a request that is not HTTP, or whose headers are too long."""
        hint = getattr(sys.exception(), "error_status_hint", 400)
        self._refuse(problem_of(HeadersTooLarge() if hint == 431 else Malformed()))  # noqa: PLR2004 - HTTP's own number

    def _answered(self) -> bool:
        """Return whether the client still sends the body of an answered request."""
        return self.conn.their_state is h11.SEND_BODY and self.cycle is not None and self.cycle.response_complete

    def _start_timer(self, seconds: float) -> None:
        self._stop_timer()
        self._timer = self.loop.call_later(seconds, self._expire)

    def _stop_timer(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _expire(self) -> None:
        self._timer = None
        if self.transport.is_closing():
            return
        if self._refused:
            self.transport.close()
        elif self._reading_headers:
            log.info("http.headers_timeout")
            self._refuse(problem_of(RequestTimeout()))
        elif self.conn.their_state is h11.IDLE or self._answered():
            self.transport.close()

    def _refuse(self, problem: Problem) -> None:
        """Answer with a problem document, unless an answer has started, and close the connection.

        Data that the client still sends is dropped first: closing at once would discard the answer in flight.
        """
        self._refused = True
        if self.conn.our_state in {h11.IDLE, h11.SEND_RESPONSE}:
            body = json.dumps(problem.document(str(clock.new_id())), ensure_ascii=False).encode()
            headers = [
                ("Content-Type", PROBLEM_JSON),
                ("Content-Length", str(len(body))),
                ("X-Content-Type-Options", "nosniff"),
                ("Connection", "close"),
            ]
            for event in (
                h11.Response(status_code=problem.status, headers=headers),
                h11.Data(data=body),
                h11.EndOfMessage(),
            ):
                self.transport.write(self.conn.send(event) or b"")
            self.transport.write_eof()
            self._start_timer(AFTER_ANSWER)
        else:
            self.transport.close()


class BodyTimeout:
    """ASGI middleware: reading a body that arrives too slowly raises `RequestTimeout`."""

    def __init__(self, app: ASGIApp, timeouts: Timeouts) -> None:
        self._app = app
        self._timeouts = timeouts

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Call the application with a `receive` that has a timeout."""
        if scope["type"] != ScopeType.HTTP:
            await self._app(scope, receive, send)
            return
        waited, received, complete = 0.0, 0, False
        loop = asyncio.get_running_loop()

        async def receive_in_time() -> HTTPReceiveMessage | WebSocketReceiveMessage:
            nonlocal waited, received, complete
            if complete:  # from here on it only reports the disconnection
                return await receive()
            began = loop.time()
            try:
                async with asyncio.timeout(max(0.0, self._timeouts.of_body(received) - waited)):
                    message = await receive()
            except TimeoutError:
                raise RequestTimeout from None
            finally:
                waited += loop.time() - began
            if message["type"] == "http.request":
                received += len(message["body"])
                complete = not message["more_body"]
            return message

        await self._app(scope, receive_in_time, send)
