"""One message among a hundred prefetched that kills whatever process consumes it, for any number of crashes.

Consumers are processes of their own, forked from a warm parent, and die by SIGKILL in the middle of the poison; before
each death healthy messages are on their way. After the first eleven deaths the poison is out of the way, so somebody
stubborn puts it back each time: a held stream is tried again, a dead letter is taken again. The judge stands outside:
it knows what was published, and reads the database and the queues.
"""

import asyncio
import contextlib
import logging
import multiprocessing
import os
import signal
import time
from collections.abc import Callable
from dataclasses import dataclass
from multiprocessing.context import ForkServerProcess
from uuid import UUID

import aio_pika
import structlog

from shared.clock import new_id
from shared.contracts.intake import MessagePosted
from shared.db import Database, Transaction
from shared.messaging import messenger, names, topology
from shared.messaging.authenticity import check_type
from shared.messaging.envelope import Envelope
from shared.messaging.handlers import ConsumedEvent, EventHandlers
from shared.messaging.topology import Subscription
from tests.shared.messaging.conftest import a_message, effects, note
from tests.wire import wire

QUEUE = Subscription("escalation", ("intake.#",))
POISON = "poison"
AT_FIRST, EACH_TIME = 99, 5
"""Healthy messages: around the poison, and before each later death."""

AT_REST = 1
"""Messages whose attempts may stay counted: the poison."""

PATIENCE = 60.0
"""Seconds for one consumer to die, or for all to be whole at the end."""

READING, HANDLING = "reading", "handling"
FORKS = multiprocessing.get_context("forkserver")


@dataclass(slots=True)
class Report:
    """What came of it, as measured."""

    where: str
    crashes: int
    healthy: int
    applied: int
    twice_or_out_of_order: int
    held_streams: int
    dead_letters: int
    quarantined: int
    attempts_left: int
    seconds: float

    @property
    def well(self) -> bool:
        """Whether the poison alone is out of the way, and every healthy message took effect once and in order."""
        out_of_the_way = (self.held_streams, self.dead_letters) == ((1, 0) if self.where == HANDLING else (0, 1))
        untouched = self.applied == self.healthy and not self.twice_or_out_of_order and not self.quarantined
        return out_of_the_way and untouched and self.attempts_left <= AT_REST


class Deadly(EventHandlers):
    """What the consumers do: leave a trace of what is healthy, and die of the poison, here or there."""

    def __init__(self, where: str) -> None:
        super().__init__({MessagePosted: _die_or_note})
        self._where = where

    def parse(self, body: bytes, check: Callable[[Envelope], None] = check_type) -> ConsumedEvent:
        """Read, or die of it."""
        if self._where == READING and POISON.encode() in body:
            os.kill(os.getpid(), signal.SIGKILL)
        return super().parse(body, check)


async def _die_or_note(tx: Transaction, fact: MessagePosted) -> None:
    if fact.text == POISON:
        os.kill(os.getpid(), signal.SIGKILL)
    await note(tx, fact)


def consume(database_url: str, amqp_url: str, where: str) -> None:
    """Be one consumer, until killed."""
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))
    messenger.RETRIES_EVERY = messenger.PROCESSES_RESUBMITTED_EVERY = messenger.TAKES_PARKED_EVERY = 0.05

    async def live() -> None:
        database = await Database.connect(database_url, name="poison")
        one = messenger.Messenger(database, amqp_url, name="escalation", subscription=QUEUE, handlers=Deadly(where))
        async with one.lifespan():
            await asyncio.Event().wait()

    asyncio.run(live())


