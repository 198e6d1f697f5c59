"""Measure the hop: the saturation of each contestant in turn, then latencies at shares of it."""

from functools import partial
from statistics import median

from tests.bench.hop import trial
from tests.bench.hop.contestants import HOP, Contestant, before
from tests.bench.hop.trial import Effort
from tests.bench.measure import Bench
from tests.bench.peers.contestants import PEERS

AT_ONCE = 1e6
"""Events a second: each is committed alone, as fast as that goes; at saturation ours stand in the outbox before."""
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
    seconds = 4 if bench.quick else 10

    async def measure(one: Contestant, mode: str, number: int, effort: Effort) -> None:
        await bench.measure(part, one.name, mode, number, partial(trial.run, bench.ground, one, effort))

    for number in range(bench.rounds):
        for one in contestants:
            await measure(one, "saturation", number, Effort(events))
            if one.ours:
                await measure(one, "alone", number, Effort(events // 2, rate=AT_ONCE))
    for number in range(bench.rounds):
        for one in contestants:
            found = bench.tally.good(part, one.name, "alone" if one.ours else "saturation")
            if found:
                rate = THIRD * median(figures["per_second"] for figures in found)
                await measure(one, "third", number, Effort(max(100, int(rate * seconds)), rate=rate))
