"""Sample where a process spends its time with py-spy, a hundred times a second."""

import asyncio
import re
import tempfile
from collections import Counter, defaultdict
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.bench.hop.contestants import THEIRS
from tests.bench.tally import Figures

MOST = 40
NARROWEST = 0.004
"""Of the time: what takes less is not drawn."""
_FRAME = re.compile(r"^(?P<function>.*) \((?P<file>.*?)(:\d+)?\)$")

_GROUPS = (
    ("ours", ("services/", "shared/")),
    ("mail (email, aiosmtplib)", ("email/", "aiosmtplib/")),
    ("FastStream", ("faststream/", "fast_depends/")),
    ("aio-pika, aiormq", ("aio_pika/", "aiormq/", "pamqp/")),
    ("asyncpg", ("asyncpg/",)),
    ("Litestar", ("litestar/", "msgspec")),
    ("uvicorn", ("uvicorn/", "h11/", "httptools")),
    ("pydantic", ("pydantic",)),
    ("structlog, logging", ("structlog/", "logging/")),
    ("jinja2", ("jinja2/",)),
    ("metrics, traces", ("prometheus_client/", "opentelemetry/")),
)


LOOP = "event loop, sockets"
"""What uvloop does in C stands as the frame that runs it."""
_RUNS_THE_LOOP = ("Runner.run (", "run_until_complete (")


async def of(pid: int, seconds: float) -> Figures:
    """Look at a process for so long; give the shares of time of functions, and of those whom they belong to."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "stacks"
        looks = await asyncio.create_subprocess_exec(
            *(THEIRS.with_name("py-spy"), "record", "--pid", str(pid), "--duration", str(int(seconds))),
            *("--format", "raw", "--rate", "100", "--output", str(file), "--nonblocking"),
            stdout=asyncio.subprocess.DEVNULL,
            stderr=asyncio.subprocess.DEVNULL,
        )
        await looks.wait()
        return shares(await asyncio.to_thread(file.read_text))


def shares(stacks: str) -> Figures:
    """Sum folded stacks: by the function that ran, and by the group of the innermost frame that has one."""
    functions: Counter[str] = Counter()
    groups: Counter[str] = Counter()
    for line in stacks.splitlines():
        stack, _, count = line.rpartition(" ")
        frames = stack.split(";")
        functions[_short(frames[-1])] += int(count)
        groups[_owner(frames)] += int(count)
    total = functions.total() or 1
    return {
        "samples": functions.total(),
        "functions": {name: count / total for name, count in functions.most_common(MOST)},
        "groups": {name: count / total for name, count in groups.most_common()},
        "flame": _flame(stacks, total),
    }


def _flame(stacks: str, total: int) -> list[Any]:
    """Sum stacks as a tree of [function, owner, share, callees] below the event loop; what is narrow is left out."""
    root = _Node()
    for line in stacks.splitlines():
        stack, _, count = line.rpartition(" ")
        frames = stack.split(";")
        begins = max((n for n, frame in enumerate(frames) if frame.startswith(_RUNS_THE_LOOP)), default=-1)
        node = root
        for n in range(begins, len(frames)):
            if n >= 0:
                node = node.callees[_short(frames[n]), _owner(frames[: n + 1])]
                node.samples += int(count)
    return root.told(total)


@dataclass
class _Node:
    samples: int = 0
    callees: "defaultdict[tuple[str, str], _Node]" = field(default_factory=lambda: defaultdict(_Node))

    def told(self, total: int) -> list[Any]:
        """Give the callees, the widest first."""
        wide = sorted(self.callees.items(), key=lambda item: -item[1].samples)
        return [
            [name, owner, node.samples / total, node.told(total)]
            for (name, owner), node in wide
            if node.samples / total >= NARROWEST
        ]


def _owner(frames: list[str]) -> str:
    if frames[-1].startswith(_RUNS_THE_LOOP):
        return LOOP
    return next((group for frame in reversed(frames) if (group := _group_of(frame))), "Python")


def _group_of(frame: str) -> str | None:
    return next((group for group, marks in _GROUPS if any(mark in frame for mark in marks)), None)


def _short(frame: str) -> str:
    found = _FRAME.match(frame)
    if found is None:
        return frame
    file = "/".join(found["file"].split("/")[-2:])
    return f"{found['function']} ({file})"
