"""One trial: services that run from an altered copy of the source tree, the drill, and the judge of the true tree."""

import asyncio
import os
import random
import shutil
import subprocess
import tempfile
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from tests.faults.kills.dealer import Dealer
from tests.faults.kills.epoch import Epoch
from tests.faults.light.run import Plan as Faults
from tests.faults.light.run import run
from tests.faults.light.stage import Stage
from tests.faults.teeth.bug import ROOT, Edit
from tests.faults.teeth.drills import Drill

LINKED = ("services", "shared", "deploy", "tests")
GIVES_UP_AFTER = 420
"""Seconds after which a drill that has not ended is given up; a stuck product ends it sooner."""


class Ending(StrEnum):
    """How a drill ended."""

    KEPT = "every promise kept"
    BROKEN = "promise broken"
    FAILED = "the drill itself failed"


@dataclass(frozen=True, slots=True)
class Outcome:
    """What the judge said, or why there was no judgement."""

    ending: Ending
    seconds: float
    complaints: dict[str, int]
    """Kind of broken promise (lost, doubled, stuck …) → how often."""
    first: str
    """The first complaint, or what failed."""

    @property
    def by(self) -> str:
        """Say what caught it: the kinds of broken promises."""
        return ", ".join(f"{kind} x {count}" for kind, count in self.complaints.items())


async def attempt(stage: Stage, drill: Drill, edits: Sequence[Edit]) -> Outcome:
    """Do the drill to the tree altered so."""
    began = time.monotonic()
    failure = ""
    wrong: list[str] = []
    with copied(edits) as tree:
        try:
            async with asyncio.timeout(GIVES_UP_AFTER):
                await stage.move_to(tree)
                wrong = await _wrong(stage, drill)
        except Exception as error:  # noqa: BLE001 - whatever fails, the next bug has its turn, and this one is not caught
            failure = f"{type(error).__name__}: {error}\n{stage.last_words()}"
    kinds = Counter(one.partition(":")[0] for one in wrong)
    ending = Ending.FAILED if failure else Ending.BROKEN if wrong else Ending.KEPT
    return Outcome(ending, round(time.monotonic() - began, 1), dict(kinds), (wrong or [failure])[0][:400])


async def _wrong(stage: Stage, drill: Drill) -> list[str]:
    if isinstance(drill.plan, Faults):
        return (await run(stage, drill.plan)).verdict.wrong
    dealer = Dealer(random.Random(drill.plan.seed), points=drill.points)  # noqa: S311 - a seed that can be given again
    epoch = Epoch(stage, drill.plan, dealer)
    stage.listener = epoch.hear
    return (await epoch.go()).verdict.wrong


@contextmanager
def copied(edits: Sequence[Edit]) -> Iterator[Path]:
    """Give the tree as it stands here, altered, in a folder that goes when the block ends.

    Files are linked rather than copied, what Python compiled of them too: an edit makes a file of its own.
    """
    (ROOT / "build").mkdir(exist_ok=True)
    tree = Path(tempfile.mkdtemp(prefix="teeth-", dir=ROOT / "build"))
    try:
        for room in LINKED:
            shutil.copytree(ROOT / room, tree / room, copy_function=os.link)
        (tree / "node_modules").symlink_to(ROOT / "node_modules")
        for edit in edits:
            edit.apply(tree)
        yield tree
    finally:
        shutil.rmtree(tree, ignore_errors=True)


def commit() -> str:
    """Name the commit that the tree stands at."""
    said = subprocess.run(["git", "rev-parse", "--short", "HEAD"], cwd=ROOT, check=True, capture_output=True, text=True)  # noqa: S607 - same
    return said.stdout.strip()
