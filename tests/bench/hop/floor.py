"""Baseline of the hop: publish with confirmation, consume, commit; no journal, no inbox, no order."""

import asyncio
import json
import sys
from collections.abc import Sequence

import aio_pika
import asyncpg
import uvloop
from aio_pika.abc import AbstractIncomingMessage

from tests.bench.hop.job import (
    EFFECT,
    IN_FLIGHT,
    PREFETCH,
    QUEUE,
    Order,
    Payload,
    paced_async,
    payload_of,
    ready_and_go,
    say,
)


async def send(order: Order) -> None:
    """Publish persistent messages, with so many confirmations under way."""
    async with await aio_pika.connect(order.source_amqp) as connection:
        channel = await connection.channel(publisher_confirms=True, on_return_raises=True)
        await declare(channel)
        exchange = channel.default_exchange
        limit = asyncio.Semaphore(IN_FLIGHT)

        async def publish(number: int) -> None:
            try:
                await exchange.publish(
                    aio_pika.Message(
                        json.dumps(payload_of(order, number)).encode(),
                        delivery_mode=aio_pika.DeliveryMode.PERSISTENT,
                        content_type="application/json",
                    ),
                    QUEUE,
                    mandatory=True,
                )
            finally:
                limit.release()

        ready_and_go()
        async with asyncio.TaskGroup() as group:
            async for number in paced_async(order):
                await limit.acquire()
                group.create_task(publish(number))
        say("done")
        await asyncio.to_thread(sys.stdin.readline)


async def hear(order: Order, together: int, connections: int) -> None:
    """Consume, commit and acknowledge: one message, or so many, in a transaction, over so many connections."""
    pool = await asyncpg.create_pool(order.target, min_size=connections, max_size=connections)
    async with pool, await aio_pika.connect(order.target_amqp) as connection:
        channel = await connection.channel()
        await channel.set_qos(prefetch_count=PREFETCH)
        queue = await declare(channel)
        arrived: asyncio.Queue[AbstractIncomingMessage] = asyncio.Queue()
        await queue.consume(arrived.put)
        say("ready")
        work = [asyncio.create_task(_work(pool, arrived, together)) for _ in range(connections)]
        await asyncio.to_thread(sys.stdin.readline)
        for task in work:
            task.cancel()


async def declare(channel: aio_pika.abc.AbstractChannel) -> aio_pika.abc.AbstractQueue:
    """Have the same kind of queue as everybody."""
    return await channel.declare_queue(QUEUE, durable=True, arguments={"x-queue-type": "quorum"})


async def _work(
    pool: "asyncpg.Pool[asyncpg.Record]", arrived: asyncio.Queue[AbstractIncomingMessage], together: int
) -> None:
    async with pool.acquire() as connection:
        while True:
            messages = [await arrived.get()]
            while len(messages) < together and not arrived.empty():
                messages.append(arrived.get_nowait())
            if together == 1:
                await connection.execute(EFFECT, *_row(messages[0]))
                await messages[0].ack()
            else:
                await _commit_together(connection, messages)
                await messages[-1].ack(multiple=True)


async def _commit_together(
    connection: "asyncpg.pool.PoolConnectionProxy[asyncpg.Record]", messages: Sequence[AbstractIncomingMessage]
) -> None:
    async with connection.transaction():
        for message in messages:
            await connection.execute(EFFECT, *_row(message))


def _row(message: AbstractIncomingMessage) -> tuple[str, str, str]:
    read: Payload = json.loads(message.body)
    return read["event_id"], read["request_id"], read["text"]


if __name__ == "__main__":
    order = Order.from_environment()
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        if sys.argv[1] == "send":
            runner.run(send(order))
        else:
            runner.run(hear(order, int(sys.argv[2]), int(sys.argv[3])))
