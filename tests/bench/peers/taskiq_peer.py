"""taskiq over its aio-pika broker: acknowledged when executed, quorum queue, a hundred tasks at once."""

import asyncio
import subprocess
import sys

import asyncpg
import uvloop
from taskiq import TaskiqEvents, TaskiqState
from taskiq_aio_pika import AioPikaBroker, Exchange, Queue, QueueType

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
    stay,
)

order = Order.from_environment()
broker = AioPikaBroker(
    order.target_amqp,
    exchange=Exchange(name="taskiq", declare=True),
    task_queues=[Queue(name=QUEUE, type=QueueType.QUORUM, durable=True, declare=True, routing_key=QUEUE)],
    qos=PREFETCH,
)


@broker.on_event(TaskiqEvents.WORKER_STARTUP)
async def connect(state: TaskiqState) -> None:
    """Open the pool, and let the harness know; the worker listens right afterwards."""
    state.pool = await asyncpg.create_pool(order.target, min_size=CONNECTIONS, max_size=CONNECTIONS)
    say("ready")


@broker.task(task_name="apply")
async def apply(event: Payload) -> None:
    """Leave the two rows."""
    await broker.state.pool.execute(EFFECT, event["event_id"], event["request_id"], event["text"])


async def send() -> None:
    """Kick with so many confirmations under way."""
    await broker.startup()
    limit = asyncio.Semaphore(IN_FLIGHT)

    async def kick(number: int) -> None:
        try:
            await apply.kiq(payload_of(order, number))
        finally:
            limit.release()

    ready_and_go()
    async with asyncio.TaskGroup() as group:
        async for number in paced_async(order):
            await limit.acquire()
            group.create_task(kick(number))
    stay()
    await broker.shutdown()


if __name__ == "__main__":
    if sys.argv[1] == "hear":
        command = [
            *(sys.executable, "-m", "taskiq", "worker", "tests.bench.peers.taskiq_peer:broker"),
            *("--workers", "2", "--ack-type", "when_executed", "--max-async-tasks", "100", "--log-level", "WARNING"),
        ]
        subprocess.run(command, check=False)  # noqa: S603 - our own program
    else:
        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            runner.run(send())
