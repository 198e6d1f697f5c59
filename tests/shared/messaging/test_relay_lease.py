"""A relay that leads and says nothing any more is replaced, and finds out before it publishes anything else."""

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from urllib.parse import urlsplit

import aio_pika
import pytest

from shared.clock import new_id
from shared.db import Connection, Database, Row
from shared.messaging import journal, relay, topology
from shared.messaging.names import LEADER_LOCK, LEASE
from shared.messaging.relay import HEARTBEAT_EVERY, Published, Relay
from tests.conftest import FreshDatabase
from tests.faults.network import Link
from tests.polling import eventually
from tests.shared.messaging.conftest import a_message

POLL = 0.05


@pytest.fixture(autouse=True)
def short(monkeypatch: pytest.MonkeyPatch) -> None:
    """A lease that a test can wait for."""
    monkeypatch.setattr(relay, "LEASE", 2.0)
    monkeypatch.setattr(relay, "HEARTBEAT_EVERY", 0.2)


@pytest.fixture(autouse=True)
async def exchange(broker_url: Callable[[str], str]) -> None:
    async with await aio_pika.connect(broker_url("supervisor")) as connection:
        await topology.declare(await connection.channel(), [topology.Subscription("escalation", ("intake.#",))])


@pytest.fixture
async def way(fresh: FreshDatabase) -> AsyncIterator[Link]:
    """The network between the first relay and PostgreSQL."""
    port = urlsplit(fresh.app_url).port
    assert port is not None
    link = Link(port)
    await link.start()
    yield link
    link.stop()


@pytest.fixture
async def far(fresh: FreshDatabase, way: Link) -> AsyncIterator[Database]:
    """The database as the first relay reaches it."""
    parts = urlsplit(fresh.app_url)
    url = parts._replace(netloc=parts.netloc.replace(f":{parts.port}", f":{way.port}")).geturl()
    database = await Database.connect(url, name="far", max_size=3)
    yield database
    way.flow()
    await database.close()


class Seen(Relay):
    """A relay that knows how many batches it began to publish."""

    batches = 0

    async def _publish(self, rows: Sequence[Row]) -> Published:
        self.batches += 1
        return await super()._publish(rows)


def test_a_leader_that_vanishes_is_replaced_within_fifteen_seconds() -> None:
    """It spoke `HEARTBEAT_EVERY` ago at the latest; a follower polls twice, to end its session and to take the lock."""
    assert HEARTBEAT_EVERY + LEASE + 2 * 0.5 <= 13


async def test_a_leader_whose_way_goes_dark_is_replaced_and_publishes_nothing_when_it_comes_back(
    database: Database, far: Database, way: Link, broker_url: Callable[[str], str]
) -> None:
    first, second = (Seen(one, broker_url("intake"), name="intake", poll=POLL) for one in (far, database))
    tasks = [asyncio.create_task(first.run())]
    await eventually(lambda: leads(first))
    tasks.append(asyncio.create_task(second.run()))
    way.stall()
    async with database.transaction() as tx:
        await journal.record(tx, a_message(new_id()))
    await eventually(lambda: leads(second))
    await eventually(lambda: empty(database))
    assert not first.leads
    since = await database.fetchval("SELECT clock_timestamp()")
    way.flow()
    async with database.transaction() as tx:
        await journal.record(tx, a_message(new_id()))
    await eventually(lambda: empty(database))

    async def follows() -> bool:
        """It tries for the lock again, over a session of its own, which is reset after each attempt."""
        return bool(
            await database.fetchval(
                """
                SELECT count(*) FROM pg_stat_activity
                WHERE application_name = 'far' AND query_start > $1 AND query ~ 'advisory|pg_locks'
                """,
                since,
            )
        )

    await eventually(follows)
    assert (first.batches, second.leads) == (0, True)
    for one in (first, second):
        await one.stop()
    await asyncio.gather(*tasks)
    for one in (first, second):
        await one.close()


