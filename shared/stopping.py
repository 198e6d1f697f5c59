"""Bounded stop of a process after SIGTERM or SIGINT, in every state of broker and database (ADR 33)."""

import asyncio
import faulthandler
import os
import signal
import sys
import threading
import time
from collections.abc import Callable
from typing import Any, Final

import structlog

log = structlog.get_logger(__name__)

STOP_SIGNALS: Final = frozenset({signal.SIGINT, signal.SIGTERM})

ENDS_WITHIN: Final = 40.0
"""Seconds from the signal to the end of the process; a supervisor waits longer before it kills (ADR 33)."""

STEPS_END_WITHIN: Final = 30.0
"""Seconds from the signal within which the steps of a stop may take the time that each may take."""

LETS_GO_AFTER: Final = 33.0
"""Seconds from the signal after which the connections to the database are cut: calls that wait for it fail at once."""

LEAST: Final = 0.5
"""Seconds that each step may take in any case."""

CANCELLED_WITHIN: Final = 5.0
"""Seconds that cancelled tasks may take to end: one that waits for a database that is silent does not."""

CANCELLED_AGAIN_AFTER: Final = 1.0

SECOND_AFTER: Final = 0.5
"""Seconds within which signals count as one: `timeout` and process groups send the same one twice."""

OVERDUE: Final = 70
"""The exit code of a process that did not end in time (EX_SOFTWARE); after a second signal it is 128 + its number."""


class Deadline:
    """When this process got its first stop signal, if it did."""

    def __init__(self) -> None:
        self._began: float | None = None

    def begin(self) -> None:
        """Count from now on, unless a stop has begun already."""
        self._began = self._began or time.monotonic()

    def left(self, at_most: float) -> float:
        """Return the seconds that one step of stopping may take: `at_most`, or less when little time is left."""
        if self._began is None:
            return at_most
        return max(LEAST, min(at_most, self._began + STEPS_END_WITHIN - time.monotonic()))


deadline: Final = Deadline()
"""The one of this process: a stop concerns all of it."""


async def end(*tasks: asyncio.Task[Any], within: float = CANCELLED_WITHIN) -> None:
    """Cancel tasks and wait for their end, at most so many seconds.

    They are cancelled again each second: a rollback that fails replaces the cancellation by its own error, and a task
    that retries after errors would go on for ever.
    """
    until = time.monotonic() + deadline.left(within)
    while pending := [task for task in tasks if not task.done()]:
        for task in pending:
            task.cancel()
        if (left := until - time.monotonic()) <= 0:
            log.warning("process.task_not_ended", tasks=[task.get_name() for task in pending])
            return
        await asyncio.wait(pending, timeout=min(left, CANCELLED_AGAIN_AFTER))
    for task in tasks:
        if not task.cancelled():
            task.exception()  # read: how they end does not matter any more


class StopSignals:
    """Receives the stop signals of a process in a thread, so that its end does not depend on the event loop."""

    def __init__(self, *, within: float = ENDS_WITHIN, lets_go_after: float = LETS_GO_AFTER) -> None:
        self._within = within
        self._lets_go_after = lets_go_after
        self._lock = threading.Lock()
        self._received: signal.Signals | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._handler: Callable[[signal.Signals], None] | None = None
        self._let_go: list[Callable[[], None]] = []

    def start(self) -> None:
        """Receive from now on; call it in the main thread, before any other thread is started."""
        signal.pthread_sigmask(signal.SIG_BLOCK, STOP_SIGNALS)
        threading.Thread(target=self._receive, name="stop signals", daemon=True).start()

    def deliver_to(self, handler: Callable[[signal.Signals], None]) -> None:
        """Call `handler` in the running loop at the first signal, at once when it was received before."""
        with self._lock:
            self._loop, self._handler = asyncio.get_running_loop(), handler
            if self._received is not None:
                self._loop.call_soon(handler, self._received)

    def let_go(self, call: Callable[[], None]) -> None:
        """Call this in the running loop when the stop takes too long: it cuts what others wait for."""
        with self._lock:
            self._loop = asyncio.get_running_loop()
            self._let_go.append(call)

    def _receive(self) -> None:
        first = signal.Signals(signal.sigwait(STOP_SIGNALS))
        deadline.begin()
        began = time.monotonic()
        with self._lock:
            self._received = first
            if self._loop is not None and self._handler is not None:
                self._call(self._handler, first)
        self._end_at_a_second(began, self._lets_go_after)
        log.warning("process.stop_lets_go", after=self._lets_go_after)
        with self._lock:
            for call in self._let_go:
                self._call(call)
        self._end_at_a_second(began, self._within)
        log.error("process.stop_overdue", within=self._within)
        faulthandler.dump_traceback(all_threads=True)  # where it hangs: files and lines, no contents
        _end(OVERDUE)

    def _end_at_a_second(self, began: float, until: float) -> None:
        """Wait until so many seconds after the first signal; a second one ends the process."""
        while (left := began + until - time.monotonic()) > 0:
            again = signal.sigtimedwait(STOP_SIGNALS, left)
            if again is not None and time.monotonic() - began > SECOND_AFTER:
                log.warning("process.ended_at_once", signal=signal.Signals(again.si_signo).name)
                _end(128 + again.si_signo)

    def _call(self, call: Callable[..., None], *arguments: object) -> None:
        assert self._loop is not None  # noqa: S101 - set together with what is called
        if not self._loop.is_closed():
            self._loop.call_soon_threadsafe(call, *arguments)


def _end(code: int) -> None:
    sys.stderr.flush()
    os._exit(code)
