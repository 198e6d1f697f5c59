"""faststream-outbox: rows committed with the business, relayed to RabbitMQ, and consumed by plain FastStream."""

import asyncio
import sys

import uvloop
from faststream.rabbit import Channel, RabbitBroker
from faststream_outbox import OutboxBroker, make_outbox_table
from sqlalchemy import MetaData
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

from tests.bench.hop.job import CONNECTIONS, Order, Payload, paced_async, payload_of, ready_and_go, say
from tests.bench.peers.faststream_peer import hear, queue

WAITING = "bench_outbox"
WORKERS = 20
"""At a rate they take all of thirty connections, and stand; with forty, at saturation, each is in the other's way."""


async def send(order: Order) -> None:
    """Commit all rows, a hundred in a transaction, and then let the relay begin; at a rate, commit each by itself."""
    metadata = MetaData()
    table = make_outbox_table(metadata, table_name="bench_outbox")
    address = order.source.replace("postgresql://", "postgresql+asyncpg://")
    business = create_async_engine(address, pool_size=CONNECTIONS)
    engine = create_async_engine(address, pool_size=2 * WORKERS if order.rate else CONNECTIONS + WORKERS)
    async with engine.begin() as connection:
        await connection.run_sync(metadata.create_all)
    outbox = OutboxBroker(engine, outbox_table=table)
    rabbit = RabbitBroker(
        order.source_amqp, logger=None, default_channel=Channel(publisher_confirms=True, on_return_raises=True)
    )

    @outbox.subscriber(
        WAITING, max_workers=WORKERS, fetch_batch_size=100, min_fetch_interval=0.05, terminal_flush_batch_size=50
    )
    async def relay(event: Payload) -> None:
        await rabbit.publish({**event}, queue, persist=True)

    if not order.rate:
        for first in range(0, order.events, 100):
            numbers = range(first, min(first + 100, order.events))
            async with business.begin() as connection:
                await outbox.publish_batch(
                    *(payload_of(order, number) for number in numbers), queue=WAITING, session=connection
                )
    async with rabbit:
        await rabbit.declare_queue(queue)
        ready_and_go()
        async with outbox:
            await outbox.start()
            if order.rate:
                await _commit_each(business, outbox, order)
            say("done")
            await asyncio.to_thread(sys.stdin.readline)


async def _commit_each(engine: AsyncEngine, outbox: OutboxBroker, order: Order) -> None:
    limit = asyncio.Semaphore(CONNECTIONS)

    async def commit(number: int) -> None:
        try:
            async with engine.begin() as connection:
                await outbox.publish(payload_of(order, number), queue=WAITING, session=connection)
        finally:
            limit.release()

    async with asyncio.TaskGroup() as group:
        async for number in paced_async(order):
            await limit.acquire()
            group.create_task(commit(number))


if __name__ == "__main__":
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run((send if sys.argv[1] == "send" else hear)(Order.from_environment()))
