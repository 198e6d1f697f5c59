"""Measure how long the backlog takes, and how much it slows the other services."""

from functools import partial

from tests.bench.hop import trial
from tests.bench.hop.contestants import HOP
from tests.bench.hop.trial import Effort
from tests.bench.measure import Bench
from tests.bench.tally import Figures

RATE = 50.0
"""Events a second that another service hears."""


async def backlog(bench: Bench) -> None:
    """Measure it once: a hundred thousand events."""
    events = 10_000 if bench.quick else 100_000
    await bench.measure("backlog", "ours", "week", 0, partial(_comes_back, bench, events))


async def _comes_back(bench: Bench, events: int) -> Figures:
    ours, others = HOP[0], Effort(int(RATE * 10), rate=RATE)
    before = await trial.run(bench.ground, ours, others)
    during: list[Figures] = []

    async def meanwhile() -> None:
        during.append(await trial.run(bench.ground, ours, others))

    catching_up = await trial.run(bench.ground, ours, Effort(events, within=1200, beforehand=True), meanwhile=meanwhile)
    return catching_up | {"others_before": before, "others_during": during[0]}
