"""The database that a service is rebuilt in is gone afterwards."""

import asyncio

import asyncpg

from deploy.local.postgres import LocalPostgres
from services.operations.usecases.replay.database import empty


async def test_it_is_dropped_also_while_the_server_itself_is_just_leaving_it(postgres_server: LocalPostgres) -> None:
    """As its cleaning does, which only a superuser may send away."""
    await postgres_server.ensure_role("replayer", creates_databases=True)
    server = postgres_server.url("postgres", "replayer")
    async with empty("intake", into=None, server=server) as database:
        name = await database.fetchval("SELECT current_database()")
        leaving = asyncio.create_task(_leave(await asyncpg.connect(postgres_server.url(name))))
    others = await asyncpg.connect(server)
    assert await others.fetchval("SELECT count(*) FROM pg_database WHERE datname = $1", name) == 0
    await others.close()
    await leaving


async def _leave(connection: asyncpg.Connection) -> None:
    await asyncio.sleep(0.5)
    await connection.close()
