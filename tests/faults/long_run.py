"""Run faults for hours in pieces: each is judged and stored, and may be repeated; a failed piece ends nothing."""

import asyncio
import secrets
import time
import traceback
from dataclasses import replace
from pathlib import Path

from tests.faults import tally
from tests.faults.harness import Plan, run

PIECE = 300
"""Faults in one piece."""
LONGEST = 900.0
"""Seconds after which a piece ends, however many faults it had."""
PAUSE = 20.0
"""Seconds before the next piece after one that could not be carried out."""


def go_on(plan: Plan, file: Path, *, hours: float) -> bool:
    """Go on where the book ends, until the targets are reached or the time is up; tell whether nothing was broken."""
    until = time.monotonic() + hours * 3600
    while tally.left(tally.read(file)) and time.monotonic() < until:
        piece = replace(plan, seed=secrets.randbelow(10**9), seconds=LONGEST, most=plan.most or PIECE, storm=True)
        try:
            report = asyncio.run(run(piece))
        except Exception:  # noqa: BLE001 - whatever broke the harness, the hours that are left are not lost
            _say(f"seed {piece.seed} could not be carried out:\n{traceback.format_exc()}")
            time.sleep(PAUSE)
            continue
        epoch = tally.Epoch.of(report)
        epoch.write(file)
        if not report.passed:
            _say(report.text())
        still = ", ".join(f"{count} {target}" for target, count in tally.left(tally.read(file)).items())
        _say(
            f"{time.strftime('%H:%M:%S')} seed {epoch.seed}: {len(report.faults)} faults in {epoch.seconds:.0f} s, "
            f"{epoch.requests} requests, {epoch.events} events, {len(report.verdict.wrong)} wrong; to come: {still}"
        )
    return not any(epoch.wrong for epoch in tally.read(file))


def _say(what: str) -> None:
    print(what, flush=True)  # noqa: T201 - a terminal's program
