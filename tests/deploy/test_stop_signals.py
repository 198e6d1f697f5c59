"""A supervisor in the foreground hears what it is told, and what its terminal says by going away."""

import os
import pty
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
LISTENS = """
import asyncio
from deploy.local.stop_signals import stop_requested

async def main():
    asyncio.get_running_loop().call_later(0.1, print, "listens")
    await stop_requested(replace=lambda: print("replaces"))
    print("stops")

asyncio.run(main())
"""
WITHIN = 30.0


def a_listener(log: Path, *, terminal: int | None = None) -> "subprocess.Popen[bytes]":
    """Start one in a session of its own, and come back when it hears."""
    session = ["setsid", "--ctty"] if terminal else ["setsid"]
    with log.open("wb") as output:
        process = subprocess.Popen(  # noqa: S603 - our own script
            [*session, sys.executable, "-u", "-c", LISTENS],
            cwd=ROOT,
            stdin=terminal or subprocess.DEVNULL,
            stdout=output,
            stderr=output,
        )
    wait_for(log, "listens")
    return process


def wait_for(log: Path, word: str) -> None:
    until = time.monotonic() + WITHIN
    while word not in log.read_text():
        assert time.monotonic() < until, log.read_text()
        time.sleep(0.02)


def test_a_hang_up_means_replace_and_the_others_mean_stop(tmp_path: Path) -> None:
    log = tmp_path / "log"
    listener = a_listener(log)
    listener.send_signal(signal.SIGHUP)
    wait_for(log, "replaces")
    listener.send_signal(signal.SIGTERM)
    assert listener.wait(WITHIN) == 0
    assert log.read_text().split() == ["listens", "replaces", "stops"]


@pytest.mark.parametrize("closed", [False, True], ids=["open", "closed"])
def test_a_hang_up_of_the_terminal_itself_means_stop(tmp_path: Path, closed: bool) -> None:
    log = tmp_path / "log"
    ours, theirs = pty.openpty()
    listener = a_listener(log, terminal=theirs)
    os.close(theirs)
    if closed:
        os.close(ours)  # the kernel sends SIGHUP to whom the terminal belonged
    else:
        listener.send_signal(signal.SIGHUP)
        wait_for(log, "replaces")
        listener.send_signal(signal.SIGINT)
    assert listener.wait(WITHIN) == 0
    if not closed:
        os.close(ours)  # only now: a hang-up in its very last moment would end it otherwise
    assert ("replaces" in log.read_text()) is not closed
