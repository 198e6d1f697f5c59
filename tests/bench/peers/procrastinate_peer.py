"""procrastinate: a queue of tasks within PostgreSQL, deferred in the transaction of the business; no broker."""

import asyncio
import sys

import procrastinate
import uvloop
from psycopg_pool import AsyncConnectionPool

from tests.bench.hop.job import (
    CONNECTIONS,
    EFFECT_PSYCOPG,
    Order,
    Payload,
    paced_async,
    payload_of,
    ready_and_go,
    say,
)

order = Order.from_environment()
app = procrastinate.App(
    connector=procrastinate.PsycopgConnector(conninfo=order.target, min_size=2, max_size=CONNECTIONS + 2)
)
pools: list[AsyncConnectionPool] = []


@app.task(name="apply", queue="bench")
async def apply(event: Payload) -> None:
    """Leave the two rows."""
    async with pools[0].connection() as connection:
        await connection.execute(EFFECT_PSYCOPG, (event["event_id"], event["request_id"], event["text"]))


async def send() -> None:
    """Defer all, a hundred in a statement, and then let the worker begin; at a rate, defer each by itself."""
    async with app.open_async(), AsyncConnectionPool(order.target, min_size=CONNECTIONS, open=False) as pool:
        pools.append(pool)
        await app.schema_manager.apply_schema_async()
        if not order.rate:
            for first in range(0, order.events, 100):
                numbers = range(first, min(first + 100, order.events))
                await apply.batch_defer_async(*({"event": payload_of(order, number)} for number in numbers))
        ready_and_go()
        worker = asyncio.create_task(
            app.run_worker_async(
                concurrency=CONNECTIONS, install_signal_handlers=False, delete_jobs="successful", listen_notify=True
            )
        )
        if order.rate:
            limit = asyncio.Semaphore(CONNECTIONS)

            async def defer(number: int) -> None:
                try:
                    await apply.defer_async(event=payload_of(order, number))
                finally:
                    limit.release()

            async with asyncio.TaskGroup() as group:
                async for number in paced_async(order):
                    await limit.acquire()
                    group.create_task(defer(number))
        say("done")
        await asyncio.to_thread(sys.stdin.readline)
        worker.cancel()


if __name__ == "__main__":
    if sys.argv[1] == "hear":
        say("ready")
        sys.stdin.readline()
    else:
        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            runner.run(send())
