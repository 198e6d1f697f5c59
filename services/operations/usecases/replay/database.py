"""The empty database of a replay: a given one, or one that is created and dropped."""

import secrets
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from urllib.parse import urlsplit

import asyncpg

from services.operations.adapters import migrations
from shared.db import Database
from shared.errors import Invalid
from shared.tls import verified


@asynccontextmanager
async def empty(service: str, *, into: str | None, server: str | None) -> AsyncIterator[Database]:
    """Open an empty database with the service's tables.

    `into` is the address of one that exists, has no tables, and is left as it is filled. Without it one is made on
    `server`, as a role that may create databases, and dropped in the end. Refuses (`Invalid`) a database with tables.
    """
    if into is not None:
        await _refuse_unless_empty(into)
        async with _opened(service, into) as database:
            yield database
        return
    if server is None:
        raise Invalid.field("into", "Donnez une base vide (--into), ou OPERATIONS_REPLAY_URL pour en créer une.")
    name = f"cousu_replay_{service}_{secrets.token_hex(4)}"
    await _as_server(server, f'CREATE DATABASE "{name}"')
    try:
        # What is lost with the machine is made again: nothing waits for the disk here.
        await _as_server(server, f'ALTER DATABASE "{name}" SET synchronous_commit = off')
        async with _opened(service, urlsplit(server)._replace(path=f"/{name}").geturl()) as database:
            yield database
    finally:
        # Not by force: a role of ours may not end the autovacuum that may be there; without, PostgreSQL waits for it.
        await _as_server(server, f'DROP DATABASE IF EXISTS "{name}"')


@asynccontextmanager
async def _opened(service: str, url: str) -> AsyncIterator[Database]:
    await migrations.migrate(service, url)
    database = await Database.connect(url, name="cousu-main replay", max_size=4)
    try:
        yield database
    finally:
        await database.close()


async def _refuse_unless_empty(url: str) -> None:
    connection = await asyncpg.connect(verified(url))
    try:
        tables = await connection.fetchval(
            "SELECT count(*) FROM pg_tables WHERE schemaname NOT IN ('pg_catalog', 'information_schema')"
        )
    finally:
        await connection.close()
    if tables:
        raise Invalid.field("into", "Cette base n’est pas vide : rien n’y a été modifié. Donnez-en une sans tables.")


async def _as_server(server: str, statement: str) -> None:
    connection = await asyncpg.connect(verified(server))
    try:
        await connection.execute(statement)
    finally:
        await connection.close()
