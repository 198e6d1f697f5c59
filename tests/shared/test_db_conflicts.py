"""A transaction that PostgreSQL rolls back for another one's sake is run again, and never after it committed."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable

import asyncpg
import pytest

from shared.db import CONFLICT_ATTEMPTS, CONFLICTS, Database, retry_conflicts
from shared.rounds import running
from tests.deadlocks import deadlocks


@pytest.fixture
async def database(database_url: Callable[[str], Awaitable[str]]) -> AsyncIterator[Database]:
    database = await Database.connect(await database_url("shared"), name="test")
    async with database.transaction() as tx:
        await tx.execute("INSERT INTO inbox_stream (source, subject) VALUES ('a', 'one'), ('a', 'two')")
    yield database
    await database.close()


async def test_two_that_lock_in_opposite_orders_both_come_to_their_end(database: Database) -> None:
    met = asyncio.Barrier(2)

    async def lock(first: str, second: str) -> int:
        attempts = 0

        async def work() -> None:
            nonlocal attempts
            attempts += 1
            async with database.transaction() as tx:
                await tx.execute("UPDATE inbox_stream SET applied = applied + 1 WHERE subject = $1", first)
                if attempts == 1:
                    await met.wait()
                await tx.execute("UPDATE inbox_stream SET applied = applied + 1 WHERE subject = $1", second)

        await retry_conflicts(work)
        return attempts

    assert sorted(await asyncio.gather(lock("one", "two"), lock("two", "one"))) == [1, 2]
    assert await deadlocks(database) == 1
    rows = await database.fetch("SELECT applied FROM inbox_stream")
    assert [row["applied"] for row in rows] == [2, 2]


@pytest.mark.parametrize("error", CONFLICTS)
async def test_what_meets_a_conflict_each_time_is_given_up(error: type[Exception]) -> None:
    attempts = 0

    async def work() -> None:
        nonlocal attempts
        attempts += 1
        raise error

    with pytest.raises(error):
        await retry_conflicts(work)
    assert attempts == CONFLICT_ATTEMPTS


@pytest.mark.parametrize(("resumable", "times"), [(False, 1), (True, 2)])
async def test_what_committed_is_not_run_again_unless_it_resumes(
    database: Database, *, resumable: bool, times: int
) -> None:
    attempts = 0

    async def work() -> None:
        nonlocal attempts
        attempts += 1
        async with database.transaction() as tx:
            await tx.execute("UPDATE inbox_stream SET applied = applied + 1 WHERE subject = 'one'")
        if attempts == 1:
            raise asyncpg.DeadlockDetectedError

    async def whole() -> None:
        await retry_conflicts(lambda: retry_conflicts(work, resumable=resumable))

    if resumable:
        await whole()
    else:
        with pytest.raises(asyncpg.DeadlockDetectedError):
            await whole()
    assert await database.fetchval("SELECT applied FROM inbox_stream WHERE subject = 'one'") == times == attempts


async def test_a_round_that_meets_a_conflict_is_repeated_at_once() -> None:
    attempts = 0
    done = asyncio.Event()

    async def job() -> None:
        nonlocal attempts
        attempts += 1
        if attempts == 1:
            raise asyncpg.SerializationError
        done.set()

    async with running(job, every=3600.0, name="test"), asyncio.timeout(20):
        await done.wait()
