"""Run one trial: services with one seeded bug, a drill, and the oracle without the bug."""

import asyncio
import random
import subprocess
import time
from collections import Counter
from dataclasses import dataclass
from enum import StrEnum

from tests.faults.kills.dealer import Dealer
from tests.faults.kills.epoch import Epoch
from tests.faults.light.run import Plan as Faults
from tests.faults.light.run import run
from tests.faults.light.stage import Stage
from tests.faults.teeth import seeding
from tests.faults.teeth.bug import ROOT
from tests.faults.teeth.drills import Drill, Tests

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
    did: str
    """How many faults there were, and how many requests."""
    evidence: list[str]
    """All that was complained of, what failed, and what had struck."""

    @property
    def by(self) -> str:
        """Say what caught it: the kinds of broken promises."""
        return ", ".join(f"{kind} x {count}" for kind, count in self.complaints.items())


async def attempt(stage: Stage, drill: Drill, bug: str | None) -> Outcome:
    """Do the drill to services that have this bug, if any."""
    began = time.monotonic()
    failure = ""
    wrong: list[str] = []
    struck: list[str] = []
    did = ""
    try:
        async with asyncio.timeout(GIVES_UP_AFTER):
            if isinstance(drill.plan, Tests):
                wrong, did = await seeding.failing(drill.plan.where, bug)
            else:
                await stage.seed(bug)
                wrong, did = await _wrong(stage, drill, struck)
    except Exception as error:  # noqa: BLE001 - whatever fails, the next bug has its turn, and this one is not caught
        failure = f"{type(error).__name__}: {error}\n{stage.last_words()}"
    kinds = Counter(one.partition(":")[0] for one in wrong)
    ending = Ending.FAILED if failure else Ending.BROKEN if wrong else Ending.KEPT
    evidence = [*wrong, *failure.splitlines(), *struck]
    seconds = round(time.monotonic() - began, 1)
    return Outcome(ending, seconds, dict(kinds), (wrong or [failure])[0][:400], did, evidence)


async def _wrong(stage: Stage, drill: Drill, struck: list[str]) -> tuple[list[str], str]:
    """Do the drill; give the broken promises, and what was done; `struck` takes the log of the faults."""
    if isinstance(drill.plan, Faults):
        report = await run(stage, drill.plan)
        struck += report.blows
        if drill.plan.kinds:
            _did_strike(len(report.blows))
        return report.verdict.wrong, f"{len(report.blows)} faults, {report.requests} requests"
    assert not isinstance(drill.plan, Tests), "done without a stage"
    dealer = Dealer(random.Random(drill.plan.seed), points=drill.points)  # noqa: S311 - a seed that can be given again
    epoch = Epoch(stage, drill.plan, dealer)
    stage.listener = epoch.hear
    outcome = await epoch.go()
    struck += [f"{service} {point} x {count}" for (service, point), count in outcome.kills.items()]
    _did_strike(outcome.kills.total())
    return outcome.verdict.wrong, f"{outcome.kills.total()} kills, {outcome.verdict.requests} requests"


def _did_strike(faults: int) -> None:
    """Refuse a run in which nothing happened: it says nothing."""
    if not faults:
        raise RuntimeError("nothing struck")


def commit() -> str:
    """Name the commit that the tree stands at."""
    said = subprocess.run(["git", "rev-parse", "--short", "HEAD"], cwd=ROOT, check=True, capture_output=True, text=True)  # noqa: S607 - same
    return said.stdout.strip()
