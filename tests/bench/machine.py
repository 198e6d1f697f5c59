"""Describe the machine, the file systems and the versions that were measured."""

import asyncio
import os
import platform
import subprocess
import time
from importlib.metadata import version
from pathlib import Path

from tests.bench.ground import MEMORY, Ground
from tests.bench.hop.contestants import THEIRS
from tests.bench.tally import Figures

OURS = ("faststream", "aio-pika", "aiormq", "asyncpg", "pydantic", "litestar", "uvloop", "structlog")
THEIR = (
    "celery",
    "dramatiq",
    "taskiq",
    "taskiq-aio-pika",
    "faststream",
    "faststream-outbox",
    "procrastinate",
    "nameko",
)


async def described(ground: Ground, where: Path) -> Figures:
    """Describe it."""
    async with ground.connected("postgres") as connection:
        postgres = await connection.fetchval("SHOW server_version")
        durable = {name: await connection.fetchval(f"SHOW {name}") for name in ("fsync", "synchronous_commit")}
    told = await ground.nodes[0].manage("GET", "/api/overview")
    return {
        "processor": _processor(),
        "cores": os.cpu_count(),
        "memory_gb": round(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30, 1),
        "system": platform.freedesktop_os_release().get("PRETTY_NAME", ""),
        "kernel": platform.release(),
        "data": "in memory" if where == MEMORY else "on the disk",
        "sync_ms": await asyncio.to_thread(_sync_ms, where),
        "python": platform.python_version(),
        "postgres": postgres,
        "durable": durable,
        "rabbitmq": told["rabbitmq_version"],
        "erlang": told["erlang_version"],
        "ours": {name: version(name) for name in OURS},
        "theirs": await asyncio.to_thread(_versions_of_theirs),
    }


def _processor() -> str:
    lines = Path("/proc/cpuinfo").read_text().splitlines()
    return next((line.partition(":")[2].strip() for line in lines if line.startswith("model name")), "")


def _sync_ms(where: Path) -> float:
    """Measure what it takes until 8 kB are on the disk for sure: each commit waits for it."""
    file = where / f"cousu-bench-sync-{os.getpid()}"
    taken = []
    with file.open("wb") as out:
        for _ in range(50):
            out.write(b"x" * 8192)
            out.flush()
            began = time.perf_counter()
            os.fdatasync(out.fileno())
            taken.append(1000 * (time.perf_counter() - began))
    file.unlink()
    return sorted(taken)[len(taken) // 2]


def _versions_of_theirs() -> dict[str, str]:
    """Ask the peers' own environment; what is not installed there is left out."""
    if not THEIRS.exists():
        return {}
    done = subprocess.run([THEIRS, "-m", "pip", "list", "--format=freeze"], capture_output=True, text=True, check=True)  # noqa: S603 - our own environment
    found = dict(line.split("==", 1) for line in done.stdout.splitlines() if "==" in line)
    return {name: found[name] for name in THEIR if name in found}
