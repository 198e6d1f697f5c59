"""Fixtures of the messaging tests: a service's database with one more table that shows the effects."""

from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import UTC, datetime
from uuid import UUID

import asyncpg
import pytest

from shared.clock import new_id
from shared.contracts.intake import MessagePosted
from shared.db import Database, Transaction
from shared.messaging.handlers import EventHandlers
from tests.conftest import FreshDatabase

AT = datetime(2026, 3, 2, 9, 30, tzinfo=UTC)


@pytest.fixture
async def fresh(fresh_database: Callable[[str], Awaitable[FreshDatabase]]) -> FreshDatabase:
    made = await fresh_database("shared")
    owner = await asyncpg.connect(made.owner_url)
    await owner.execute("CREATE TABLE effect (id bigint GENERATED ALWAYS AS IDENTITY, request_id uuid, text text)")
    await owner.execute("GRANT SELECT, INSERT ON effect TO shared_app")
    await owner.close()
    return made


@pytest.fixture
async def database(fresh: FreshDatabase) -> AsyncIterator[Database]:
    database = await Database.connect(fresh.app_url, name="test")
    yield database
    await database.close()


def a_message(request_id: UUID, text: str = "Bonjour") -> MessagePosted:
    return MessagePosted(request_id=request_id, departement="95", at=AT, message_id=new_id(), text=text)


async def note(tx: Transaction, fact: MessagePosted) -> None:
    """Leave a trace; the text `fail` cannot be applied."""
    await tx.fetchval("INSERT INTO effect (request_id, text) VALUES ($1, $2) RETURNING id", fact.request_id, fact.text)
    if fact.text == "fail":
        raise RuntimeError("cannot be applied")


async def effects(database: Database, request_id: UUID) -> list[str]:
    rows = await database.fetch("SELECT text FROM effect WHERE request_id = $1 ORDER BY id", request_id)
    return [row["text"] for row in rows]


NOTING = EventHandlers({MessagePosted: note})
