"""What each database role may not do, tried with its own credentials on a real PostgreSQL."""

from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Final

import asyncpg
import pytest

from services.operations.adapters import migrations
from services.operations.domain import rights
from services.operations.domain.services import SERVICES
from tests.conftest import FreshDatabase

Fresh = Callable[[str], Awaitable[FreshDatabase]]

TRACES: Final = {
    "intake": ("journal", "operation"),
    "qualification": ("journal", "operation", "consultation"),
    "escalation": ("journal", "operation", "consultation"),
    "notifications": ("journal", "operation", "consultation"),
}
"""What shows afterwards what was done: added to, and never changed."""

FORGERIES: Final = (
    "UPDATE {0} SET {1} = {1}",
    "DELETE FROM {0}",
    "TRUNCATE {0}",
    "DROP TABLE {0}",
    "ALTER TABLE {0} DISABLE TRIGGER ALL",
    "CREATE TRIGGER mine BEFORE INSERT ON {0} FOR EACH ROW EXECUTE FUNCTION suppress_redundant_updates_trigger()",
    "CREATE RULE mine AS ON INSERT TO {0} DO INSTEAD NOTHING",
    "ALTER TABLE {0} OWNER TO CURRENT_USER",
    "GRANT UPDATE ON {0} TO CURRENT_USER WITH GRANT OPTION",
)

NOT_FOR_OPERATORS: Final = {
    "intake": (
        "SELECT body FROM request",
        "SELECT * FROM message",
        "SELECT * FROM document",
        "UPDATE request SET status = 'closed'",
    ),
    "qualification": (
        "SELECT request FROM case_file",
        "SELECT * FROM case_note",
        "SELECT * FROM consultation",
        "UPDATE case_file SET stage = NULL",
    ),
    "escalation": ("SELECT * FROM message", "SELECT * FROM consultation", "UPDATE escalation SET stage = NULL"),
    "notifications": (
        "SELECT text_body FROM delivery",
        "SELECT * FROM contact",
        "SELECT url FROM webhook",
        "UPDATE delivery SET recipient = 'me@exemple.fr'",
        "INSERT INTO delivery DEFAULT VALUES",
        "DELETE FROM delivery",
    ),
}
"""Beside what is the same in each database."""

NOT_FOR_OPERATORS_ANYWHERE: Final = (
    "SELECT * FROM agent",
    "UPDATE agent SET roles = '{operator}'",
    "SELECT digest FROM agent_token",
    "INSERT INTO agent_token DEFAULT VALUES",
    "SELECT * FROM web_session",
    "INSERT INTO journal DEFAULT VALUES",
    "UPDATE stream SET hash = ''",
    "UPDATE outbox SET queue = 'mine'",
    "INSERT INTO inbox_stream DEFAULT VALUES",
    "UPDATE inbox_stream SET source = '/intake'",
    "UPDATE inbox_held SET source = '/intake'",
    "UPDATE inbox_waiting SET body = ''",
    "DELETE FROM quarantine",
    "UPDATE quarantine SET body = ''",
    "UPDATE quarantine SET user_id = 'intake'",
    "UPDATE quarantine SET routing_key = 'intake.message_posted.95'",
    "INSERT INTO quarantine (id, reason, routing_key, body, user_id) VALUES (gen_random_uuid(), '', '', '', NULL)",
    "UPDATE quarantine SET damaged = FALSE",
    "UPDATE quarantine SET taken = FALSE",
    "INSERT INTO quarantine (id, reason, routing_key, body, deaths) VALUES (gen_random_uuid(), '', '', '', 1)",
    "INSERT INTO inbox_again (body, routing_key, user_id) VALUES ('', 'intake', 'intake')",
    "UPDATE inbox_again SET user_id = 'intake'",
    "INSERT INTO schema_migrations DEFAULT VALUES",
    "CREATE TABLE mine (id int)",
)


@pytest.fixture
async def connect() -> AsyncIterator[Callable[[str], Awaitable[asyncpg.Connection]]]:
    opened: list[asyncpg.Connection] = []

    async def connected(url: str) -> asyncpg.Connection:
        opened.append(await asyncpg.connect(url))
        return opened[-1]

    yield connected
    for connection in opened:
        await connection.close()


