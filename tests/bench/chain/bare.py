"""Baseline of the chain: consume, commit, publish with confirmation, acknowledge; no order, no deduplication."""

import asyncio
import json
import sys

import aio_pika
import asyncpg
import uvloop
from aio_pika.abc import AbstractChannel, AbstractExchange, AbstractIncomingMessage

from tests.bench.hop.job import (
    CONNECTIONS,
    EFFECT,
    PREFETCH,
    Order,
    paced_async,
    payload_of,
    ready_and_go,
    say,
)

PLAYERS = ("intake", "qualification", "escalation", "notifications")


async def play(name: str, order: Order) -> None:
    """Be one of the four."""
    place = PLAYERS.index(name)
    async with await aio_pika.connect(order.source_amqp) as connection:
        channel = await connection.channel(publisher_confirms=True, on_return_raises=True)
        await channel.set_qos(prefetch_count=PREFETCH)
        following = f"chain.{place + 1}" if place + 1 < len(PLAYERS) else ""
        if following:
            await _declare(channel, following)
        if place == 0:
            await asyncio.to_thread(ready_and_go)
            async with asyncio.TaskGroup() as group:
                async for number in paced_async(order):
                    body = json.dumps(payload_of(order, number)).encode()
                    group.create_task(_publish(channel.default_exchange, following, body))
            say("done")
            await asyncio.to_thread(sys.stdin.readline)
            return
        queue = await _declare(channel, f"chain.{place}")
        async with asyncpg.create_pool(order.source, min_size=CONNECTIONS, max_size=CONNECTIONS) as pool:
            arrived: asyncio.Queue[AbstractIncomingMessage] = asyncio.Queue()
            await queue.consume(arrived.put)
            say("ready")
            work = [
                asyncio.create_task(_work(pool, arrived, channel.default_exchange, following))
                for _ in range(CONNECTIONS)
            ]
            await asyncio.to_thread(sys.stdin.readline)
            for task in work:
                task.cancel()


async def _declare(channel: AbstractChannel, queue: str) -> aio_pika.abc.AbstractQueue:
    return await channel.declare_queue(queue, durable=True, arguments={"x-queue-type": "quorum"})


async def _work(
    pool: "asyncpg.Pool[asyncpg.Record]",
    arrived: asyncio.Queue[AbstractIncomingMessage],
    exchange: AbstractExchange,
    following: str,
) -> None:
    while True:
        message = await arrived.get()
        read = json.loads(message.body)
        await pool.execute(EFFECT, read["event_id"], read["request_id"], read["text"])
        if following:
            await _publish(exchange, following, message.body)
        await message.ack()


async def _publish(exchange: AbstractExchange, queue: str, body: bytes) -> None:
    message = aio_pika.Message(body, delivery_mode=aio_pika.DeliveryMode.PERSISTENT, content_type="application/json")
    await exchange.publish(message, queue, mandatory=True)


if __name__ == "__main__":
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(play(sys.argv[1], Order.from_environment()))
