"""Measure `make test` once."""

import asyncio
import os
import re
import signal
import time

from tests.bench.hop.contestants import ROOT
from tests.bench.measure import Bench
from tests.bench.tally import Figures

LOG = ROOT / "build" / "bench-suite.log"
WITHIN = 3600.0


async def suite(bench: Bench) -> None:
    """Measure it."""
    if not bench.quick:
        await bench.measure("suite", "make test", "once", 0, _tests)


async def _tests() -> Figures:
    began = time.monotonic()
    with LOG.open("wb") as log:
        process = await asyncio.create_subprocess_exec(
            "make", "test", cwd=ROOT, stdout=log, stderr=log, start_new_session=True
        )
        try:
            async with asyncio.timeout(WITHIN):
                code = await process.wait()
        finally:
            if process.returncode is None:  # as Ctrl-C would: the tests stop what they started
                os.killpg(process.pid, signal.SIGINT)
                await process.wait()
    took = time.monotonic() - began
    said = await asyncio.to_thread(LOG.read_text, errors="replace")
    if code:
        raise RuntimeError(f"the tests did not pass: see {LOG.name}")
    counted = re.findall(r"(\d+) passed", said)
    return {"seconds": took, "passed": int(counted[-1])}
