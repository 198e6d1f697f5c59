"""Whatever a query meets while PostgreSQL is killed says that the database is away, and nothing else."""

import asyncio
import os
import signal
from collections.abc import Callable
from pathlib import Path

from deploy.local.postgres import LocalPostgres
from shared.db import AWAY, Database

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
