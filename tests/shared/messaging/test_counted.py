"""What a message costs, counted: round trips and bytes do not depend on how busy the machine is."""

import asyncio
import re
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import aio_pika
import asyncpg
import pytest
from asyncpg.connection import LoggedQuery

from shared.clock import new_id
from shared.db import Database
from shared.messaging import journal, topology
from shared.messaging.batcher import BATCH_SIZE
from shared.messaging.inbox.inbox import Inbox
from shared.messaging.inbox.message import Message
from shared.messaging.recovery.gap_recovery import EVER, GapRecovery
from shared.messaging.relay import NEW, Relay
from tests.conftest import FreshDatabase
from tests.polling import eventually
from tests.shared.messaging.conftest import NOTING, a_message
from tests.wire import wire

A_TRANSACTION = 2
"""BEGIN and COMMIT: a connection that goes back to its pool costs nothing."""

ROOT = Path(__file__).resolve().parents[3]


@asynccontextmanager
async def counted(database: Database) -> AsyncIterator[Counter[str]]:
    """Count the statements that are sent meanwhile, by their first words."""
    seen: Counter[str] = Counter()

    def see(query: LoggedQuery) -> None:
        seen[" ".join(query.query.split()[:3])] += 1

    pool: Any = database._pool  # noqa: SLF001 - nothing public gives its connections
    connections = [holder._con for holder in pool._holders if holder._con]  # noqa: SLF001 - same
    for connection in connections:
        connection.add_query_logger(see)
    try:
        yield seen
    finally:
        for connection in connections:
            connection.remove_query_logger(see)


@pytest.fixture
async def narrow(fresh: FreshDatabase) -> AsyncIterator[Database]:
    """The database over one connection, on which everything can be seen."""
    database = await Database.connect(fresh.app_url, name="test", max_size=1)
    yield database
    await database.close()


async def read_as_a_whole(database: Database, table: str) -> int:
    """Count how often a table was read from end to end over the one connection of this database."""
    await database.fetchval("SELECT pg_stat_force_next_flush()")
    count: int = await database.fetchval("SELECT seq_scan FROM pg_stat_user_tables WHERE relname = $1", table)
    return count


def a_batch(size: int) -> list[Message]:
    """Give so many messages of as many streams: nothing is shared between them."""
    return [Message(wire(a_message(new_id(), str(n)), 1), "intake.message_posted.95") for n in range(size)]


async def test_a_full_batch_costs_five_statements_beside_what_its_handlers_do(narrow: Database) -> None:
    inbox = Inbox(narrow, NOTING)
    await inbox.process(a_batch(1))  # asyncpg asks once what arrays are
    async with counted(narrow) as seen:
        await inbox.process(a_batch(BATCH_SIZE))
    assert seen.pop("INSERT INTO effect") == BATCH_SIZE
    assert seen.total() <= A_TRANSACTION + 3, seen
    assert await narrow.fetchval("SELECT count(*) FROM effect") == 1 + BATCH_SIZE


async def test_where_streams_stand_is_never_read_from_end_to_end_also_where_they_were_few_at_first(
    narrow: Database,
) -> None:
    inbox = Inbox(narrow, NOTING)
    for _ in range(10):  # PostgreSQL thinks five times before it keeps a plan
        await inbox.process(a_batch(BATCH_SIZE))
    assert await read_as_a_whole(narrow, "inbox_stream") == 0


async def test_one_event_that_fails_makes_its_batch_dearer_and_the_next_one_not(narrow: Database) -> None:
    ill = Message(wire(a_message(new_id(), "fail"), 1), "")
    inbox = Inbox(narrow, NOTING)
    async with counted(narrow) as seen:
        await inbox.process([*a_batch(BATCH_SIZE - 1), ill])
    assert seen["INSERT INTO effect"] <= 2 * BATCH_SIZE
    assert await narrow.fetchval("SELECT count(*) FROM effect") == BATCH_SIZE - 1
    async with counted(narrow) as seen:
        await inbox.process(a_batch(BATCH_SIZE))
    assert seen.total() <= BATCH_SIZE + A_TRANSACTION + 3


async def test_a_message_writes_little_to_the_write_ahead_log(narrow: Database) -> None:
    """The handler's row of some 90 bytes, and two versions of the stream's row: 3 kB would be something else."""
    await Inbox(narrow, NOTING).process(a_batch(BATCH_SIZE))
    before = await narrow.fetchval("SELECT pg_current_wal_insert_lsn() - '0/0'")
    await Inbox(narrow, NOTING).process(a_batch(BATCH_SIZE))
    after = await narrow.fetchval("SELECT pg_current_wal_insert_lsn() - '0/0'")
    assert 0 < (after - before) / BATCH_SIZE < 1500


