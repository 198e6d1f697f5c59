"""The faults of `mayhem` on forked services, and faults of a virtual host of our own."""

import asyncio
import contextlib
import os
import random
import signal
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field

import aio_pika
import aiormq
import asyncpg

from shared.messaging.connection import connect
from tests.faults import tampering
from tests.faults.light.children import Children
from tests.faults.light.stage import Stage
from tests.faults.product import SERVICES

SUPERVISOR = "supervisor"
ONE_IN_THREE = 1 / 3
MORE_THAN_RABBITMQ_BEARS = 25
"""By default a quorum queue throws a message away after twenty deliveries."""
A_DELIVERY = 0.2
"""Seconds in which a consumer that has just come is given what waits."""
BROKER_AWAY = (OSError, TimeoutError, RuntimeError, aio_pika.exceptions.AMQPError, aiormq.exceptions.AMQPError)


@dataclass(slots=True)
class Blows:
    """Strikes one part after the other; which, and when, follows from a seed."""

    stage: Stage
    children: Children
    chance: random.Random
    kinds: tuple[str, ...]
    services: tuple[str, ...] = SERVICES
    log: list[str] = field(default_factory=list)
    _deck: list[str] = field(default_factory=list)

    async def one(self, *, at: float) -> None:
        """Strike once, after a moment; `at` is for the log."""
        await asyncio.sleep(self.chance.uniform(0.3, 2.0))
        if not self._deck:
            self._deck = list(self.kinds)
            self.chance.shuffle(self._deck)
        kind = self._deck.pop()
        try:
            note = await KINDS[kind](self)
        except BROKER_AWAY as error:
            note = f"the broker was away: {type(error).__name__}"
        self.log.append(f"{at:6.1f} s  {kind:<16} {note}")

    # ── processes ───────────────────────────────────────────────────────────────────────────────────────────────

    async def kill_service(self) -> str:
        """SIGKILL one service."""
        return await self._end(signal.SIGKILL)

    async def stop_service(self) -> str:
        """SIGTERM one service, as a deployment does."""
        return await self._end(signal.SIGTERM)

    async def _end(self, how: signal.Signals) -> str:
        service = self.chance.choice(self.services)
        await self.children.take_down(service, how)
        return service

    async def kill_while_it_waits(self) -> str:
        """SIGKILL one service, again and again, while what it heard waits for a table that somebody locked."""
        service = self.chance.choice(self.services)
        admin = await asyncpg.connect(self.stage.database_url(self.stage.database_of(service)))
        try:
            async with admin.transaction():
                await admin.execute("LOCK TABLE inbox_stream IN ACCESS EXCLUSIVE MODE")
                for _ in range(MORE_THAN_RABBITMQ_BEARS):
                    await self.children.until_up(service)
                    await asyncio.sleep(A_DELIVERY)
                    await self.children.take_down(service, signal.SIGKILL)
        finally:
            await admin.close()
        return f"{service}, {MORE_THAN_RABBITMQ_BEARS} times"

    async def kill_broker(self) -> str:
        """SIGKILL RabbitMQ's virtual machine, and start it again."""
        rabbit = self.stage.servers.rabbit
        assert rabbit.pid is not None, "servers that somebody else started are not ours to kill"
        os.kill(rabbit.pid, signal.SIGKILL)
        await asyncio.sleep(0.1)
        await rabbit.start()
        return ""

    async def kill_database(self) -> str:
        """Cut all connections to the four databases, again and again for a moment: what services see of a crash."""
        admin = await asyncpg.connect(self.stage.database_url("postgres"))
        try:
            names = [self.stage.database_of(service) for service in SERVICES]
            for _ in range(self.chance.randint(1, 8)):
                await admin.execute(
                    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = ANY($1)", names
                )
                await asyncio.sleep(0.1)
        finally:
            await admin.close()
        return ""

    # ── what the broker holds ───────────────────────────────────────────────────────────────────────────────────

    async def purge_queue(self) -> str:
        """Empty a queue in which messages wait, its consumer being down."""
        queue = self.chance.choice(self.services)
        async with self.children.kept_down(queue):
            await self._gather()
            async with self._channel() as channel:
                purged = await (await channel.get_queue(queue)).purge()
        return f"{queue}: {purged.message_count}"

    async def delete_queue(self) -> str:
        """Delete a queue under its consumer."""
        queue = self.chance.choice(self.services)
        async with self._channel() as channel:
            await channel.queue_delete(queue)
        return queue

    async def wipe_broker(self) -> str:
        """Take the virtual host away and make an empty one: what services see of a lost disk."""
        await self.stage.wipe()
        return ""

    async def duplicate(self) -> str:
        """Publish each message that waits three times."""
        return await self._tamper(tampering.duplicated)

    async def reorder(self) -> str:
        """Shuffle the messages that wait."""
        return await self._tamper(tampering.reordered(self.chance))

    async def hold_back(self) -> str:
        """Let one message in three come a moment later: those after it are heard first, and not in the same batch."""
        queue = self.chance.choice(self.services)
        late: list[aio_pika.Message] = []

        def without_the_late(caught: list[aio_pika.abc.AbstractIncomingMessage]) -> list[aio_pika.Message]:
            through: list[aio_pika.Message] = []
            for one in caught:
                (late if self.chance.random() < ONE_IN_THREE else through).append(tampering.copy(one))
            return through

        async with self.children.kept_down(queue):
            await self._gather()
            network = await self._network()
            done = await tampering.on_the_way(network, queue, without_the_late)
        await self._gather()
        async with await connect(network, "faults", within=10) as connection:
            channel = await connection.channel()
            for message in late:
                await channel.default_exchange.publish(message, routing_key=queue)
        return f"{queue}: {done.caught} caught, {len(late)} late"

    async def truncate(self) -> str:
        """Cut messages that wait."""
        return await self._tamper(tampering.truncated(self.chance))

    async def flip(self) -> str:
        """Turn bits over in messages that wait."""
        return await self._tamper(tampering.flipped(self.chance))

    async def rogue(self) -> str:
        """Publish rubbish, and old events again."""
        service = self.chance.choice(SERVICES[:3])
        rows = await self.stage.fetch(service, "SELECT routing_key, body FROM journal ORDER BY random() LIMIT 10")
        messages = tampering.rubbish(self.chance, [(row["routing_key"], row["body"]) for row in rows])
        return f"{await tampering.publish(self.stage.amqp(SUPERVISOR), messages)} messages"

    async def _tamper(self, alter: tampering.Alter) -> str:
        """Catch messages on their way: while the consumer is down they wait in its queue."""
        queue = self.chance.choice(self.services)
        async with self.children.kept_down(queue):
            await self._gather()
            done = await tampering.on_the_way(await self._network(), queue, alter)
        return f"{queue}: {done.caught} caught, {done.published} put back"

    async def _network(self) -> str:
        return await tampering.as_the_network(self.stage.amqp(SUPERVISOR), self.stage.servers.rabbit.management_url)

    async def _gather(self) -> None:
        await asyncio.sleep(self.chance.uniform(0.4, 1.2))

    @contextlib.asynccontextmanager
    async def _channel(self) -> AsyncIterator[aio_pika.abc.AbstractChannel]:
        async with await connect(self.stage.amqp(SUPERVISOR), "faults", within=10) as connection:
            yield await connection.channel()


KINDS: dict[str, Callable[[Blows], Awaitable[str]]] = {
    "kill_service": Blows.kill_service,
    "stop_service": Blows.stop_service,
    "kill_while_it_waits": Blows.kill_while_it_waits,
    "kill_broker": Blows.kill_broker,
    "kill_database": Blows.kill_database,
    "purge_queue": Blows.purge_queue,
    "delete_queue": Blows.delete_queue,
    "wipe_broker": Blows.wipe_broker,
    "duplicate": Blows.duplicate,
    "reorder": Blows.reorder,
    "hold_back": Blows.hold_back,
    "truncate": Blows.truncate,
    "flip": Blows.flip,
    "rogue": Blows.rogue,
}
