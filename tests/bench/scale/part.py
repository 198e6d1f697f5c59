"""Measure one, two and four copies on one queue, and instances with a queue each; then with three broker nodes."""

from functools import partial

from tests.bench.ground import standing
from tests.bench.hop import trial
from tests.bench.hop.contestants import HOP
from tests.bench.hop.trial import Effort
from tests.bench.measure import Bench

COPIES = (1, 2, 4)
INSTANCES = (2, 4)


async def scale(bench: Bench) -> None:
    """Measure, in turn."""
    events = 2_000 if bench.quick else 10_000
    for number in range(bench.rounds):
        for copies in COPIES:
            work = partial(trial.run, bench.ground, HOP[0], Effort(events, copies=copies))
            await bench.measure("scale", "ours", f"copies: {copies}", number, work)
        for instances in INSTANCES:
            work = partial(trial.run, bench.ground, HOP[0], Effort(events, instances=instances))
            await bench.measure("scale", "ours", f"instances: {instances}", number, work)
    if all(bench.tally.has("scale", "ours", "three nodes", number) for number in range(bench.rounds)):
        return
    async with standing(bench.where, nodes=3) as cluster:
        for number in range(bench.rounds):
            work = partial(trial.run, cluster, HOP[0], Effort(events))
            await bench.measure("scale", "ours", "three nodes", number, work)
