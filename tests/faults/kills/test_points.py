"""A point is where its name says: what was sent has arrived, what was not sent has not."""

import asyncio
import signal
import sys
from collections.abc import Awaitable, Callable

import aio_pika
import asyncpg
import pytest

from tests.conftest import FreshDatabase

COMMIT, PUBLISH = "driver: COMMIT", "driver: basic_publish"

_OTHERS = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"


class Witness:
    """Looks from outside at what a process that was killed left behind."""

    def __init__(self, database: str, broker: str, queue: str) -> None:
        self._arguments = database, broker, queue

    async def let_die(self, point: str) -> None:
        """Run the small life until it dies at the point."""
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            "tests.faults.kills.small_life",
            *self._arguments,
            point,
            stdout=asyncio.subprocess.PIPE,
        )
        async with asyncio.timeout(60):
            said, _ = await process.communicate()
        assert process.returncode == -signal.SIGKILL, f"it lived:\n{said.decode()}"

    async def rows(self) -> int:
        """Count the rows that were committed, once PostgreSQL has noticed that the other side is gone."""
        connection = await asyncpg.connect(self._arguments[0])
        try:
            async with asyncio.timeout(20):
                while await connection.fetchval(_OTHERS):
                    await asyncio.sleep(0.02)
            count: int = await connection.fetchval("SELECT count(*) FROM trace")
            return count
        finally:
            await connection.close()

    async def message(self, *, within: float) -> bool:
        """Tell whether the message comes to lie in the queue."""
        async with await aio_pika.connect(self._arguments[1]) as connection:
            channel = await connection.channel()
            queue = await channel.get_queue(self._arguments[2])
            until = asyncio.get_running_loop().time() + within
            while asyncio.get_running_loop().time() < until:
                if await queue.get(no_ack=True, fail=False) is not None:
                    return True
                await asyncio.sleep(0.02)
        return False


@pytest.fixture
async def witness(
    fresh_database: Callable[[str], Awaitable[FreshDatabase]], broker_url: Callable[[str], str]
) -> Witness:
    """A database with a table, and a queue."""
    url = (await fresh_database("shared")).owner_url
    connection = await asyncpg.connect(url)
    await connection.execute("CREATE TABLE trace (what text)")
    await connection.close()
    broker = broker_url("supervisor")
    async with await aio_pika.connect(broker) as robust:
        channel = await robust.channel()
        await channel.declare_queue("trace", durable=True, arguments={"x-queue-type": "quorum"})
    return Witness(url, broker, "trace")


async def test_what_dies_before_its_commit_did_nothing(witness: Witness) -> None:
    await witness.let_die(f"{COMMIT} · before")
    assert await witness.rows() == 0


async def test_a_commit_whose_answer_is_never_read_took_place(witness: Witness) -> None:
    await witness.let_die(f"{COMMIT} · sent")
    assert await witness.rows() == 1


async def test_a_message_that_was_not_published_is_nowhere(witness: Witness) -> None:
    await witness.let_die(f"{PUBLISH} · before")
    assert await witness.rows() == 1
    assert not await witness.message(within=0.5)


async def test_a_message_whose_confirmation_is_never_read_lies_in_the_queue(witness: Witness) -> None:
    await witness.let_die("amqp: basic.publish · sent")
    assert await witness.message(within=10)
