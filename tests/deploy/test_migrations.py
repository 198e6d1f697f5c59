"""The running service has the rights it needs and no more, and works on while its tables change."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import asyncpg
import pytest

from deploy.local.postgres import LocalPostgres
from services.operations.adapters import migrations
from services.operations.domain.services import Service
from tests.polling import eventually

if TYPE_CHECKING:
    from tests.conftest import FreshDatabase

Fresh = Callable[[str], Awaitable["FreshDatabase"]]


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE journal SET sequence = 1",
        "DELETE FROM journal",
        "TRUNCATE journal",
        "DELETE FROM schema_migrations",
        "CREATE TABLE mine (id int)",
        "DROP TABLE journal",
    ],
)
async def test_the_running_role_may_not(statement: str, fresh_database: Fresh) -> None:
    connection = await asyncpg.connect((await fresh_database("shared")).app_url)
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        await connection.execute(statement)
    await connection.close()


async def test_one_service_cannot_open_anothers_database(fresh_database: Fresh, postgres_server: LocalPostgres) -> None:
    intake = await fresh_database("intake")
    await fresh_database("escalation")
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        await asyncpg.connect(postgres_server.url(intake.name, "escalation_app"))


async def test_migrating_again_changes_nothing(fresh_database: Fresh) -> None:
    database = await fresh_database("shared")
    connection = await asyncpg.connect(database.owner_url)
    before = await connection.fetch("SELECT version FROM schema_migrations ORDER BY version")
    await migrations.migrate("shared", database.owner_url)
    assert await connection.fetch("SELECT version FROM schema_migrations ORDER BY version") == before
    assert before
    await connection.close()


async def test_a_database_without_an_app_role_of_its_own_keeps_its_owners_rights(fresh_database: Fresh) -> None:
    database = await fresh_database("shared")
    await migrations.grant(database.owner_url, to=database.owner_url)
    connection = await asyncpg.connect(database.owner_url)
    assert await connection.fetchval("SELECT has_table_privilege('journal', 'DELETE')")
    await connection.close()


def test_every_migration_has_the_empty_way_back_that_dbmate_asks_for() -> None:
    files = [file for service in Service for folder in migrations.folders(service) for file in folder.glob("*.sql")]
    assert files
    assert [file.name for file in files if "-- migrate:down" not in file.read_text(encoding="utf-8")] == []


@pytest.mark.parametrize("service", list(Service))
def test_versions_are_unique_within_a_database(service: Service) -> None:
    versions = [file.name[:4] for folder in migrations.folders(service) for file in folder.glob("*.sql")]
    assert sorted(versions) == sorted(set(versions))


@dataclass(frozen=True, slots=True)
class Grown:
    """A database in use, and a folder to which a test adds migrations of its own."""

    database: "FreshDatabase"
    repository: Path

    def add(self, name: str, up: str, *, options: str = "") -> None:
        """Write one more migration."""
        folder = self.repository / "services" / "intake" / "migrations"
        folder.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(f"-- migrate:up{options}\n{up}\n\n-- migrate:down\n", encoding="utf-8")

    async def migrate(self, *, patience: float = 60.0) -> None:
        """Bring it up to date."""
        await migrations.migrate("intake", self.database.owner_url, patience=patience, repository=self.repository)


@pytest.fixture
async def grown(fresh_database: Fresh, tmp_path: Path) -> Grown:
    return Grown(await fresh_database("intake"), tmp_path)


@pytest.fixture
async def other(grown: Grown) -> AsyncIterator[asyncpg.Connection]:
    """A connection of the running service."""
    connection = await asyncpg.connect(grown.database.app_url)
    yield connection
    await connection.close()


async def test_a_migration_waits_for_a_long_transaction_and_holds_nobody_up(
    grown: Grown, other: asyncpg.Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(migrations, "FIRST_PAUSE", 0.5)
    grown.add("9001_more.sql", "ALTER TABLE request ADD COLUMN trial text;")
    reader, watcher = [await asyncpg.connect(grown.database.app_url) for _ in range(2)]
    read = 0

    async def read_on() -> None:
        nonlocal read
        while True:
            # Whoever comes after the migration waits behind it for as long as it waits, and no longer.
            async with asyncio.timeout(migrations.LOCK_TIMEOUT / 1000 + 20):
                await reader.fetch("SELECT FROM request LIMIT 1")
            read += 1
            await asyncio.sleep(0.01)

    async with other.transaction():
        await other.fetch("SELECT FROM request LIMIT 1")
        reading, migrating = asyncio.create_task(read_on()), asyncio.create_task(grown.migrate())
        for _ in range(2):
            await eventually(lambda: is_waiting(watcher), within=60)
            before = read
            await eventually(lambda: is_done(lambda: read > before), within=60)  # noqa: B023 - waited for at once
        assert not migrating.done()
        assert not reading.done()
    await migrating
    reading.cancel()
    await asyncio.gather(reading, return_exceptions=True)
    await watcher.execute("UPDATE request SET trial = 'there'")
    for connection in (reader, watcher):
        await connection.close()


async def is_done(condition: Callable[[], bool]) -> bool:
    return condition()


async def is_waiting(connection: asyncpg.Connection) -> bool:
    """Tell whether a statement of a migration waits for its lock now."""
    return bool(
        await connection.fetchval(
            "SELECT EXISTS (SELECT FROM pg_locks WHERE NOT granted AND relation = 'request'::regclass)"
        )
    )


async def test_a_migration_that_never_gets_its_table_gives_up_and_says_why(
    grown: Grown, other: asyncpg.Connection
) -> None:
    grown.add("9001_more.sql", "ALTER TABLE request ADD COLUMN trial text;")
    async with other.transaction():
        await other.fetch("SELECT FROM request LIMIT 1")
        with pytest.raises(migrations.MigrationFailed, match="other transactions hold them"):
            await grown.migrate(patience=0.0)
    assert not await other.fetchval("SELECT count(*) FROM schema_migrations WHERE version = '9001'")


async def test_what_is_wrong_is_not_tried_again(grown: Grown) -> None:
    grown.add("9001_more.sql", "ALTER TABLE nowhere ADD COLUMN trial text;")
    with pytest.raises(migrations.MigrationFailed, match="nowhere"):
        await grown.migrate(patience=600.0)


async def test_an_index_is_made_while_people_write(grown: Grown, other: asyncpg.Connection) -> None:
    grown.add(
        "9001_by_status.sql",
        "CREATE INDEX CONCURRENTLY IF NOT EXISTS trial_by_status ON request (status_at);",
        options=" transaction:false",
    )
    writer = await asyncpg.connect(grown.database.app_url)
    async with other.transaction():
        await other.execute("UPDATE request SET status = status")  # an ordinary index would wait, and others behind it
        migrating = asyncio.create_task(grown.migrate())
        await eventually(lambda: is_there(writer, "trial_by_status"))
        async with asyncio.timeout(20):
            await writer.execute("UPDATE request SET status = status")
        assert not migrating.done()
    await migrating
    assert await is_there(writer, "trial_by_status", valid=True)
    await writer.close()


async def is_there(connection: asyncpg.Connection, index: str, *, valid: bool = False) -> bool:
    """Tell whether an index is there, valid or not yet."""
    query = "SELECT indisvalid FROM pg_index WHERE indexrelid = to_regclass($1)"
    return await connection.fetchval(query, index) is valid


async def test_an_index_that_a_failure_left_unfinished_is_made_again(grown: Grown) -> None:
    owner = await asyncpg.connect(grown.database.owner_url)
    await owner.execute("CREATE TABLE trial (key int); INSERT INTO trial VALUES (1), (1)")
    index = "CREATE UNIQUE INDEX CONCURRENTLY IF NOT EXISTS trial_key ON trial (key);"
    grown.add("9001_key.sql", index, options=" transaction:false")
    with pytest.raises(migrations.MigrationFailed, match="could not create unique index"):
        await grown.migrate()
    assert await is_there(owner, "trial_key")
    await owner.execute("DELETE FROM trial WHERE ctid = '(0,1)'")
    await grown.migrate()
    assert await is_there(owner, "trial_key", valid=True)
    await owner.close()