class Trial:
    """One poison, one queue, one database."""

    def __init__(self, database: Database, database_url: str, amqp: Callable[[str], str], where: str) -> None:
        self._database, self._database_url, self._amqp, self._where = database, database_url, amqp, where
        self._requests = [new_id() for _ in range(10)]
        self._sent = dict.fromkeys(self._requests, 0)

    async def run(self, crashes: int) -> Report:
        """Let consumers die so often; then let one live, and judge."""
        began = time.monotonic()
        FORKS.set_forkserver_preload(["tests.faults.poison.trial"])
        async with (
            await aio_pika.connect(self._amqp("supervisor")) as connection,
            await aio_pika.connect(self._amqp("intake")) as publishing,
        ):
            channel = await connection.channel()
            await topology.declare(channel, [QUEUE])
            publisher = await publishing.channel()
            exchange = await publisher.get_exchange(names.exchange_of("intake"))
            poison = wire(a_message(new_id(), POISON), 1)
            await self._healthy(exchange, AT_FIRST // 2)
            await _publish(exchange, poison)
            await self._healthy(exchange, AT_FIRST - AT_FIRST // 2)
            died = 0
            while died < crashes:
                process = self._consumer()
                try:
                    died += await self._dies(process, channel)
                finally:
                    await _end(process)
                await self._healthy(exchange, EACH_TIME)
            process = self._consumer()
            try:
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(PATIENCE):
                        while not await self._whole(channel):
                            await asyncio.sleep(0.1)
                return await self._judged(channel, died, time.monotonic() - began)
            finally:
                await _end(process)

    async def _dies(
        self,
        process: ForkServerProcess,
        channel: aio_pika.abc.AbstractChannel,
    ) -> bool:
        """Wait for the consumer's death, and be stubborn about the poison meanwhile."""
        until = time.monotonic() + PATIENCE
        while process.is_alive():
            if time.monotonic() > until:
                raise TimeoutError("the consumer did not die of the poison")
            if not await _depth(channel, QUEUE.queue):  # it has taken all that was there: it dies with its hands full
                await self._put_back()
            await asyncio.sleep(0.02)
        return True

    async def _put_back(self) -> None:
        """Have the held stream tried again, or the dead letter taken again, as an operator may."""
        if self._where == HANDLING:
            await self._database.fetch(
                "UPDATE inbox_held SET next_attempt_at = now() WHERE next_attempt_at IS NULL OR next_attempt_at > now()"
            )
            return
        await self._database.fetch(
            "UPDATE quarantine SET settled_at = now(), settled_by = 'x', settlement = 'replayed', why = 'y'"
            " WHERE settled_at IS NULL"
        )

    async def _healthy(self, exchange: aio_pika.abc.AbstractExchange, count: int) -> None:
        for _ in range(count):
            request_id = min(self._sent, key=lambda one: self._sent[one])
            self._sent[request_id] += 1
            await _publish(exchange, wire(a_message(request_id, str(self._sent[request_id])), self._sent[request_id]))

    async def _whole(self, channel: aio_pika.abc.AbstractChannel) -> bool:
        """Tell whether all that is healthy took effect and is in nobody’s hand, and the poison is out of the way."""
        applied = await self._database.fetchval("SELECT count(*) FROM effect")
        held = await self._database.fetchval("SELECT count(*) FROM inbox_held WHERE next_attempt_at IS NULL")
        away = held if self._where == HANDLING else await self._dead_letters(channel)
        begun = await self._database.fetchval("SELECT count(*) FROM inbox_attempt")
        return bool(applied >= sum(self._sent.values()) and away and begun <= AT_REST)

    async def _dead_letters(self, channel: aio_pika.abc.AbstractChannel) -> int:
        """Count the poison where the broker gave it up, and where the service keeps it for an operator."""
        kept = await self._database.fetchval("SELECT count(*) FROM quarantine WHERE settled_at IS NULL")
        return int(kept) + await _depth(channel, QUEUE.dead_queue)

    async def _judged(self, channel: aio_pika.abc.AbstractChannel, died: int, seconds: float) -> Report:
        async def count(table: str) -> int:
            return int(await self._database.fetchval(f"SELECT count(*) FROM {table}"))

        wrong = 0
        for request_id, sent in self._sent.items():
            wrong += await effects(self._database, UUID(str(request_id))) != [str(n + 1) for n in range(sent)]
        return Report(
            where=self._where,
            crashes=died,
            healthy=sum(self._sent.values()),
            applied=await count("effect"),
            twice_or_out_of_order=wrong,
            held_streams=await count("inbox_held"),
            dead_letters=await self._dead_letters(channel),
            quarantined=await count(f"quarantine WHERE position('{POISON}' IN convert_from(body, 'UTF8')) = 0"),
            attempts_left=await count("inbox_attempt"),
            seconds=round(seconds, 1),
        )

    def _consumer(self) -> ForkServerProcess:
        arguments = (self._database_url, self._amqp("escalation"), self._where)
        process = FORKS.Process(target=consume, args=arguments, daemon=True)
        process.start()
        return process


async def _publish(
    exchange: aio_pika.abc.AbstractExchange, body: bytes, routing_key: str = "intake.message_posted.95"
) -> None:
    await exchange.publish(aio_pika.Message(body, delivery_mode=2, user_id="intake"), routing_key)


async def _depth(channel: aio_pika.abc.AbstractChannel, queue: str) -> int:
    return (await channel.declare_queue(queue, passive=True)).declaration_result.message_count or 0


async def _end(process: ForkServerProcess) -> None:
    process.kill()
    await asyncio.to_thread(process.join, 10)
    process.close()
