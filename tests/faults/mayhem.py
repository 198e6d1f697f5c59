"""The faults: each is one method, named in the log with the moment when it began and when the part was back."""

import asyncio
import random
import shutil
import signal
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import timedelta

import aio_pika
import aiormq
import httpx2

from shared import clock
from tests.faults import stand, tampering
from tests.faults.product import SERVICES, Product

QUEUES = SERVICES
RECOVERS_WITHIN = 90.0
"""Seconds after which what a fault broke counts as stuck."""
AT_ONCE = 1.0
"""Seconds: what was told so long ago should have taken effect everywhere."""
CALM = 1.5
LATER = ("delete_queue", "stall_broker")
"""Faults whose consequence shows only later."""
LATE = 6.0
BROKER_AWAY = (
    OSError,
    TimeoutError,
    RuntimeError,
    httpx2.HTTPError,
    aio_pika.exceptions.AMQPError,
    aiormq.exceptions.AMQPError,
)


@dataclass(slots=True)
class Fault:
    """One fault, as it was and as it ended."""

    at: float
    """Seconds since the clients began."""
    kind: str
    note: str = ""
    alone: bool = True
    """Whether everything was whole when it struck, and nothing else struck until all was whole again."""
    back: float | None = None
    """Seconds until every service said again that it is ready."""
    whole: float | None = None
    """Seconds until everything that was told more than a second before had taken effect everywhere, and stayed so."""


