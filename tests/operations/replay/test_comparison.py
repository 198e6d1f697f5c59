"""A row that is not what the journals tell is named by its identifiers, and never by what people wrote."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack

import asyncpg
import pytest

from services.operations.usecases.replay.comparison import Compared, Difference, compare
from shared.messaging.replay import Table
from tests.conftest import FreshDatabase

Both = tuple["asyncpg.Connection[asyncpg.Record]", "asyncpg.Connection[asyncpg.Record]"]

LETTER = Table("letter", key=("id",), left_out={"kept_at": "when it was written down here"})


@pytest.fixture
async def both(
    fresh_database: Callable[[str], Awaitable[FreshDatabase]],
) -> AsyncIterator[Both]:
    """Two databases with one table: the live one, and the rebuilt one."""
    made = []
    for _ in range(2):
        connection = await asyncpg.connect((await fresh_database("shared")).owner_url)
        await connection.execute(
            """
            CREATE TABLE letter (id integer, request_id text, text text, kept_at timestamptz NOT NULL DEFAULT now());
            INSERT INTO letter SELECT n, 'request ' || n, 'Madame la maire, ' || n FROM generate_series(1, 3) AS n;
            """
        )
        made.append(connection)
    yield made[0], made[1]
    for connection in made:
        await connection.close()


async def compared(
    both: Both,
    table: Table = LETTER,
    *,
    moving: frozenset[str] = frozenset(),
) -> Compared:
    async with AsyncExitStack() as open_:
        for connection in both:
            await open_.enter_async_context(connection.transaction())
        return await compare(both[0], both[1], table, moving=moving)


async def test_rows_that_are_alike_are_counted(both: Both) -> None:
    assert await compared(both) == Compared(table="letter", alike=3)


async def test_a_changed_row_is_named_with_its_columns_and_without_its_contents(both: Both) -> None:
    await both[0].execute("UPDATE letter SET text = 'secret' WHERE id = 2")
    found = await compared(both)
    assert found.differences == [Difference(table="letter", row="2", what="different", columns=("text",))]
    assert (found.alike, found.different) == (2, 1)
    assert "secret" not in found.model_dump_json()


async def test_a_row_that_the_service_lacks_is_missing_and_one_too_many_is_extra(both: Both) -> None:
    await both[0].execute("DELETE FROM letter WHERE id = 1")
    await both[0].execute("INSERT INTO letter VALUES (3, 'request 3', 'Madame la maire, 3'), (9, 'request 9', '')")
    assert [(one.row, one.what) for one in (await compared(both)).differences] == [
        ("1", "missing"),
        ("3", "extra"),
        ("9", "extra"),
    ]


async def test_a_column_that_is_left_out_may_differ(both: Both) -> None:
    await both[0].execute("UPDATE letter SET kept_at = 'epoch'")
    assert not (await compared(both)).different


async def test_a_request_that_moved_meanwhile_is_left_aside(both: Both) -> None:
    await both[0].execute("UPDATE letter SET text = 'later' WHERE id = 2")
    assert await compared(both, moving=frozenset({"request 2"})) == Compared(table="letter", alike=2)


async def test_what_is_not_counted_is_compared_on_neither_side(both: Both) -> None:
    await both[0].execute("UPDATE letter SET text = 'by hand' WHERE id = 2")
    await both[1].execute("INSERT INTO letter VALUES (4, 'request 4', 'by hand')")
    table = Table("letter", key=("id",), left_out={"kept_at": "…"}, counted="text <> 'by hand'")
    assert await compared(both, table) == Compared(table="letter", alike=2)


async def test_only_so_many_are_named_and_all_are_counted(both: Both) -> None:
    await both[0].execute("INSERT INTO letter SELECT n, 'r', 'x' FROM generate_series(1000, 1999) AS n")
    found = await compared(both)
    assert (found.different, len(found.differences)) == (1_000, 200)
