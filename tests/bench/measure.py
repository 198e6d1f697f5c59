"""Measure contestants in rounds, each in turn, so that a busy moment of the machine affects all of them."""

import os
import subprocess
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import typer

from tests.bench.ground import Ground
from tests.bench.hop.contestants import ROOT
from tests.bench.tally import Figures, Line, Tally


@dataclass(frozen=True, slots=True)
class Bench:
    """What every part is given: the servers, the book, and how much is to be done."""

    ground: Ground
    tally: Tally
    rounds: int
    quick: bool
    where: Path
    before: str = ""
    """A commit that ours is measured beside."""

    async def measure(
        self, part: str, what: str, mode: str, number: int, work: Callable[[], Awaitable[Figures]]
    ) -> None:
        """Do one measurement, unless it stands in the book; what fails is written down, to be tried again."""
        if self.tally.has(part, what, mode, number):
            return
        load, at, began = os.getloadavg()[0], datetime.now(UTC), time.monotonic()
        try:
            figures = await work()
        except Exception as failure:  # noqa: BLE001 - whatever keeps a peer from running is told in the report
            figures = {"failed": f"{type(failure).__name__}: {failure}"[-2000:]}
        line = Line(part, what, mode, number, figures, load, at.isoformat(timespec="seconds"), commit())
        self.tally.write(line)
        typer.echo(f"{part:<10} {what:<18} {mode:<14} {number} {time.monotonic() - began:6.1f} s  {_short(figures)}")


def commit() -> str:
    """Name what is measured; a plus says that the tree differs from it."""
    done = subprocess.run(
        ["git", "describe", "--always", "--dirty=+", "--exclude=*"],  # noqa: S607 - git, wherever it is
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    return done.stdout.strip() or "unknown"


def _short(figures: Figures) -> str:
    if "failed" in figures:
        return f"FAILED {figures['failed'].splitlines()[-1]}"
    return "  ".join(f"{name} {value:.4g}" for name, value in figures.items() if isinstance(value, int | float))
