"""Whatever a query meets while PostgreSQL is killed says that the database is away, and nothing else."""

import asyncio
import os
import signal
from collections.abc import Awaitable, Callable
from pathlib import Path

import asyncpg
import pytest

from deploy.local.postgres import LocalPostgres
from shared.db import AWAY, Database
from shared.web.problems import problem_of
from tests.conftest import FreshDatabase
from tests.faults.disk import SmallDisk

WORKERS = 20
KILLS = 6


async def test_whatever_a_query_meets_when_postgresql_is_killed_says_that_it_is_away(
    servers_folder: Path, free_ports: Callable[[int], list[int]]
) -> None:
    server = LocalPostgres(servers_folder / "killed", free_ports(1)[0], settings={"fsync": "off"})
    await server.start()
    met: list[Exception] = []
    for _ in range(KILLS):
        database = await Database.connect(server.url("postgres"), name="test", max_size=WORKERS)
        workers = [asyncio.create_task(_work(database, met)) for _ in range(WORKERS)]
        await asyncio.sleep(0.2)
        assert server.pid is not None
        os.kill(server.pid, signal.SIGKILL)
        await asyncio.wait(workers, timeout=20)
        await database.close()
        await server.start()
    await server.stop()
    assert len(met) == KILLS * WORKERS
    assert [error for error in met if not isinstance(error, AWAY)] == []


@pytest.mark.skipif(not SmallDisk.possible(), reason="only root may mount a disk of its own")
async def test_a_full_disk_says_that_the_database_is_away_until_there_is_room_again(
    servers_folder: Path, free_ports: Callable[[int], list[int]]
) -> None:
    disk = SmallDisk(servers_folder / "small")
    disk.mount()
    server = LocalPostgres(disk.folder, free_ports(1)[0], settings={"fsync": "off"}, log=servers_folder / "small.log")
    try:
        await server.start()
        database = await Database.connect(server.url("postgres"), name="test", max_size=2)
        await database.fetch("CREATE TABLE grows (text text)")
        disk.fill()
        met: list[Exception] = []
        while not met:
            try:
                await database.fetch(
                    "INSERT INTO grows SELECT repeat(md5(random()::text), 50) FROM generate_series(1, 500)"
                )
            except Exception as error:  # noqa: BLE001 - whatever it is, the test looks at it
                met.append(error)
        disk.free()
        assert isinstance(met[0], AWAY), repr(met[0])
        async with asyncio.timeout(20):
            while await _refused(database):
                await asyncio.sleep(0.1)
        await database.close()
    finally:
        await server.stop()
        disk.unmount()


async def _refused(database: Database) -> bool:
    try:
        await database.fetch("INSERT INTO grows VALUES ('again')")
    except AWAY:
        return True
    return False


async def _work(database: Database, met: list[Exception]) -> None:
    """Work as services do, until something happens."""
    try:
        while True:
            async with database.transaction() as tx:
                await tx.fetchval("SELECT 1")
                async with tx.savepoint():
                    await tx.execute("SELECT pg_sleep(0.001)")
    except Exception as error:  # noqa: BLE001 - whatever it is, the test looks at it
        met.append(error)


async def test_a_database_that_takes_no_connections_says_that_it_is_away(
    fresh_database: Callable[[str], Awaitable[FreshDatabase]], postgres_server: LocalPostgres
) -> None:
    fresh = await fresh_database("shared")
    database = await Database.connect(fresh.app_url, name="test", min_size=0)
    admin = await asyncpg.connect(postgres_server.url("postgres"))
    await admin.execute(f'ALTER DATABASE "{fresh.name}" ALLOW_CONNECTIONS false')
    with pytest.raises(asyncpg.PostgresError, match="not currently accepting connections") as met:
        await database.fetchval("SELECT 1")
    assert problem_of(met.value).status == 503
    await admin.execute(f'ALTER DATABASE "{fresh.name}" ALLOW_CONNECTIONS true')
    assert await database.fetchval("SELECT 1") == 1
    await admin.close()
    await database.close()
