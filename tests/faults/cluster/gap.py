"""Measure how long service stops when a node dies: the longest time without events after each kill."""

import asyncio
import os
import shutil
import signal
import time
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path
from statistics import median

from deploy.local.places import Places
from deploy.local.postgres import LocalPostgres
from deploy.local.rabbitmq import LocalRabbit
from deploy.local.rabbitmq_cluster import LocalCluster, NodePorts
from services.operations.adapters import migrations
from shared.clock import new_id, now
from shared.contracts.intake import MessagePosted
from shared.db import Database, Transaction
from shared.messaging import journal, metrics
from shared.messaging.handlers import EventHandlers
from shared.messaging.messenger import Messenger
from shared.messaging.topology import Subscription
from tests.faults.harness import private_folder
from tests.system import free_base

TELLS_EVERY = 0.02
LOOKS_EVERY = 0.01
CALM = 5.0
"""Seconds before each kill in which nothing is struck."""
LISTENS_FOR = 20.0
"""Seconds after a kill within which a silence is put down to it."""


@dataclass(slots=True)
class Gaps:
    """Seconds of silence around each kill, and how long nodes took to come back."""

    started: float = 0.0
    memory: list[float] = field(default_factory=list)
    """Megabytes a node."""
    confirmed: list[float] = field(default_factory=list)
    applied: list[float] = field(default_factory=list)
    back: list[float] = field(default_factory=list)
    told: int = 0
    heard: int = 0
    """Events, at the end: what was told, and what took effect."""
    members: list[int] = field(default_factory=list)
    """Of each queue."""
    calm: list[float] = field(default_factory=list)
    """The longest silence between two applied events while nothing was struck, for comparison."""

    def text(self) -> str:
        """Tell it in lines."""
        rows = [f"cluster started in {self.started:.1f} s; memory a node, MB: {_figures(self.memory)}"]
        rows += [
            f"{what}: {_figures(seconds)}"
            for what, seconds in (
                ("until the next confirmed publish, s", self.confirmed),
                ("until the next applied event, s", self.applied),
                ("longest silence while nothing was struck, s", self.calm),
                ("until the node was back, s", self.back),
            )
        ]
        rows.append(f"events told {self.told}, in effect {self.heard}; members of each queue {sorted(self.members)}")
        return "\n".join(rows)


@dataclass(slots=True)
class _Ticks:
    """Moments at which something happened."""

    at: list[float] = field(default_factory=list)

    def silence(self, since: float, until: float) -> float:
        """Give the longest time between two of them."""
        moments = [since, *(one for one in self.at if since <= one <= until), until]
        return max(after - before for before, after in pairwise(moments))


async def measure(kills: int, *, calm: float = CALM, listens_for: float = LISTENS_FOR) -> Gaps:
    """Kill one node after the other, each time when all three are back."""
    folder = private_folder("cousu-gap-")
    gaps = Gaps()
    try:
        async with AsyncExitStack() as stack:
            cluster, teller, listener, applied = await _scene(stack, folder, gaps)
            confirmed = _Ticks()
            telling, noting = asyncio.create_task(_tell(teller)), asyncio.create_task(_note_confirmed(confirmed))
            stack.push_async_callback(_ended, noting)
            try:
                for n in range(kills):
                    await asyncio.sleep(calm)
                    await _kill(cluster.nodes[n % len(cluster.nodes)], confirmed, applied, gaps, listens_for)
            finally:
                await _ended(telling)
            await _compare(teller, listener, gaps)
            gaps.members = [len(queue["members"]) for queue in await cluster.nodes[0].manage("GET", "/api/queues")]
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    return gaps


async def _kill(node: LocalRabbit, confirmed: _Ticks, applied: _Ticks, gaps: Gaps, listens_for: float) -> None:
    killed = time.monotonic()
    gaps.calm.append(applied.silence(killed - 1.0, killed))
    assert node.pid is not None
    os.kill(node.pid, signal.SIGKILL)
    await node.start()
    gaps.back.append(time.monotonic() - killed)
    await asyncio.sleep(max(0.0, listens_for - gaps.back[-1]))
    for ticks, found in ((confirmed, gaps.confirmed), (applied, gaps.applied)):
        found.append(ticks.silence(killed, killed + listens_for))


