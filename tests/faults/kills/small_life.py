"""One commit and one message in a process of its own, killed at a named point.

`python -m tests.faults.kills.small_life <database> <broker> <queue> <point>`
"""

import asyncio
import sys

import aio_pika
import asyncpg
import uvloop

from tests.faults.kills.points import Points, install


async def main(database: str, broker: str, queue: str) -> None:
    """Write a row, commit it, then publish a message and wait for its confirmation."""
    connection = await asyncpg.connect(database)
    async with connection.transaction():
        await connection.execute("INSERT INTO trace (what) VALUES ($1)", "written")
    await connection.close()
    async with await aio_pika.connect_robust(broker) as robust:
        channel = await robust.channel()
        await channel.default_exchange.publish(aio_pika.Message(b"published"), queue)


if __name__ == "__main__":
    points = Points()
    install(points)
    points.arm({sys.argv[4]: 1}, print)
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(main(*sys.argv[1:4]))