async def test_a_leader_whose_packets_are_dropped_is_replaced_while_its_other_sessions_work(
    database: Database, far: Database, way: Link, broker_url: Callable[[str], str]
) -> None:
    """Two copies behind the same network: the one that follows ends the session of the other."""
    first, second = (Relay(far, broker_url("intake"), name="intake", poll=POLL) for _ in range(2))
    tasks = [asyncio.create_task(first.run())]
    await eventually(lambda: leads(first))
    tasks.append(asyncio.create_task(second.run()))
    port = await database.fetchval(
        "SELECT client_port FROM pg_locks JOIN pg_stat_activity USING (pid) WHERE locktype = 'advisory' AND objid = $1",
        LEADER_LOCK,
    )
    assert not way.drop(0)
    assert way.drop(port)
    await eventually(lambda: leads(second))
    async with database.transaction() as tx:
        await journal.record(tx, a_message(new_id()))
    await eventually(lambda: empty(database))
    assert not first.leads
    way.cut()
    for one in (first, second):
        await one.stop()
    await asyncio.gather(*tasks)
    for one in (first, second):
        await one.close()


async def test_an_answer_that_lay_in_a_buffer_while_another_relay_led_is_not_published(
    database: Database, far: Database, broker_url: Callable[[str], str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """As of a process that is frozen when PostgreSQL answers: what it was to publish was published by another one."""
    first, second = (Seen(one, broker_url("intake"), name="intake", poll=POLL) for one in (far, database))
    look, thawed = relay._next, asyncio.Event()  # noqa: SLF001 - frozen right after its answer came

    async def frozen(connection: Connection, *arguments: Sequence[Row], after: int) -> list[Row]:
        rows = await look(connection, *arguments, after=after)
        if rows and not thawed.is_set():
            await thawed.wait()
        return rows

    monkeypatch.setattr(relay, "_next", frozen)
    tasks = [asyncio.create_task(first.run())]
    await eventually(lambda: leads(first))
    async with database.transaction() as tx:
        await journal.record(tx, a_message(new_id()))

    async def has_read() -> bool:
        return bool(
            await database.fetchval(
                """
                SELECT count(*) FROM pg_stat_activity
                WHERE application_name = 'far' AND state = 'idle' AND query LIKE '%WITH confirmed%'
                  AND clock_timestamp() - state_change > interval '1 second'
                """
            )
        )

    await eventually(has_read)
    monkeypatch.setattr(relay, "_next", look)
    tasks.append(asyncio.create_task(second.run()))
    await eventually(lambda: empty(database))
    thawed.set()
    await first.stop()
    await tasks[0]
    assert (first.batches, second.batches) == (0, 1)
    await second.stop()
    await tasks[1]
    for one in (first, second):
        await one.close()


async def test_a_leader_that_waits_for_a_broker_keeps_its_lease(
    database: Database, broker_url: Callable[[str], str], monkeypatch: pytest.MonkeyPatch
) -> None:
    first, second = (Relay(database, broker_url("intake"), name="intake", poll=POLL) for _ in range(2))
    tried, there = asyncio.Event(), asyncio.Event()

    async def connect() -> bool:
        tried.set()
        await there.wait()
        return False

    monkeypatch.setattr(first.publisher, "connect", connect)
    tasks = [asyncio.create_task(first.run())]
    await asyncio.wait_for(tried.wait(), 20)
    tasks.append(asyncio.create_task(second.run()))
    await asyncio.sleep(2 * 2.0)
    assert (first.leads, second.leads) == (True, False)
    there.set()
    for one in (first, second):
        await one.stop()
    await asyncio.gather(*tasks)
    for one in (first, second):
        await one.close()


async def leads(one: Relay) -> bool:
    return one.leads


async def empty(database: Database) -> bool:
    return bool(await database.fetchval("SELECT count(*) = 0 FROM outbox"))
