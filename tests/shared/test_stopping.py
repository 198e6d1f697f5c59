"""A process that is told to stop ends, also when its tasks or its event loop do not."""

import asyncio
import contextlib
import signal
import sys
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from shared import stopping
from shared.stopping import OVERDUE, Deadline, end
from tests.polling import eventually

ROOT = Path(__file__).resolve().parents[2]
SLOW_MACHINE = 30.0

HANGS = """
import asyncio, sys, time
from shared import log, stopping
from tests.faults.teeth import seeding

log.configure(service="trial")
seeding.seed()
signals = stopping.StopSignals(within=float(sys.argv[2]), lets_go_after=0.2)
signals.start()

async def main():
    signals.deliver_to(lambda _: print("stops", flush=True))
    signals.let_go(lambda: print("lets go", flush=True))
    print("runs", flush=True)
    if sys.argv[1] == "blocks":
        time.sleep(600)
    while True:
        try:
            await asyncio.sleep(600)
        except asyncio.CancelledError:
            pass

asyncio.run(main())
"""
"""A program that never ends by itself: it swallows cancellation, or blocks its event loop."""


@asynccontextmanager
async def a_program_that_hangs(how: str, log: Path, *, within: float) -> AsyncIterator[asyncio.subprocess.Process]:
    """Start it, and come back when it runs; it is killed at the end if it did not end."""
    with log.open("wb") as output:
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-c", HANGS, how, str(within), cwd=ROOT, stdout=output, stderr=output
        )
    try:
        await eventually(lambda: holds(log, "runs"))
        yield process
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()


async def holds(log: Path, words: str) -> bool:
    return words in await asyncio.to_thread(log.read_text)


@pytest.mark.parametrize("how", ["swallows", "blocks"])
async def test_what_does_not_stop_is_ended_with_a_line_and_a_code(how: str, tmp_path: Path) -> None:
    log = tmp_path / "log"
    async with a_program_that_hangs(how, log, within=1.0) as process, asyncio.timeout(SLOW_MACHINE):
        process.send_signal(signal.SIGTERM)
        assert await process.wait() == OVERDUE
    said = log.read_text()
    assert '"event": "process.stop_overdue"' in said
    assert "most recent call first" in said  # where it hung
    assert ("stops" in said and "lets go" in said) is (how == "swallows")


@pytest.mark.parametrize("how", ["swallows", "blocks"])
async def test_a_second_signal_ends_at_once(how: str, tmp_path: Path) -> None:
    log = tmp_path / "log"
    async with a_program_that_hangs(how, log, within=600.0) as process:
        process.send_signal(signal.SIGTERM)
        process.send_signal(signal.SIGINT)  # in the same moment: a process group and its leader were both told
        await eventually(lambda: holds(log, "process.stop_lets_go"))
        until = time.monotonic() + SLOW_MACHINE
        while process.returncode is None and time.monotonic() < until:
            await asyncio.sleep(1)
            process.send_signal(signal.SIGTERM)
            await asyncio.sleep(0.2)
        assert process.returncode == 128 + signal.SIGTERM
    assert await holds(log, "process.ended_at_once")


def test_a_step_may_take_what_it_needs_while_nobody_stops() -> None:
    assert Deadline().left(1000.0) == 1000.0


def test_a_step_of_a_stop_may_take_no_more_than_is_left(monkeypatch: pytest.MonkeyPatch) -> None:
    deadline = Deadline()
    deadline.begin()
    assert deadline.left(5.0) == 5.0
    assert deadline.left(1000.0) <= stopping.STEPS_END_WITHIN
    began = time.monotonic()
    monkeypatch.setattr(time, "monotonic", lambda: began + stopping.STEPS_END_WITHIN + 1)
    deadline.begin()  # a second call changes nothing
    assert deadline.left(5.0) == stopping.LEAST


async def test_a_task_whose_cancellation_another_error_replaced_is_cancelled_again() -> None:
    cancelled = 0

    async def tries_again() -> None:
        nonlocal cancelled
        while True:
            try:
                await asyncio.sleep(600)
            except asyncio.CancelledError:
                cancelled += 1
                if cancelled == 2:
                    raise

    task = asyncio.create_task(tries_again())
    await asyncio.sleep(0)
    await end(task, within=SLOW_MACHINE)
    assert task.cancelled()


async def test_a_task_that_never_ends_is_left_behind() -> None:
    over = False

    async def stays() -> None:
        while not over:
            with contextlib.suppress(asyncio.CancelledError):
                await asyncio.sleep(0.2)

    task = asyncio.create_task(stays())
    await asyncio.sleep(0)
    await end(task, within=0.1)
    assert not task.done()
    over = True
    await task
