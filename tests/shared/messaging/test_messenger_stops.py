"""A service that stops and starts under load loses nothing, doubles nothing, and blames nobody."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from random import Random

import aio_pika
import pytest

from shared.clock import new_id
from shared.contracts.intake import MessagePosted
from shared.db import Database, Transaction
from shared.messaging import journal, messenger
from shared.messaging.handlers import EventHandlers
from shared.messaging.messenger import Messenger
from shared.messaging.topology import Subscription
from tests.conftest import FreshDatabase
from tests.polling import eventually
from tests.shared.messaging.conftest import NOTING, a_message, effects

STREAMS, STOPS = 10, 30


@pytest.fixture
async def source(fresh_database: Callable[[str], Awaitable[FreshDatabase]]) -> AsyncIterator[Database]:
    """The database of intake, which tells."""
    database = await Database.connect((await fresh_database("shared")).app_url, name="source")
    yield database
    await database.close()


def telling(database: Database, url: str) -> Messenger:
    return Messenger(
        database,
        url,
        name="intake",
        subscription=Subscription("intake", ("escalation.#",)),
        handlers=EventHandlers({}),
        relay_poll=0.05,
    )


def hearing(database: Database, url: str, handlers: EventHandlers = NOTING) -> Messenger:
    return Messenger(
        database,
        url,
        name="escalation",
        subscription=Subscription("escalation", ("intake.#",)),
        handlers=handlers,
    )


async def test_a_consumer_that_is_stopped_thirty_times_under_load_counts_no_failure(
    source: Database, database: Database, broker_url: Callable[[str], str]
) -> None:
    requests = [new_id() for _ in range(STREAMS)]
    chance = Random(7)  # noqa: S311 - moments of a test, not secrets
    over = asyncio.Event()
    stopped_with_messages_waiting = 0

    async def tell() -> int:
        told = 0
        while not over.is_set():
            async with source.transaction() as tx:
                for request_id in requests:
                    await journal.record(tx, a_message(request_id, str(told)))
            told += 1
            await asyncio.sleep(0.02)
        return told

    async with (
        telling(source, broker_url("intake")).lifespan(),
        await aio_pika.connect(broker_url("supervisor")) as connection,
    ):
        channel = await connection.channel()
        load = asyncio.create_task(tell())
        for _ in range(STOPS):
            listener = hearing(database, broker_url("escalation"))
            async with asyncio.timeout(60), listener.lifespan():
                while not listener.consumer.started:
                    await asyncio.sleep(0.005)
                await asyncio.sleep(chance.uniform(0, 0.1))
            queue = await channel.declare_queue("escalation", passive=True)
            stopped_with_messages_waiting += bool(queue.declaration_result.message_count)
            assert await database.fetchval("SELECT count(*) FROM inbox_attempt") == 0
        over.set()
        events = await load
        async with hearing(database, broker_url("escalation")).lifespan():

            async def all_applied() -> bool:
                return bool(await database.fetchval("SELECT count(*) = $1 FROM effect", STREAMS * events))

            await eventually(all_applied, within=60)
    for request_id in requests:
        assert await effects(database, request_id) == [str(number) for number in range(events)]
    assert await database.fetchval("SELECT count(*) FROM inbox_held") == 0
    assert await database.fetchval("SELECT count(*) FROM inbox_attempt") == 0
    assert stopped_with_messages_waiting, "no stop came while there was something to do"


async def test_what_takes_longer_than_a_stop_waits_is_undone_and_stays_in_the_queue_uncounted(
    source: Database, database: Database, broker_url: Callable[[str], str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(messenger, "FINISHES_WITHIN", 0.2)
    begun = asyncio.Event()

    async def slow(_tx: Transaction, _fact: MessagePosted) -> None:
        begun.set()
        await asyncio.sleep(60)

    request_id = new_id()
    async with telling(source, broker_url("intake")).lifespan():
        for _ in range(2):  # new, and then redelivered
            begun.clear()
            listener = hearing(database, broker_url("escalation"), EventHandlers({MessagePosted: slow}))
            async with asyncio.timeout(30), listener.lifespan():
                async with source.transaction() as tx:
                    await journal.record(tx, a_message(request_id, "once"))
                await begun.wait()
            assert await database.fetchval("SELECT count(*) FROM inbox_attempt") == 0
        async with hearing(database, broker_url("escalation")).lifespan():

            async def applied() -> bool:
                return await effects(database, request_id) == ["once", "once"]

            await eventually(applied)


async def test_a_service_stops_though_its_broker_does_not_answer(
    database: Database, free_ports: Callable[[int], list[int]]
) -> None:
    """It accepts connections and says nothing, as one that is frozen does."""
    (port,) = free_ports(1)
    over = asyncio.Event()

    async def say_nothing(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await over.wait()
        writer.close()

    server = await asyncio.start_server(say_nothing, "127.0.0.1", port)
    listener = hearing(database, f"amqp://x:x@127.0.0.1:{port}/")
    listener.start()
    await asyncio.sleep(0.3)
    async with asyncio.timeout(15):
        await listener.stop()
    over.set()
    server.close()
    await server.wait_closed()
