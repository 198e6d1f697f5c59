"""Take a backup of all databases at one moment and of the documents, without downtime.

Each service is a source and a listener, so that no order of dumps is right: a listener whose dump is newer than its
source's has applied what the source never published. So all snapshots are taken while no relay reads its outbox: what
was published before is in every snapshot of its source, and what is recorded meanwhile is published afterwards. The
barrier is an advisory lock that each relay shares for a look at its outbox (`BACKUP_LOCK`). It is held for as long as
it takes to open five transactions; the rows are read afterwards, in these transactions.
"""

import asyncio
import gzip
import os
import shutil
import time
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import BinaryIO, Final, cast

import asyncpg

from services.operations.reads.documents import QUARANTINE
from services.operations.usecases.backups import manifest
from services.operations.usecases.backups.ahead import refuse_ahead
from services.operations.usecases.backups.manifest import DOCUMENTS, Manifest, SavedDatabase, SavedFile, SavedTable
from shared.db import Connection
from shared.errors import Conflict, Unavailable
from shared.messaging.names import BACKUP_LOCK
from shared.tls import verified

BARRIER_WITHIN: Final = 10.0
"""Seconds after which the barrier is given up; PostgreSQL ends it by itself as well."""

LEDGER: Final = "schema_migrations"
"""The table in which the migrations are noted: made again with the tables, not copied."""


class NotEmpty(Conflict):
    """The folder for the backup holds something already."""

    code = "backup_folder_not_empty"
    title = "The folder of the backup is not empty"
    sentence = "Le dossier {folder} n’est pas vide\u00a0: donnez-en un nouveau à chaque sauvegarde."


class NoBarrier(Unavailable):
    """The relays could not be held for the moment of the snapshots."""

    code = "backup_no_barrier"
    title = "The snapshots could not be taken at one moment"
    sentence = "Les bases n’ont pas pu être lues au même instant\u00a0: rien n’a été sauvegardé. Recommencez."


async def back_up(urls: Mapping[str, str], *, messaging: set[str], documents: Path | None, to: Path) -> Manifest:
    """Back up the databases at these addresses (of their owners, by service) and the folder of documents.

    `messaging` names the services that publish. The folder appears under its name when it is whole. Refuses with
    `NotEmpty`, `NoBarrier`, and with `ListenerAhead` when what was read is not of one moment.
    """
    draft = await asyncio.to_thread(_make_draft, to)
    try:
        taken = await _take(urls, messaging, draft)
        if documents is not None:  # immutable, and never removed at once: those of the snapshot are all still there
            taken.documents = await asyncio.to_thread(_copy_documents, documents, draft)
        await asyncio.to_thread(_finish, taken, draft, to)
    except BaseException:
        shutil.rmtree(draft, ignore_errors=True)
        raise
    return taken


async def _take(urls: Mapping[str, str], messaging: set[str], draft: Path) -> Manifest:
    """Record all databases as they are at one moment."""
    async with AsyncExitStack() as stack:
        databases = {name: await stack.enter_async_context(_connected(url)) for name, url in urls.items()}
        barriers = [await stack.enter_async_context(_connected(urls[name])) for name in urls if name in messaging]
        held = await _snapshot(list(databases.values()), barriers)
        first = next(iter(databases.values()))
        taken = Manifest(
            taken_at=await first.fetchval("SELECT now()"),
            server=await first.fetchval("SHOW server_version"),
            barrier_seconds=held,
            databases={name: await _save(one, draft, name) for name, one in databases.items()},
            documents=None,
        )
        await refuse_ahead({name: one for name, one in databases.items() if name in messaging})
        return taken


def _make_draft(to: Path) -> Path:
    """Make the folder that becomes the backup when it is whole; refuses with `NotEmpty`."""
    if to.exists() and (not to.is_dir() or any(to.iterdir())):
        raise NotEmpty(folder=to)
    draft = to.with_name(f"{to.name}.partial")
    shutil.rmtree(draft, ignore_errors=True)
    draft.mkdir(mode=0o700, parents=True)
    return draft