async def _compare(teller: Messenger, listener: Messenger, gaps: Gaps) -> None:
    """Count what was told, and wait until as much took effect, or half a minute."""
    gaps.told = await teller.database.fetchval("SELECT count(*) FROM journal")
    until = time.monotonic() + 30
    while gaps.heard != gaps.told and time.monotonic() < until:
        await asyncio.sleep(0.1)
        gaps.heard = await listener.database.fetchval("SELECT coalesce(sum(applied), 0)::bigint FROM inbox_stream")


async def _scene(stack: AsyncExitStack, folder: Path, gaps: Gaps) -> tuple[LocalCluster, Messenger, Messenger, _Ticks]:
    """Start a cluster, a database server, one who tells and one who hears."""
    places = Places(free_base(), folder)
    ports = places.ports
    first = NodePorts(ports["amqp"], ports["management"], ports["broker_metrics"], ports["distribution"])
    others = (NodePorts(*places.ports_of_node(n)) for n in (2, 3))
    cluster = LocalCluster(folder / "rabbitmq", (first, *others), epmd_port=ports["epmd"])
    began = time.monotonic()
    stack.push_async_callback(cluster.stop)
    await cluster.start()
    gaps.started = time.monotonic() - began
    gaps.memory = [_megabytes(node.pid) for node in cluster.nodes]
    server = LocalPostgres(folder / "postgres", ports["postgres"])
    stack.push_async_callback(server.stop)
    await server.start()
    applied = _Ticks()

    async def note(tx: Transaction, fact: MessagePosted) -> None:
        del tx, fact
        applied.at.append(time.monotonic())

    teller = await stack.enter_async_context(
        _service(server, cluster, "intake", Subscription("intake", ()), EventHandlers({}))
    )
    hears = Subscription("escalation", ("intake.#",))
    listener = await stack.enter_async_context(
        _service(server, cluster, "escalation", hears, EventHandlers({MessagePosted: note}))
    )
    return cluster, teller, listener, applied


@asynccontextmanager
async def _service(
    server: LocalPostgres, cluster: LocalCluster, name: str, subscription: Subscription, handlers: EventHandlers
) -> AsyncIterator[Messenger]:
    """Run a service that has nothing but its messaging, and wait until it is ready."""
    owner, app = f"{name}_owner", f"{name}_app"
    await server.ensure_role(owner)
    await server.ensure_role(app)
    await server.ensure_database(name, owner=owner)
    await migrations.migrate("shared", server.url(name, owner))
    await migrations.grant(server.url(name, owner), to=server.url(name, app))
    database = await Database.connect(server.url(name, app), name=name)
    messenger = Messenger(database, cluster.url(name), name=name, subscription=subscription, handlers=handlers)
    async with messenger.lifespan():
        async with asyncio.timeout(60):
            while await messenger.missing() is not None:
                await asyncio.sleep(0.1)
        yield messenger
    await database.close()


async def _tell(teller: Messenger) -> None:
    """Tell without a pause, each time about another request: no event waits for one before it."""
    while True:
        message = MessagePosted(request_id=new_id(), departement="95", at=now(), message_id=new_id(), text="Bonjour")
        async with teller.database.transaction() as tx:
            await journal.record(tx, message)
        await asyncio.sleep(TELLS_EVERY)


async def _note_confirmed(confirmed: _Ticks) -> None:
    """Note when the relay counts more confirmations than before."""
    seen = 0.0
    while True:
        count = metrics.PUBLISHED._value.get()  # noqa: SLF001 - prometheus_client has no other way to read a counter at once
        if count > seen:
            seen = count
            confirmed.at.append(time.monotonic())
        await asyncio.sleep(LOOKS_EVERY)


async def _ended(task: asyncio.Task[None]) -> None:
    """Stop a task; what ended it before would have made the measure worthless, and is raised."""
    if task.done():
        task.result()
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


def _megabytes(pid: int | None) -> float:
    """Give the resident memory of a process."""
    status = Path(f"/proc/{pid}/status").read_text()
    [line] = [line for line in status.splitlines() if line.startswith("VmRSS:")]
    return int(line.split()[1]) / 1024


def _figures(values: list[float]) -> str:
    return f"median {median(values):.2f}, worst {max(values):.2f}, of {len(values)}" if values else "not measured"
