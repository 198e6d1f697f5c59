"""Restore a backup: its schema by migrations, its rows and documents, then later migrations.

Nothing is changed before the whole backup was read and checked, all services are stopped and the broker answers. The
rows of all databases are loaded and compared before any is committed. What waits in the broker is newer than the backup
and is dropped; foreign forms' requests, which nobody could publish again, stay.
"""

import asyncio
import gzip
import os
import shutil
from collections.abc import Mapping, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass
from graphlib import TopologicalSorter
from pathlib import Path
from typing import BinaryIO, Final, NoReturn, cast

import asyncpg
from aio_pika.abc import AbstractIncomingMessage

from services.operations.adapters import migrations
from services.operations.adapters.broker import Broker
from services.operations.domain.queues import DEAD
from services.operations.reads.documents import HAS_DOCUMENTS
from services.operations.reads.overdue import SENDS_MAILS
from services.operations.reads.undelivered import NoSuchQueue, existing_queue
from services.operations.usecases.backups import manifest
from services.operations.usecases.backups.ahead import refuse_ahead
from services.operations.usecases.backups.manifest import DOCUMENTS, Manifest, SavedDatabase
from shared.db import Connection
from shared.errors import Conflict
from shared.messaging.names import UNROUTED_QUEUE
from shared.tls import verified

FOREIGN: Final = "forms."
"""How the routing keys of foreign forms begin: no journal of ours holds what they publish."""

HELD_MAIL: Final = "Restauré d’une sauvegarde\u00a0: ce courriel est peut-être parti depuis. Renvoyez-le s’il manque."
"""Why a mail that the backup owed waits for a person."""


class InUse(Conflict):
    """Somebody is connected to a database that is to be restored."""

    code = "database_in_use"
    title = "The database is in use"
    sentence = "La base de {service} est utilisée par {who}\u00a0: arrêtez tous les services. Rien n’a été restauré."


class NotEmptyDatabase(Conflict):
    """A database that is to be restored has rows."""

    code = "database_not_empty"
    title = "The database is not empty"
    sentence = (
        "La base de {service} n’est pas vide\u00a0: rien n’a été restauré. Pour remplacer tout ce qu’elle contient, "
        "ajoutez --replace."
    )


class UnknownMigrations(Conflict):
    """The backup is of a newer version than this one."""

    code = "backup_too_new"
    title = "The backup is of a newer version"
    sentence = "La base de {service} a été sauvegardée par une version plus récente\u00a0: installez-la d’abord."


@dataclass(frozen=True, slots=True)
class Target:
    """Where a database is restored: as its owner, the role that runs the service, and the one of operators."""

    owner: str
    app: str
    operators: str | None = None


@dataclass(frozen=True, slots=True)
class Restored:
    """What was done."""

    manifest: Manifest
    mails_held: int
    documents: int
    dropped: int
    """Messages of the broker that were newer than the backup."""


async def restore(
    source: Path,
    targets: Mapping[str, Target],
    *,
    messaging: set[str],
    documents: Path | None,
    broker: Broker,
    queues: Sequence[str],
    replace: bool = False,
) -> Restored:
    """Restore a backup into these databases, all of them or none.

    With `replace` what they hold is lost. Refuses with `DamagedBackup`, `InUse`, `NotEmptyDatabase`,
    `UnknownMigrations`, `ListenerAhead`, `BrokerAway`.
    """
    saved = await asyncio.to_thread(manifest.read, source)
    wanted = {name: targets[name] for name in saved.databases}
    async with AsyncExitStack() as stack:
        async with broker.channel():
            pass  # it answers: what waits in it can be dropped when all else is ready
        for name, target in wanted.items():
            await _refuse_unless_ready(name, target, saved.databases[name], replace=replace)
        for name, target in wanted.items():
            await _make_tables(name, target, saved.databases[name])
        databases: dict[str, Connection] = {}
        for name, target in wanted.items():
            connection: Connection = await asyncpg.connect(
                verified(target.owner), server_settings={"application_name": "cousu-main restore"}
            )
            stack.push_async_callback(connection.close)
            await connection.execute("BEGIN")
            await _load(connection, saved.databases[name], source)
            databases[name] = connection
        await refuse_ahead({name: one for name, one in databases.items() if name in messaging})
        mails = await _hold_mails(databases)
        await _forget_compared_documents(databases)
        copied = await asyncio.to_thread(_restore_documents, source, documents, saved)
        dropped = sum([await _empty(broker, queue) for queue in _all_of(queues)])
        for connection in databases.values():
            await connection.execute("COMMIT")
    for name, target in wanted.items():
        await migrations.migrate(name, target.owner)
        await migrations.grant_all(name, target.owner, to=target.app, operators=target.operators)
    return Restored(saved, mails_held=mails, documents=copied, dropped=dropped)


