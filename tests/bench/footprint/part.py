"""Measure cold and warm start of `make run`, memory at rest, and the size of the installation."""

import asyncio
from functools import partial
from pathlib import Path

from tests.bench import processor
from tests.bench.hop.contestants import ROOT
from tests.bench.measure import Bench
from tests.bench.product import prepared
from tests.bench.tally import Figures

RESTS = 5.0
"""Seconds after which its memory is read."""


async def footprint(bench: Bench) -> None:
    """Measure it, each time in a new folder."""
    for number in range(bench.rounds):
        await bench.measure("footprint", "product", "idle", number, partial(_takes, bench.where))


async def _takes(where: Path) -> Figures:
    async with prepared(where) as product:
        cold = await product.start()
        await product.stop()
        warm = await product.start()
        await asyncio.sleep(RESTS)
        memory = {name: processor.resident(pids) for name, pids in product.pids().items()}
    installed = {
        "Python packages": ROOT / ".venv",
        "npm packages": ROOT / "node_modules",
        "services, shared, deploy": ROOT / "services",
    }
    sizes = {name: await asyncio.to_thread(_bytes, folder) for name, folder in installed.items()}
    for other in ("shared", "deploy"):
        sizes["services, shared, deploy"] += await asyncio.to_thread(_bytes, ROOT / other)
    return {"cold_s": cold, "warm_s": warm, "memory": memory, "installed": sizes}


def _bytes(folder: Path) -> int:
    return sum(file.stat().st_size for file in folder.rglob("*") if file.is_file() and not file.is_symlink())
