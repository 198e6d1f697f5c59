"""Plain FastStream: persistent and confirmed publishing, acknowledged after the handler, quorum queue, prefetch 100."""

import asyncio
import sys

import asyncpg
import uvloop
from faststream.middlewares import AckPolicy
from faststream.rabbit import Channel, QueueType, RabbitBroker, RabbitQueue

from tests.bench.hop.job import (
    CONNECTIONS,
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

queue = RabbitQueue(QUEUE, queue_type=QueueType.QUORUM, durable=True)


async def send(order: Order) -> None:
    """Publish with so many confirmations under way."""
    broker = RabbitBroker(
        order.source_amqp, logger=None, default_channel=Channel(publisher_confirms=True, on_return_raises=True)
    )
    async with broker:
        await broker.declare_queue(queue)
        limit = asyncio.Semaphore(IN_FLIGHT)

        async def publish(number: int) -> None:
            try:
                await broker.publish({**payload_of(order, number)}, queue, persist=True)
            finally:
                limit.release()

        ready_and_go()
        async with asyncio.TaskGroup() as group:
            async for number in paced_async(order):
                await limit.acquire()
                group.create_task(publish(number))
        say("done")
        await asyncio.to_thread(sys.stdin.readline)


async def hear(order: Order) -> None:
    """Consume."""
    broker = RabbitBroker(order.target_amqp, logger=None)
    async with asyncpg.create_pool(order.target, min_size=CONNECTIONS, max_size=CONNECTIONS) as pool:

        @broker.subscriber(queue, channel=Channel(prefetch_count=PREFETCH), ack_policy=AckPolicy.NACK_ON_ERROR)
        async def apply(event: Payload) -> None:
            await pool.execute(EFFECT, event["event_id"], event["request_id"], event["text"])

        async with broker:
            await broker.start()
            say("ready")
            await asyncio.to_thread(sys.stdin.readline)


if __name__ == "__main__":
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run((send if sys.argv[1] == "send" else hear)(Order.from_environment()))
