"""Measure three hops at a given rate: ours and the baseline in turn."""

import asyncio
import time
from contextlib import AsyncExitStack
from functools import partial

from tests.bench import processor
from tests.bench.chain.bare import PLAYERS
from tests.bench.ground import Field, Ground
from tests.bench.hop.contestants import OURS, Contestant, before
from tests.bench.hop.job import Order
from tests.bench.hop.trial import READY_WITHIN, SETTLES, WARMS, Effort, Player, all_applied, figures_of
from tests.bench.measure import Bench
from tests.bench.tally import Figures

RATE = 50.0
"""Chains begun a second."""

CHAINS = (
    Contestant("ours", "Cousu-main", "tests.bench.chain.ours", "four services as they run", python=OURS, ours=True),
    Contestant("bare", "bare pipeline", "tests.bench.chain.bare", "consume, commit, publish, acknowledge", python=OURS),
)


async def chain(bench: Bench) -> None:
    """Measure, in turn."""
    seconds = 5 if bench.quick else 30
    effort = Effort(int(RATE * seconds), rate=RATE)
    earlier = (before(bench.before, CHAINS[0]),) if bench.before else ()
    for number in range(bench.rounds):
        for one in (*CHAINS, *earlier):
            await bench.measure("chain", one.name, "fifty", number, partial(_run, bench.ground, one, effort))


async def _run(ground: Ground, contestant: Contestant, effort: Effort) -> Figures:
    async with AsyncExitStack() as stack:
        fields = [await stack.enter_async_context(ground.field()) for _ in range(2)]
        databases = [name for field in fields for name in (field.source, field.target)]
        players: list[Player] = []

        async def end() -> None:
            await asyncio.gather(*(one.end() for one in players))

        stack.push_async_callback(end)
        last = Field(databases[0], databases[-1], fields[0].vhost)
        for name, database in reversed(list(zip(PLAYERS, databases, strict=True))):
            order = _order(ground, last.vhost, name, database, contestant, effort)
            players.append(await Player.start(contestant, name, order))
            await players[-1].until("ready", READY_WITHIN)
        pids = ground.server_pids() | {"services": [one.pid for one in players]}
        await asyncio.sleep(SETTLES)
        used, began = processor.seconds(pids), time.time()
        await players[-1].go()
        await all_applied(ground, last, effort, players)
        cpu = {name: 1000 * (value - used[name]) / effort.events for name, value in processor.seconds(pids).items()}
        figures = await figures_of(ground, last, began, began + WARMS)
        return figures | {"rate": effort.rate, "events": effort.events, "cpu_ms": cpu}


def _order(ground: Ground, vhost: str, name: str, database: str, contestant: Contestant, effort: Effort) -> Order:
    given = ground.order(Field(database, database, vhost), ours=contestant.ours, events=effort.events, rate=effort.rate)
    if not contestant.ours:
        return given
    amqp = ground.rabbit.url(name, vhost)
    return Order(amqp, amqp, given.source, given.target, given.events, given.rate)