async def _refuse_unless_ready(service: str, target: Target, saved: SavedDatabase, *, replace: bool) -> None:
    """Refuse a database that is in use, that has rows, or that this version cannot make."""
    known = {migrations.version_of(path) for folder in migrations.folders(service) for path in folder.glob("*.sql")}
    if set(saved.migrations) - known:
        raise UnknownMigrations(service=service)
    connection = await asyncpg.connect(verified(target.owner))
    try:
        others = await connection.fetch(
            """
            SELECT DISTINCT coalesce(nullif(application_name, ''), usename::text) AS who
            FROM pg_stat_activity
            WHERE datname = current_database() AND pid <> pg_backend_pid() AND usename IS NOT NULL
            """
        )
        if others:
            raise InUse(service=service, who=", ".join(sorted(row["who"] for row in others)))
        for table in await _tables(connection):
            # A migration may bring rows; what a service wrote stands in `journal`, or is an agent.
            holds = table in {"journal", "inbox_stream", "agent"} and not replace
            if holds and await connection.fetchval(f'SELECT EXISTS (SELECT FROM "{table}")'):
                raise NotEmptyDatabase(service=service)
    finally:
        await connection.close()


async def _make_tables(service: str, target: Target, saved: SavedDatabase) -> None:
    """Make the tables anew, by the migrations that the backup was taken with."""
    connection = await asyncpg.connect(verified(target.owner))
    try:
        if await _tables(connection):
            await connection.execute("DROP SCHEMA public CASCADE; CREATE SCHEMA public")
    finally:
        await connection.close()
    await migrations.migrate(service, target.owner, only=set(saved.migrations))


async def _tables(connection: Connection) -> list[str]:
    rows = await connection.fetch("SELECT tablename::text FROM pg_tables WHERE schemaname = 'public'")
    return [row[0] for row in rows]


async def _load(connection: Connection, saved: SavedDatabase, source: Path) -> None:
    """Fill the tables, those first that others refer to; each row count is checked."""
    depends = {table.name: set[str]() for table in saved.tables}
    for row in await connection.fetch(
        """
        SELECT r.relname::text AS table, f.relname::text AS needs
        FROM pg_constraint c
        JOIN pg_class r ON r.oid = c.conrelid
        JOIN pg_class f ON f.oid = c.confrelid
        WHERE c.contype = 'f' AND c.connamespace = 'public'::regnamespace AND r.oid <> f.oid
        """
    ):
        depends[row["table"]].add(row["needs"])
    order = list(TopologicalSorter(depends).static_order())
    for name in reversed(order):
        if await connection.fetchval(f'SELECT EXISTS (SELECT FROM "{name}")'):
            await connection.execute(f'DELETE FROM "{name}"')
    tables = {table.name: table for table in saved.tables}
    for name in order:
        table = tables[name]
        with gzip.open(source / table.file.path, "rb") as file:
            tag = await connection.copy_to_table(name, columns=table.columns, source=cast("BinaryIO", file))
        if int(tag.split()[1]) != table.rows:
            _damaged(table.file.path)
    for sequence, last in saved.sequences.items():
        await connection.execute("SELECT setval(('public.' || quote_ident($1))::regclass, $2)", sequence, last)


def _damaged(path: str) -> NoReturn:
    raise manifest.DamagedBackup(what=path)


async def _hold_mails(databases: Mapping[str, Connection]) -> int:
    """Leave to a person what mails were owed at the backup: they may have been sent since."""
    if SENDS_MAILS not in databases:
        return 0
    tag = await databases[SENDS_MAILS].execute(
        """
        UPDATE delivery SET status = 'uncertain', reason = $1, next_attempt_at = NULL, lease_until = NULL
        WHERE status IN ('queued', 'sending')
        """,
        HELD_MAIL,
    )
    return int(tag.split()[1])


async def _forget_compared_documents(databases: Mapping[str, Connection]) -> None:
    """Have intake compare the folder of documents, which may know more than the backup, before it sweeps."""
    intake = databases.get(HAS_DOCUMENTS)
    if intake and await intake.fetchval("SELECT to_regclass('document_folder')"):  # not in the first backups
        await intake.execute("UPDATE document_folder SET mark = 0")


def _restore_documents(source: Path, folder: Path | None, saved: Manifest) -> int:
    """Copy the documents that are not there; a document never changes."""
    if folder is None:
        return 0
    copied = 0
    for file in saved.documents or []:
        target = folder / Path(file.path).relative_to(DOCUMENTS)
        if not target.exists():
            target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            shutil.copyfile(source / file.path, target)
            copied += 1
    os.sync()
    return copied


def _all_of(queues: Sequence[str]) -> list[str]:
    return [*queues, *(queue + DEAD for queue in queues), UNROUTED_QUEUE]


async def _empty(broker: Broker, queue: str) -> int:
    """Drop what waits in a queue, but for foreign forms' requests; return how many messages."""
    remaining: list[AbstractIncomingMessage] = []
    dropped = 0
    async with broker.channel() as channel:
        try:
            waiting = await existing_queue(channel, queue)
        except NoSuchQueue:
            return 0
        for _ in range(waiting.declaration_result.message_count or 0):
            message = await waiting.get(no_ack=False, fail=False)
            if message is None:
                break
            if (message.routing_key or "").startswith(FOREIGN):
                remaining.append(message)
            else:
                await message.ack()
                dropped += 1
        for message in remaining:
            await message.nack(requeue=True)
    return dropped
