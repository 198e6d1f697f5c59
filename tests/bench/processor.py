"""Read from Linux how much processor time processes used."""

import os
from collections.abc import Iterable, Mapping
from pathlib import Path

_TICKS = os.sysconf("SC_CLK_TCK")
_USED = slice(11, 15)
"""utime, stime, and those of the children that ended, among the fields after the command."""


def seconds_of(pids: Iterable[int]) -> float:
    """Give the processor's seconds of these processes and of all that they started."""
    return sum(_ticks(pid) for pid in pids) / _TICKS


def seconds(pids: Mapping[str, Iterable[int]]) -> dict[str, float]:
    """Give the processor's seconds of each group of processes."""
    return {name: seconds_of(those) for name, those in pids.items()}


def resident(pids: Iterable[int]) -> int:
    """Give the bytes of memory of these processes and of all that they started; what they share counts once (PSS)."""
    return sum(_proportional(one) for pid in pids for one in (pid, *descendants(pid)))


def children(pid: int) -> list[int]:
    """Give the processes that one started, whichever of its threads did."""
    try:
        return [
            int(one) for task in Path(f"/proc/{pid}/task").iterdir() for one in (task / "children").read_text().split()
        ]
    except (FileNotFoundError, ProcessLookupError):
        return []


def descendants(pid: int) -> list[int]:
    """Give all processes below one."""
    return [one for child in children(pid) for one in (child, *descendants(child))]


def command(pid: int) -> str:
    """Give the command line of a process; nothing when it is gone."""
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
    except (FileNotFoundError, ProcessLookupError):
        return ""


def _ticks(pid: int) -> int:
    return sum(_own_ticks(one) for one in (pid, *descendants(pid)))


def _own_ticks(pid: int) -> int:
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except (FileNotFoundError, ProcessLookupError):
        return 0
    return sum(int(one) for one in fields[_USED])


def _proportional(pid: int) -> int:
    try:
        lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    except (FileNotFoundError, ProcessLookupError, PermissionError):
        return 0
    return sum(int(line.split()[1]) * 1024 for line in lines if line.startswith("Pss:"))
