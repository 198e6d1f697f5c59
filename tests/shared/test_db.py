"""A unit of work is all or nothing, and the relay hears only of what was committed."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable

import pytest

from shared.clock import new_id
from shared.db import AWAY, VANISHED, Database
from tests.polling import eventually


@pytest.fixture
async def database(database_url: Callable[[str], Awaitable[str]]) -> AsyncIterator[Database]:
    database = await Database.connect(await database_url("shared"), name="test")
    yield database
    await database.close()


async def test_what_comes_after_the_commit_is_called_once_it_is_committed(database: Database) -> None:
    called: list[str] = []
    async with database.transaction() as tx:
        tx.after_commit.append(lambda: called.append("done"))
        assert called == []
    assert called == ["done"]


async def test_what_comes_after_the_commit_is_not_called_when_it_fails(database: Database) -> None:
    called: list[str] = []
    with pytest.raises(RuntimeError):
        async with database.transaction() as tx:
            tx.after_commit.append(lambda: called.append("done"))
            raise RuntimeError
    assert called == []


async def test_a_savepoint_undoes_its_part_and_forgets_what_it_recorded(database: Database) -> None:
    woken: list[bool] = []
    database.on_record = lambda: woken.append(True)
    async with database.transaction() as tx:
        with pytest.raises(RuntimeError):
            async with tx.savepoint():
                tx.recorded.append(new_id())
                await tx.execute("INSERT INTO inbox_stream (source, subject) VALUES ('a', 'b')")
                raise RuntimeError
        assert await tx.fetchval("SELECT count(*) FROM inbox_stream") == 0
    assert woken == []


async def test_json_columns_are_python_values_on_both_sides(database: Database) -> None:
    value = {"prénom": "Zoé", "n": [1, 2.5, None]}
    assert await database.fetchval("SELECT $1::jsonb", value) == value


async def test_what_is_only_tried_leaves_nothing_and_the_rest_goes_on(database: Database) -> None:
    woken: list[bool] = []
    database.on_record = lambda: woken.append(True)
    async with database.transaction() as tx:
        async with tx.undone():
            await tx.execute("INSERT INTO inbox_stream (source, subject) VALUES ('a', 'tried')")
            tx.recorded.append(new_id())
        await tx.execute("INSERT INTO inbox_stream (source, subject) VALUES ('a', 'kept')")
    assert await database.fetchval("SELECT array_agg(subject) FROM inbox_stream") == ["kept"]
    assert woken == []


async def test_what_was_set_on_a_borrowed_connection_and_locked_through_it_goes_with_the_block(
    database_url: Callable[[str], Awaitable[str]],
) -> None:
    database = await Database.connect(await database_url("shared"), name="test", max_size=1)
    async with database.connection() as connection:
        await connection.execute("SET statement_timeout = 4321")
        await connection.fetchval("SELECT pg_advisory_lock(7)")
    assert await database.fetchval("SHOW statement_timeout") == "0"
    assert await database.fetchval("SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND objid = 7") == 0
    await database.close()


async def test_a_transaction_that_was_broken_off_leaves_its_connection_clean(
    database_url: Callable[[str], Awaitable[str]],
) -> None:
    url = await database_url("shared")
    database = await Database.connect(url, name="test", max_size=1)
    looks = await Database.connect(url, name="looks", max_size=1)

    async def dawdle() -> None:
        async with database.transaction() as tx:
            await tx.fetchval("SELECT pg_advisory_xact_lock(7)")
            await tx.fetchval("SELECT pg_sleep(30)")

    async def locked() -> bool:
        return bool(await looks.fetchval("SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND objid = 7"))

    task = asyncio.create_task(dawdle())
    await eventually(locked)
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    assert await database.fetchval("SELECT pg_current_xact_id_if_assigned()") is None
    assert not await locked()
    await looks.close()
    await database.close()


async def test_postgresql_gives_up_a_client_that_vanished_long_before_it_would_by_itself(database: Database) -> None:
    shown = {name: await database.fetchval(f"SHOW {name}") for name in VANISHED}
    assert shown == {
        "tcp_keepalives_idle": "10",
        "tcp_keepalives_interval": "5",
        "tcp_keepalives_count": "3",
        "tcp_user_timeout": "30000",
        "idle_in_transaction_session_timeout": "1min",
    }


async def test_a_transaction_in_which_nothing_is_said_is_given_up_and_the_connection_replaced(
    database: Database,
) -> None:
    with pytest.raises(AWAY):
        async with database.transaction() as tx:
            await tx.execute("SET LOCAL idle_in_transaction_session_timeout = '50ms'")
            await asyncio.sleep(0.5)
            await tx.execute("SELECT 1")
    assert await database.fetchval("SELECT 1") == 1
