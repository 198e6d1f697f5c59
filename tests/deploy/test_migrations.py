"""The running service has the rights it needs, and cannot rewrite what was told."""

from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING

import asyncpg
import pytest

from deploy.local.postgres import LocalPostgres
from shared.operations import migrations
from shared.operations.services import Service

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
