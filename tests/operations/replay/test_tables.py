"""Nothing a service keeps is forgotten by its replay: each table and column is compared, or left out for a reason."""

import importlib
import pkgutil
from collections.abc import Awaitable, Callable

import asyncpg
import pytest

from services.operations.adapters.provided import rebuilding
from services.operations.domain.services import SERVICES
from shared import contracts
from shared.messaging.replay import IDENTITY, MESSAGING
from tests.conftest import FreshDatabase


@pytest.mark.parametrize("service", SERVICES)
async def test_every_table_is_compared_or_left_out_for_a_reason(
    service: str, fresh_database: Callable[[str], Awaitable[FreshDatabase]]
) -> None:
    known = rebuilding(service)
    columns = await _columns((await fresh_database(service)).owner_url)
    compared = {table.name for table in known.tables}
    assert not compared & set(known.left_out)
    assert compared | set(known.left_out) | set(MESSAGING) | set(IDENTITY) == set(columns)
    assert all(reason.strip() for reason in known.left_out.values())


@pytest.mark.parametrize("service", SERVICES)
async def test_every_column_of_a_compared_table_is_compared_or_left_out_for_a_reason(
    service: str, fresh_database: Callable[[str], Awaitable[FreshDatabase]]
) -> None:
    url = (await fresh_database(service)).owner_url
    columns = await _columns(url)
    connection = await asyncpg.connect(url)
    for table in rebuilding(service).tables:
        statement = await connection.prepare(f"SELECT * FROM {table.source or table.name} AS t")
        shown = {one.name for one in statement.get_attributes()}
        assert shown | set(table.left_out) == columns[table.name], table.name
        assert {*table.key, *table.seen_as} <= shown, table.name
        assert all(reason.strip() for reason in table.left_out.values()), table.name
    await connection.close()


def test_every_fact_that_a_service_tells_of_a_request_is_told_again_when_it_is_rebuilt() -> None:
    by_publisher = {
        name: importlib.import_module(f"shared.contracts.{name}").FACTS
        for name in (module.name for module in pkgutil.iter_modules(contracts.__path__))
        if name in SERVICES
    }
    assert set(by_publisher) == set(SERVICES)
    kept_by_the_departement = {
        # What of a pact is not compared (services/qualification/replay/tables.py).
        "qualification.pact_action_added.v1",
        "qualification.pact_action_changed.v1",
        "qualification.pact_action_removed.v1",
        "qualification.pact_progress_reported.v1",
        "qualification.pact_signature_reminded.v1",
        # A copy, for whoever takes over, of messages and steps that other facts tell.
        "qualification.exchanges_shared.v1",
    }
    for service, facts in by_publisher.items():
        forgotten = {fact.wire_type for fact in facts if fact not in rebuilding(service).handlers.on}
        assert forgotten == (kept_by_the_departement if service == "qualification" else set())


async def _columns(url: str) -> dict[str, set[str]]:
    connection = await asyncpg.connect(url)
    rows = await connection.fetch(
        "SELECT table_name, column_name FROM information_schema.columns WHERE table_schema = 'public'"
    )
    await connection.close()
    found: dict[str, set[str]] = {}
    for row in rows:
        found.setdefault(row["table_name"], set()).add(row["column_name"])
    return found