def _finish(taken: Manifest, draft: Path, to: Path) -> None:
    """Write the manifest, and have the folder appear under its name once all of it is on the disk."""
    manifest.write(taken, draft)
    os.sync()
    if to.exists():
        to.rmdir()
    draft.rename(to)


@asynccontextmanager
async def _connected(url: str) -> AsyncIterator[Connection]:
    connection = await asyncpg.connect(verified(url), server_settings={"application_name": "cousu-main backup"})
    try:
        yield connection
    finally:
        await connection.close(timeout=5)


async def _snapshot(databases: list[Connection], barriers: list[Connection]) -> float:
    """Begin a transaction in each database, all of one moment; return for how many seconds the relays were held.

    Every bound is PostgreSQL's: it ends the barrier as well when this program stands still, or is gone.
    """
    began = time.monotonic()
    try:
        async with asyncio.timeout(BARRIER_WITHIN):
            for barrier in barriers:
                await barrier.execute(
                    "BEGIN; SET LOCAL lock_timeout = '5s'; SET LOCAL idle_in_transaction_session_timeout = '10s'"
                )
                await barrier.execute("SELECT pg_advisory_xact_lock($1)", BACKUP_LOCK)
            for database in databases:
                await database.execute("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY; SELECT now()")
            for barrier in barriers:
                await barrier.execute("COMMIT")  # which fails where the barrier was ended before
    except (TimeoutError, asyncpg.PostgresError, asyncpg.InterfaceError) as error:
        raise NoBarrier from error
    return time.monotonic() - began


async def _save(database: Connection, folder: Path, name: str) -> SavedDatabase:
    """Write all rows of a database down, as its transaction sees them."""
    (folder / name).mkdir(mode=0o700)
    tables = await database.fetch(
        """
        SELECT c.relname AS name,
               array_agg(a.attname::text ORDER BY a.attnum) FILTER (WHERE a.attgenerated = '') AS columns
        FROM pg_class c
        JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
        WHERE c.relnamespace = 'public'::regnamespace AND c.relkind = 'r'
        GROUP BY c.relname
        ORDER BY c.relname
        """
    )
    sequences = await database.fetch(
        "SELECT sequencename::text AS name, last_value FROM pg_sequences WHERE schemaname = 'public'"
    )
    known = {row["name"] for row in tables}
    saved = SavedDatabase(
        migrations=[row[0] for row in await database.fetch(f"SELECT version FROM {LEDGER} ORDER BY version")],
        tables=[await _save_table(database, folder, name, row["name"], row["columns"]) for row in tables],
        sequences={row["name"]: row["last_value"] for row in sequences if row["last_value"] is not None},
    )
    if "stream" in known:
        saved.heads, saved.events = await database.fetchrow(
            "SELECT count(*), coalesce(sum(sequence), 0)::bigint FROM stream"
        )  # type: ignore[misc] # an aggregate has a row
        saved.applied = await database.fetchval("SELECT coalesce(sum(applied), 0)::bigint FROM inbox_stream")
    saved.tables = [table for table in saved.tables if table.name != LEDGER]
    return saved


async def _save_table(database: Connection, folder: Path, service: str, table: str, columns: list[str]) -> SavedTable:
    path = f"{service}/{table}.copy.gz"
    with gzip.open(folder / path, "wb", compresslevel=3) as file:
        tag = await database.copy_from_table(table, columns=columns, output=cast("BinaryIO", file))
    return SavedTable(
        name=table,
        columns=columns,
        rows=int(tag.split()[1]),
        file=await asyncio.to_thread(manifest.describe, folder, path),
    )


def _copy_documents(source: Path, folder: Path) -> list[SavedFile]:
    """Copy the folder of documents but for its hidden files and its quarantine.

    A file that is renamed meanwhile belongs to no row.
    """
    (folder / DOCUMENTS).mkdir(mode=0o700)
    found = sorted(path.relative_to(source) for path in source.rglob("*") if path.is_file())
    saved = []
    for path in (one for one in found if not one.name.startswith(".") and one.parts[0] != QUARANTINE):
        target = folder / DOCUMENTS / path
        target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        try:
            shutil.copyfile(source / path, target)
        except FileNotFoundError:
            continue
        saved.append(manifest.describe(folder, f"{DOCUMENTS}/{path}"))
    return saved
