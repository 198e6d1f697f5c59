"""Read PostgreSQL's own count of deadlocks, for tests of the order of locks."""

from contextlib import AsyncExitStack

from shared.db import Database


async def deadlocks(database: Database) -> int:
    """Count the deadlocks of this database so far; every connection of the pool reports what it has not yet."""
    async with AsyncExitStack() as stack:
        for _ in range(database._pool.get_size()):  # noqa: SLF001 - nothing public tells how many there are
            connection = await stack.enter_async_context(database.connection())
            await connection.fetchval("SELECT pg_stat_force_next_flush()")
    count: int = await database.fetchval("SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()")
    return count
