"""A relay empties the outbox, new before old, through whatever goes wrong; where it cannot, it waits."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable, Sequence
from typing import Any
from uuid import UUID

import aio_pika
import asyncpg
import pytest
import structlog

from shared.clock import new_id
from shared.db import Database, Row
from shared.messaging import journal, publisher, relay, topology
from shared.messaging.names import LEADER_LOCK
from shared.messaging.relay import AGAIN, Published, Relay
from tests.polling import eventually
from tests.shared.messaging.conftest import a_message

WOKEN_FOR = 0.5
POLL = 0.1


@pytest.fixture
async def exchange(broker_url: Callable[[str], str]) -> None:
    """What a service's consumer declares before anything is told."""
    async with await aio_pika.connect(broker_url("supervisor")) as connection:
        await topology.declare(await connection.channel(), [topology.Subscription("escalation", ("intake.#",))])


async def test_a_relay_that_does_not_lead_does_not_ask_again_at_every_wake(database: Database) -> None:
    async with database.connection() as leader:
        assert await leader.fetchval("SELECT pg_try_advisory_lock($1)", LEADER_LOCK)
        attempts = await _attempts(database)
        await leader.fetchval("SELECT pg_advisory_unlock($1)", LEADER_LOCK)
    assert 1 <= attempts <= WOKEN_FOR / POLL + 2


async def test_a_relay_whose_database_is_away_does_not_ask_again_at_every_wake(database: Database) -> None:
    await database.close()
    attempts = await _attempts(database)
    assert 1 <= attempts <= WOKEN_FOR / POLL + 2


@pytest.mark.usefixtures("exchange")
async def test_a_relay_goes_on_after_an_error_that_nobody_foresaw(
    database: Database, broker_url: Callable[[str], str]
) -> None:
    """As while the tables are being changed: it must not end silently and leave the outbox to grow for ever."""
    one = Relay(database, broker_url("intake"), name="intake", poll=0.05)
    borrow, failures = database.connection, [asyncpg.UndefinedTableError("outbox"), ValueError("unforeseen")]

    def failing() -> object:
        if failures:
            raise failures.pop()
        return borrow()

    database.connection = failing  # type: ignore[method-assign, assignment] # the seam that every attempt goes through
    async with database.transaction() as tx:
        await journal.record(tx, a_message(new_id()))
    task = asyncio.create_task(one.run())

    async def emptied() -> bool:
        return bool(await database.fetchval("SELECT count(*) = 0 FROM outbox"))

    await eventually(emptied)
    await one.stop()
    await task
    await one.close()
    assert not failures


@pytest.mark.usefixtures("exchange")
async def test_what_is_new_does_not_wait_behind_what_is_sent_again(
    database: Database, broker_url: Callable[[str], str]
) -> None:
    """The first batch carries all that is new, and a small part of a resend however large."""
    async with database.transaction() as tx:
        for _ in range(3 * AGAIN):
            await journal.record(tx, a_message(new_id()))
    await database.fetch("UPDATE outbox SET queue = 'escalation'")
    async with database.transaction() as tx:
        fresh = [await journal.record(tx, a_message(new_id())) for _ in range(5)]
    one = Relay(database, broker_url("intake"), name="intake", poll=0.05)
    batches: list[list[object]] = []
    publish = one._publish  # noqa: SLF001 - what a batch is made of

    async def seen(rows: Sequence[Row]) -> Published:
        batches.append([row["id"] for row in rows])
        return await publish(rows)

    one._publish = seen  # type: ignore[method-assign] # noqa: SLF001 - same
    async with running(one):

        async def emptied() -> bool:
            return bool(await database.fetchval("SELECT count(*) = 0 FROM outbox"))

        await eventually(emptied)
    assert batches[0][:5] == fresh
    assert [len(batch) for batch in batches[:2]] == [5 + AGAIN, 2 * AGAIN]