@dataclass(slots=True)
class Mayhem:
    """Strikes, with a seed that decides what and when."""

    product: Product
    chance: random.Random
    kinds: tuple[str, ...]
    recovers_within: float = RECOVERS_WITHIN
    log: list[Fault] = field(default_factory=list)
    stuck: list[str] = field(default_factory=list)
    began: float = field(default_factory=time.monotonic)

    async def go_on(self, seconds: float, *, most: int | None = None) -> None:
        """Strike until the time is up, or something gets stuck; one time in four two or three parts at once."""
        until = time.monotonic() + seconds
        deck: list[str] = []
        while time.monotonic() < until and not self.stuck and (most is None or len(self.log) < most):
            await asyncio.sleep(self.chance.uniform(0.2, 2.5))
            together = 1 if self.chance.random() < 0.75 else self.chance.choice((2, 3))
            struck = []
            for _ in range(together):
                if not deck:
                    deck = list(self.kinds)
                    self.chance.shuffle(deck)
                struck.append(await self._strike(deck.pop()))
                if together > 1:
                    await asyncio.sleep(self.chance.uniform(0.0, 1.5))
            for fault in struck:
                fault.alone = together == 1
            await self._until_whole(struck)

    async def _strike(self, kind: str) -> Fault:
        fault = Fault(time.monotonic() - self.began, kind)
        self.log.append(fault)
        try:
            fault.note = await KINDS[kind](self) or ""
        except BROKER_AWAY as error:
            fault.note = f"the broker was away: {type(error).__name__}"
        return fault

    async def _until_whole(self, struck: list[Fault]) -> None:
        """Measure how long it takes until the parts are back, and until what is told takes effect at once again."""
        began = time.monotonic()
        calm_for = LATE if any(fault.kind in LATER for fault in struck) else CALM
        calm_since: float | None = None
        left = ""
        while time.monotonic() - began < self.recovers_within:
            passed = time.monotonic() - began
            ready = await self.product.ready()
            if ready and struck[-1].back is None:
                for fault in struck:
                    fault.back = passed
            left = await self._left() if ready else "a part is not back"
            if left:
                calm_since = None
            elif calm_since is None:
                calm_since = passed
            elif passed - calm_since > calm_for:
                for fault in struck:
                    fault.whole = calm_since
                return
            await asyncio.sleep(0.25)
        kinds = " + ".join(fault.kind for fault in struck)
        self.stuck.append(f"not whole {self.recovers_within:.0f} s after {kinds} at {struck[-1].at:.1f} s: {left}")

    async def _left(self) -> str:
        behind = await stand.behind(self.product, told_before=clock.now() - timedelta(seconds=AT_ONCE))
        return "; ".join(map(str, behind[:5]))

    # ── processes ───────────────────────────────────────────────────────────────────────────────────────────────

    async def kill_service(self) -> str:
        """SIGKILL one service."""
        return await self._end(self.chance.choice(SERVICES), signal.SIGKILL)

    async def stop_service(self) -> str:
        """SIGTERM one service, as a deployment does."""
        return await self._end(self.chance.choice(SERVICES), signal.SIGTERM)

    async def kill_broker(self) -> str:
        """SIGKILL RabbitMQ's virtual machine."""
        return await self._end("rabbitmq", signal.SIGKILL)

    async def kill_database(self) -> str:
        """SIGKILL PostgreSQL's postmaster: all its backends go with it."""
        return await self._end("postgres", signal.SIGKILL)

    async def wipe_broker(self) -> str:
        """SIGKILL RabbitMQ and take its disk away before it starts again."""
        note = await self._end("rabbitmq", signal.SIGKILL)
        data = self.product.folder / "rabbitmq" / "data"
        gone = data.with_name(f"data.{len(self.log)}")
        data.rename(gone)
        await asyncio.to_thread(shutil.rmtree, gone, ignore_errors=True)
        return f"{note}, disk wiped"

    async def stall_broker(self) -> str:
        """Freeze RabbitMQ: nothing is cut, and nothing answers."""
        seconds = self.chance.uniform(2, 12)
        if not self.product.signal("rabbitmq", signal.SIGSTOP):
            return "was away"
        await asyncio.sleep(seconds)
        self.product.signal("rabbitmq", signal.SIGCONT)
        return f"for {seconds:.1f} s"

    async def _end(self, name: str, how: signal.Signals) -> str:
        pid = self.product.pid(name)
        if pid is None:
            return f"{name} was away"
        if self.product.signal(name, how):
            await self.product.gone(pid, within=60)
        return name

    # ── what the broker holds ───────────────────────────────────────────────────────────────────────────────────

    async def purge_queue(self) -> str:
        """Empty a queue in which messages wait, its consumer being down."""
        queue = self.chance.choice(QUEUES)
        await self._end(queue, signal.SIGKILL)
        await asyncio.sleep(self.chance.uniform(0.3, 1.5))
        return f"{queue}: {await self.product.manage('DELETE', f'/queues/%2F/{queue}/contents')}"

    async def delete_queue(self) -> str:
        """Delete a queue under its consumer."""
        queue = self.chance.choice(QUEUES)
        return f"{queue}: {await self.product.manage('DELETE', f'/queues/%2F/{queue}')}"

    async def duplicate(self) -> str:
        """Publish each message that waits three times."""
        return await self._tamper(tampering.duplicated)

    async def reorder(self) -> str:
        """Shuffle the messages that wait."""
        return await self._tamper(tampering.reordered(self.chance))

    async def truncate(self) -> str:
        """Cut messages that wait."""
        return await self._tamper(tampering.truncated(self.chance))

    async def flip(self) -> str:
        """Turn bits over in messages that wait."""
        return await self._tamper(tampering.flipped(self.chance))

    async def _tamper(self, alter: tampering.Alter) -> str:
        """Catch messages on their way: while the consumer is down they wait in its queue."""
        queue = self.chance.choice(QUEUES)
        await self._end(queue, signal.SIGKILL)
        await asyncio.sleep(self.chance.uniform(0.5, 1.5))
        done = await tampering.on_the_way(self.product.endpoints["amqp"], queue, alter)
        return f"{queue}: {done.caught} caught, {done.published} put back"

    async def rogue(self) -> str:
        """Publish rubbish, and old events again."""
        service = self.chance.choice(SERVICES[:3])
        rows = await self.product.fetch(service, "SELECT routing_key, body FROM journal ORDER BY random() LIMIT 10")
        messages = tampering.rubbish(self.chance, [(row["routing_key"], row["body"]) for row in rows])
        return f"{await tampering.publish(self.product.endpoints['amqp'], messages)} messages"


KINDS: dict[str, Callable[[Mayhem], Awaitable[str]]] = {
    "kill_service": Mayhem.kill_service,
    "stop_service": Mayhem.stop_service,
    "kill_broker": Mayhem.kill_broker,
    "kill_database": Mayhem.kill_database,
    "wipe_broker": Mayhem.wipe_broker,
    "stall_broker": Mayhem.stall_broker,
    "purge_queue": Mayhem.purge_queue,
    "delete_queue": Mayhem.delete_queue,
    "duplicate": Mayhem.duplicate,
    "reorder": Mayhem.reorder,
    "truncate": Mayhem.truncate,
    "flip": Mayhem.flip,
    "rogue": Mayhem.rogue,
}
