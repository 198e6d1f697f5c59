"""Waits for a request to stop (Ctrl-C, a signal to us or to our `make`), or to replace services (SIGHUP)."""

import asyncio
import os
import signal
from collections.abc import Callable
from pathlib import Path

_LOOKS_EVERY = 0.3


async def stop_requested(*, replace: Callable[[], None]) -> None:
    """Return when a stop is requested; call `replace` for each SIGHUP.

    But a SIGHUP whose cause is that our terminal was closed means "stop".
    """
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    had_terminal = _has_terminal()

    def hang_up() -> None:
        if had_terminal and not _has_terminal():
            stop.set()
        else:
            replace()

    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop.set)
    loop.add_signal_handler(signal.SIGHUP, hang_up)
    make = os.getppid() if _name_of(os.getppid()) == "make" else None
    stopping = asyncio.create_task(stop.wait())
    try:
        while not stopping.done() and not _gave_up(make):
            await asyncio.wait({stopping}, timeout=_LOOKS_EVERY)
    finally:
        stopping.cancel()


def _has_terminal() -> bool:
    try:
        os.close(os.open("/dev/tty", os.O_RDONLY | os.O_NOCTTY))
    except OSError:
        return False
    return True


def _gave_up(make: int | None) -> bool:
    """Return whether `make` is gone, or waits for us to end after a SIGINT that was sent to it alone.

    Ctrl-C reaches both of us, and make passes SIGTERM on. But a program that interrupts only make would wait for ever:
    make then blocks SIGINT and waits for its children without a signal to them.
    """
    if make is None:
        return False
    if os.getppid() != make:
        return True
    try:
        status = Path(f"/proc/{make}/status").read_text()
    except OSError:
        return True
    blocked = next(line for line in status.splitlines() if line.startswith("SigBlk:"))
    return bool(int(blocked.split()[1], 16) & 1 << (signal.SIGINT - 1))


def _name_of(process: int) -> str:
    try:
        return Path(f"/proc/{process}/comm").read_text().strip()
    except OSError:
        return ""