@pytest.mark.usefixtures("exchange")
async def test_a_connection_over_which_nothing_is_confirmed_for_long_is_made_anew(
    database: Database, broker_url: Callable[[str], str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(publisher, "CONNECTS_AGAIN_AFTER", 0.2)
    one = Relay(database, broker_url("intake"), name="intake", poll=0.05)
    send = one.publisher.send  # a wire that leads nowhere

    async def nowhere(*told: Any, **how: Any) -> bool:
        return await send(*told, **how) if closed else False

    closed: list[bool] = []
    close = one.publisher.close

    async def noticed() -> None:
        closed.append(True)
        await close()

    one.publisher.close = noticed  # type: ignore[method-assign] # seen, and done
    one.publisher.send = nowhere  # type: ignore[method-assign] # same
    async with database.transaction() as tx:
        await journal.record(tx, a_message(new_id()))
    async with running(one):

        async def emptied() -> bool:
            return bool(await database.fetchval("SELECT count(*) = 0 FROM outbox"))

        await eventually(emptied)
    assert closed


@pytest.mark.usefixtures("exchange")
async def test_a_confirmation_that_never_comes_keeps_its_own_event_in_the_outbox_and_no_other(
    database: Database, broker_url: Callable[[str], str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(relay, "CONFIRM_WITHIN", 0.3)
    one = Relay(database, broker_url("intake"), name="intake", poll=0.05)
    send = one.publisher.send  # a broker that is silent about one message
    async with database.transaction() as tx:
        _, lost, _ = [await journal.record(tx, a_message(new_id())) for _ in range(3)]

    async def silent(message: aio_pika.Message, *told: Any, **how: Any) -> bool:
        if message.message_id == str(lost):
            await asyncio.Event().wait()
        return await send(message, *told, **how)

    one.publisher.send = silent  # type: ignore[method-assign] # same
    async with running(one):

        async def only_that_one_is_left() -> bool:
            rows = await database.fetch("SELECT j.id FROM outbox o JOIN journal j USING (position)")
            return [row["id"] for row in rows] == [lost]

        await eventually(only_that_one_is_left)


@pytest.mark.usefixtures("exchange")
async def test_what_is_told_now_does_not_wait_for_the_confirmation_of_what_was_told_before(
    database: Database, broker_url: Callable[[str], str]
) -> None:
    one = Relay(database, broker_url("intake"), name="intake", poll=0.05)
    send = one.publisher.send  # a broker that takes its time with one message
    async with database.transaction() as tx:
        first = await journal.record(tx, a_message(new_id()))
    begun, answers = asyncio.Event(), asyncio.Event()

    async def slow(message: aio_pika.Message, *told: Any, **how: Any) -> bool:
        if message.message_id == str(first):
            begun.set()
            await answers.wait()
        return await send(message, *told, **how)

    one.publisher.send = slow  # type: ignore[method-assign] # same

    async def waiting() -> list[UUID]:
        return [row["id"] for row in await database.fetch("SELECT j.id FROM outbox o JOIN journal j USING (position)")]

    async with running(one):
        await begun.wait()
        async with database.transaction() as tx:
            await journal.record(tx, a_message(new_id()))

        async def the_first_alone_waits() -> bool:
            return await waiting() == [first]

        await eventually(the_first_alone_waits)
        answers.set()
    assert await waiting() == []


@pytest.mark.usefixtures("exchange")
async def test_who_drew_an_earlier_place_and_commits_after_many_others_is_told_all_the_same(
    database: Database, broker_url: Callable[[str], str]
) -> None:
    async def told() -> bool:
        return bool(await database.fetchval("SELECT count(*) = 0 FROM outbox"))

    async with running(Relay(database, broker_url("intake"), name="intake", poll=0.05)):
        async with database.transaction() as slow:
            await journal.record(slow, a_message(new_id()))
            for _ in range(5):
                async with database.transaction() as quick:
                    await journal.record(quick, a_message(new_id()))
                await eventually(told)
        await eventually(told)
    assert await database.fetchval("SELECT count(*) FROM journal") == 6


@pytest.mark.usefixtures("exchange")
async def test_an_event_is_published_that_a_younger_transaction_recorded_first_and_commits_last(
    database: Database, broker_url: Callable[[str], str]
) -> None:
    """The younger transaction has the highest id of all, which no snapshot calls completed."""

    async def published() -> bool:
        return bool(await database.fetchval("SELECT count(*) = 0 FROM outbox"))

    async with running(Relay(database, broker_url("intake"), name="intake", poll=0.05)):
        async with database.transaction() as younger:
            async with database.transaction() as older:
                await older.execute("SELECT pg_current_xact_id()")
                await journal.record(younger, a_message(new_id()))
                await journal.record(older, a_message(new_id()))
            await eventually(published)
            async with database.transaction() as another:
                await journal.record(another, a_message(new_id()))
            await eventually(published)
        await eventually(published)
    assert await database.fetchval("SELECT count(*) FROM journal") == 3


@pytest.mark.usefixtures("exchange")
async def test_a_relay_that_is_stopped_during_a_look_that_finds_nothing_ends_without_an_error_or_a_task(
    database: Database, broker_url: Callable[[str], str], monkeypatch: pytest.MonkeyPatch
) -> None:
    one = Relay(database, broker_url("intake"), name="intake", poll=0.05)
    look = relay._next  # noqa: SLF001 - the moment of the stop is the question

    async def stopped_meanwhile(*arguments: Any, **how: Any) -> list[Row]:
        rows = await look(*arguments, **how)
        if not rows:
            await one.stop()
        return rows

    monkeypatch.setattr(relay, "_next", stopped_meanwhile)
    before = asyncio.all_tasks()
    with structlog.testing.capture_logs() as logs:
        await one.run()
    await one.close()
    assert [log["event"] for log in logs if log["log_level"] == "error"] == []
    assert [left for left in asyncio.all_tasks() - before if "Event.wait" in repr(left.get_coro())] == []


@contextlib.asynccontextmanager
async def running(one: Relay) -> AsyncIterator[None]:
    task = asyncio.create_task(one.run())
    yield
    await one.stop()
    await task
    await one.close()


async def _attempts(database: Database) -> int:
    """Wake a relay that cannot lead all the time, and count how often it tries."""
    attempts = 0
    one = Relay(database, "amqp://127.0.0.1:1/", name="intake", poll=POLL)
    borrow = database.connection

    def counted() -> object:
        nonlocal attempts
        attempts += 1
        return borrow()

    database.connection = counted  # type: ignore[method-assign, assignment] # the seam that every attempt goes through
    task = asyncio.create_task(one.run())
    until = asyncio.get_running_loop().time() + WOKEN_FOR
    while asyncio.get_running_loop().time() < until:
        one.wake()
        await asyncio.sleep(0.001)
    await one.stop()
    await task
    database.connection = borrow  # type: ignore[method-assign] # back as it was
    return attempts


@pytest.mark.usefixtures("exchange")
async def test_a_relay_that_is_stopped_rests_while_it_waits_for_its_last_confirmation(
    database: Database, broker_url: Callable[[str], str], monkeypatch: pytest.MonkeyPatch
) -> None:
    one = Relay(database, broker_url("intake"), name="intake", poll=POLL)
    sent, answered, pauses = asyncio.Event(), asyncio.Event(), 0
    pause = one._pause  # noqa: SLF001 - how often it wakes is the question

    async def send(*_: object, **__: object) -> bool:
        sent.set()
        return await answered.wait()

    async def counted(*arguments: Any) -> None:
        nonlocal pauses
        pauses += 1
        await pause(*arguments)

    monkeypatch.setattr(one.publisher, "send", send)
    monkeypatch.setattr(one, "_pause", counted)
    async with database.transaction() as tx:
        await journal.record(tx, a_message(new_id()))
    task = asyncio.create_task(one.run())
    await asyncio.wait_for(sent.wait(), 10)
    await one.stop()
    pauses = 0
    await asyncio.sleep(WOKEN_FOR)
    assert pauses <= WOKEN_FOR / POLL + 2
    answered.set()
    await task
    await one.close()
    assert await database.fetchval("SELECT count(*) FROM outbox") == 0
