"""The hop's part of a run: saturation for all in turn, then latencies at shares of what each could do."""

from functools import partial
from statistics import median

from tests.bench.hop import trial
from tests.bench.hop.contestants import HOP, Contestant, before
from tests.bench.hop.trial import Effort
from tests.bench.measure import Bench
from tests.bench.peers.contestants import PEERS

THIRD = 1 / 3
"""At which share of its own saturation each is asked how long an event takes; at all of it queues only grow."""


async def hop(bench: Bench) -> None:
    """Measure ours and the floors."""
    earlier = (before(bench.before, HOP[0]),) if bench.before else ()
    await _rounds(bench, "hop", (*HOP, *earlier))
    events = 2_000 if bench.quick else 10_000
    for number in range(bench.rounds):
        for contestant in HOP[:2]:
            effort = Effort(events, listens=False)
            await bench.measure(
                "hop", contestant.name, "publish", number, partial(trial.run, bench.ground, contestant, effort)
            )


async def peers(bench: Bench) -> None:
    """Measure the peers, with ours and the floor between them."""
    await _rounds(bench, "peers", (*HOP[:2], *PEERS))


async def _rounds(bench: Bench, part: str, contestants: tuple[Contestant, ...]) -> None:
    events = 2_000 if bench.quick else 10_000
    for number in range(bench.rounds):
        for contestant in contestants:
            await bench.measure(
                part,
                contestant.name,
                "saturation",
                number,
                partial(trial.run, bench.ground, contestant, Effort(events)),
            )
    seconds = 4 if bench.quick else 10
    for number in range(bench.rounds):
        for contestant in contestants:
            reached = [
                one["per_second"]
                for one in bench.tally.all(part, contestant.name, "saturation")
                if one.get("per_second")
            ]
            if not reached:
                continue
            rate = THIRD * median(reached)
            effort = Effort(max(100, int(rate * seconds)), rate=rate)
            await bench.measure(
                part, contestant.name, "third", number, partial(trial.run, bench.ground, contestant, effort)
            )