async def refuses(connection: asyncpg.Connection, statement: str) -> bool:
    """Tell whether PostgreSQL refuses it for want of rights; what another reason stops would not be kept from."""
    attempt = connection.transaction()
    await attempt.start()
    try:
        await connection.execute(statement)
    except asyncpg.InsufficientPrivilegeError:
        return True
    except asyncpg.PostgresError as other:
        raise AssertionError(f"{statement}: {other}") from other
    finally:
        await attempt.rollback()
    # A GRANT of what one does not hold is a warning, and changes nothing.
    return statement.startswith("GRANT") and not await connection.fetchval(
        "SELECT has_table_privilege($1, 'UPDATE')", statement.split()[3]
    )


@pytest.mark.parametrize("service", SERVICES)
@pytest.mark.parametrize("role", ["app_url", "operators_url"])
async def test_no_role_that_runs_can_rewrite_what_was_done(
    service: str, role: str, fresh_database: Fresh, connect: Callable[[str], Awaitable[asyncpg.Connection]]
) -> None:
    fresh = await fresh_database(service)
    connection = await connect(getattr(fresh, role))
    owner = await connect(fresh.owner_url)
    possible = []
    for table in TRACES[service]:
        column = await owner.fetchval(
            "SELECT attname FROM pg_attribute WHERE attrelid = $1::regclass AND attnum = 2", table
        )
        possible += [one for one in FORGERIES if not await refuses(connection, one.format(table, column))]
    assert possible == []


@pytest.mark.parametrize("service", SERVICES)
async def test_a_service_adds_to_its_traces(
    service: str, fresh_database: Fresh, connect: Callable[[str], Awaitable[asyncpg.Connection]]
) -> None:
    connection = await connect((await fresh_database(service)).app_url)
    for table in TRACES[service]:
        for right in ("SELECT", "INSERT"):
            assert await connection.fetchval("SELECT has_table_privilege($1, $2)", table, right)


@pytest.mark.parametrize("service", SERVICES)
async def test_operators_open_no_table_of_requests_and_enrol_nobody(
    service: str, fresh_database: Fresh, connect: Callable[[str], Awaitable[asyncpg.Connection]]
) -> None:
    connection = await connect((await fresh_database(service)).operators_url)
    tried = (*NOT_FOR_OPERATORS_ANYWHERE, *NOT_FOR_OPERATORS[service])
    assert [one for one in tried if not await refuses(connection, one)] == []


@pytest.mark.parametrize("service", SERVICES)
async def test_every_table_that_operators_need_exists(
    service: str, fresh_database: Fresh, connect: Callable[[str], Awaitable[asyncpg.Connection]]
) -> None:
    connection = await connect((await fresh_database(service)).owner_url)
    there = {row["tablename"] for row in await connection.fetch("SELECT tablename FROM pg_tables")}
    assert rights.of_operators(service).keys() <= there
    assert set(TRACES[service]) <= there


async def test_rights_that_were_too_wide_are_taken_back(
    fresh_database: Fresh, connect: Callable[[str], Awaitable[asyncpg.Connection]]
) -> None:
    fresh = await fresh_database("qualification")
    owner, app = await connect(fresh.owner_url), await connect(fresh.app_url)
    await owner.execute("GRANT ALL ON ALL TABLES IN SCHEMA public TO qualification_app, qualification_operators")
    await owner.execute("GRANT UPDATE (email) ON consultation TO qualification_app")
    await migrations.grant_all("qualification", fresh.owner_url, to=fresh.app_url, operators=fresh.operators_url)
    assert await refuses(app, "UPDATE consultation SET email = email")
    assert await refuses(app, "DELETE FROM operation")
    assert await refuses(await connect(fresh.operators_url), "SELECT request FROM case_file")


async def test_operators_without_a_role_of_their_own_take_nothing_from_the_service(
    fresh_database: Fresh, connect: Callable[[str], Awaitable[asyncpg.Connection]]
) -> None:
    fresh = await fresh_database("intake")
    await migrations.grant_all("intake", fresh.owner_url, to=fresh.app_url, operators=fresh.app_url)
    assert await (await connect(fresh.app_url)).fetchval("SELECT has_table_privilege('request', 'UPDATE')")
