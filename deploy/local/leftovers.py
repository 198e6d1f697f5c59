"""Find and end processes that an earlier run of the same folder left behind when its supervisor was killed."""

import asyncio
import os
import signal
import time
from collections.abc import Callable
from pathlib import Path

from deploy.local.child import DidNotStart

VARIABLE = "COUSU_CHILD_OF"
"""Names the run's folder in the environment of each program that the run starts, and of whatever that starts."""

STOP_TIMEOUT = 15.0
"""Seconds for programs to end by themselves: the kernel signals them when their supervisor dies."""

_GONE_WITHIN = 10.0


def mark_children(folder: Path) -> None:
    """Have all programs that this process starts from now on carry the folder of their run."""
    os.environ[VARIABLE] = str(folder)


def programs_of(folder: Path) -> list[int]:
    """Return the process ids of all programs that were started for this folder, ourselves excepted."""
    return [
        int(process.name)
        for process in Path("/proc").iterdir()
        if process.name.isdecimal() and int(process.name) != os.getpid() and _belongs(int(process.name), folder)
    ]


def kill_programs_of(folder: Path) -> int:
    """Kill what was started for this folder, and return how many programs that were."""
    return sum(_kill(pid, folder) for pid in programs_of(folder))


async def end_programs_of(folder: Path, *, say: Callable[[str], None], patience: float = STOP_TIMEOUT) -> None:
    """Wait until what an earlier run left behind has ended, then kill the rest.

    Raises `DidNotStart` when something stays even so.
    """
    left = programs_of(folder)
    if not left:
        return
    say(f"An earlier run was killed; {len(left)} of its programs are still there, and end first")
    until = time.monotonic() + patience
    while programs_of(folder) and time.monotonic() < until:  # noqa: ASYNC110 - the end of a stranger sets no event
        await asyncio.sleep(0.1)
    until = time.monotonic() + _GONE_WITHIN
    while kill_programs_of(folder):
        if time.monotonic() > until:
            raise DidNotStart(f"Programs of an earlier run do not end: processes {programs_of(folder)}.")
        await asyncio.sleep(0.1)


def _kill(pid: int, folder: Path) -> bool:
    """Kill the process if it still belongs to the folder: its id may be another's by now, its descriptor may not."""
    try:
        descriptor = os.pidfd_open(pid)
    except ProcessLookupError:
        return False
    try:
        if not _belongs(pid, folder):
            return False
        signal.pidfd_send_signal(descriptor, signal.SIGKILL)
    except ProcessLookupError:
        return False
    finally:
        os.close(descriptor)
    return True


def _belongs(pid: int, folder: Path) -> bool:
    """Return whether a living process has the mark of this very folder; one that we may not read is another's."""
    try:
        environment = Path(f"/proc/{pid}/environ").read_bytes()
    except (FileNotFoundError, ProcessLookupError, PermissionError):
        return False
    return f"{VARIABLE}={folder}".encode() in environment.split(b"\0")