async def test_telling_an_event_is_one_statement_of_the_business_transaction(narrow: Database) -> None:
    async with counted(narrow) as seen, narrow.transaction() as tx:
        await journal.record(tx, a_message(new_id()))
    assert seen.pop("WITH head AS") == 1
    assert seen.total() <= A_TRANSACTION, seen


async def test_an_event_told_writes_little_to_the_write_ahead_log(narrow: Database) -> None:
    before = await narrow.fetchval("SELECT pg_current_wal_insert_lsn() - '0/0'")
    async with narrow.transaction() as tx:
        for _ in range(BATCH_SIZE):
            await journal.record(tx, a_message(new_id()))
    after = await narrow.fetchval("SELECT pg_current_wal_insert_lsn() - '0/0'")
    assert 0 < (after - before) / BATCH_SIZE < 4000


async def test_the_relay_needs_no_statement_for_most_events(
    narrow: Database, fresh: FreshDatabase, broker_url: Callable[[str], str]
) -> None:
    async with await aio_pika.connect(broker_url("supervisor")) as connection:
        await topology.declare(await connection.channel(), [topology.Subscription("escalation", ("intake.#",))])
    events = 10 * NEW
    async with narrow.transaction() as tx:
        for _ in range(events):
            await journal.record(tx, a_message(new_id()))
    looks = await Database.connect(fresh.app_url, name="looks", max_size=1)
    relay = Relay(narrow, broker_url("intake"), name="intake", poll=0.2)

    async def emptied() -> bool:
        return bool(await looks.fetchval("SELECT count(*) = 0 FROM outbox"))

    async with counted(narrow) as seen:
        task = asyncio.create_task(relay.run())
        await eventually(emptied)
        await relay.stop()
        await task
    await relay.close()
    await looks.close()
    assert seen["WITH confirmed AS"] >= 1
    assert seen.total() / events <= 0.05, seen
    assert await read_as_a_whole(narrow, "journal") == 0


async def test_a_service_that_tells_its_own_instances_nothing_reads_no_stream_when_one_of_them_asks(
    narrow: Database,
) -> None:
    recovery = GapRecovery(
        narrow, Relay(narrow, "amqp://127.0.0.1:1/", name="intake"), service="intake", queue="intake"
    )
    async with counted(narrow) as seen:
        await recovery.publish_heads(since=EVER, ours=True)
    assert seen.total() == 0, seen


async def test_what_was_told_is_not_walked_over_again_while_an_old_snapshot_keeps_it(
    narrow: Database, fresh: FreshDatabase, broker_url: Callable[[str], str]
) -> None:
    async with await aio_pika.connect(broker_url("supervisor")) as connection:
        await topology.declare(await connection.channel(), [topology.Subscription("escalation", ("intake.#",))])
    business = await Database.connect(fresh.app_url, name="business", max_size=1)
    forgotten = await asyncpg.connect(fresh.owner_url)
    relay = Relay(narrow, broker_url("intake"), name="intake", poll=10)
    rounds, each = 30, 5

    async def told() -> bool:
        return bool(await business.fetchval("SELECT count(*) = 0 FROM outbox"))

    task = asyncio.create_task(relay.run())
    async with forgotten.transaction(isolation="repeatable_read"):
        await forgotten.fetchval("SELECT count(*) FROM outbox")
        for _ in range(rounds):
            async with business.transaction() as tx:
                for _ in range(each):
                    await journal.record(tx, a_message(new_id()))
            relay.wake()
            await eventually(told)
        await relay.stop()
        await task
    await relay.close()
    await forgotten.close()
    await business.close()
    await narrow.fetchval("SELECT pg_stat_force_next_flush()")
    walked = await narrow.fetchval("SELECT idx_tup_read FROM pg_stat_user_indexes WHERE indexrelname = 'outbox_new'")
    assert rounds * each <= walked <= 6 * rounds * each  # three each; from the beginning it is thirty


@pytest.mark.parametrize("service", ["intake", "qualification", "escalation", "notifications"])
async def test_no_business_transaction_notifies(
    service: str, fresh_database: Callable[[str], Awaitable[FreshDatabase]]
) -> None:
    """NOTIFY takes a lock that all commits share: no function of the database does it, and no statement of ours."""
    connection = await asyncpg.connect((await fresh_database(service)).owner_url)
    rows = await connection.fetch(
        "SELECT proname FROM pg_proc WHERE pronamespace = 'public'::regnamespace AND prosrc ~* 'notify'"
    )
    await connection.close()
    assert rows == []
    sources = [file for room in ("shared", f"services/{service}") for file in (ROOT / room).rglob("*.py")]
    assert len(sources) > 20
    assert [file for file in sources if re.search(r"\bNOTIFY\b|\bpg_notify\b", file.read_text())] == []
