"""What the broker parked: dead letters come to the service's own quarantine, and what forms filed is processed."""

import contextlib
from collections.abc import AsyncIterator, Callable, Sequence
from functools import partial

import aio_pika
import pytest

from shared.clock import new_id
from shared.db import Database
from shared.messaging import names, topology
from shared.messaging.accounts import Origins
from shared.messaging.authenticity import Authenticity
from shared.messaging.handlers import EventHandlers
from shared.messaging.inbox import attempts, dead_letters, quarantine
from shared.messaging.inbox.attempts import FATAL_AFTER
from shared.messaging.inbox.dead_letters import ParkedMessages
from shared.messaging.inbox.inbox import Inbox
from shared.messaging.inbox.message import Message, fingerprint_of
from shared.messaging.messenger import Messenger
from shared.messaging.topology import Subscription
from tests.polling import eventually
from tests.shared.messaging.conftest import NOTING, a_message, effects
from tests.wire import wire

ESCALATION = Subscription("escalation", ("intake.#",))


@contextlib.asynccontextmanager
async def opened(connection: aio_pika.abc.AbstractConnection) -> AsyncIterator[aio_pika.abc.AbstractChannel]:
    """A channel for a short while."""
    async with connection.channel() as channel:
        yield channel


@pytest.fixture
async def channel(broker_url: Callable[[str], str]) -> AsyncIterator[aio_pika.abc.AbstractChannel]:
    """The supervisor's, with the queue of escalation."""
    async with await aio_pika.connect(broker_url("supervisor")) as connection:
        channel = await connection.channel()
        await topology.declare(channel, [ESCALATION])
        yield channel


@pytest.fixture
async def parked(database: Database, broker_url: Callable[[str], str]) -> AsyncIterator[ParkedMessages]:
    """What is parked for escalation, as it reads it with its own account."""
    async with await aio_pika.connect(broker_url("escalation")) as connection:
        yield ParkedMessages(database, partial(opened, connection), dead_queue="escalation.dead")


async def bury(channel: aio_pika.abc.AbstractChannel, publisher: str, body: bytes, type_: str | None = None) -> None:
    """Publish a message as somebody, and refuse it for good."""
    async with await aio_pika.connect(publisher) as connection:
        exchange = await (await connection.channel()).get_exchange("cousumain.intake", ensure=False)
        await exchange.publish(
            aio_pika.Message(body, delivery_mode=2, user_id="intake", type=type_), "intake.message_posted.95"
        )
    queue = await channel.get_queue("escalation")
    message = await queue.get(timeout=5)
    assert message is not None
    await message.reject(requeue=False)
    dead = await channel.get_queue("escalation.dead")

    async def buried() -> bool:
        one = await dead.get(fail=False)
        if one is not None:
            await one.nack(requeue=True)
        return one is not None

    await eventually(buried)


async def test_a_dead_letter_is_kept_with_the_account_that_published_it(
    database: Database,
    channel: aio_pika.abc.AbstractChannel,
    parked: ParkedMessages,
    broker_url: Callable[[str], str],
) -> None:
    await bury(channel, broker_url("intake"), b"[[[")
    assert await parked.store_dead() == 1
    [row] = await database.fetch("SELECT body, user_id, routing_key, deaths, reason, settled_at FROM quarantine")
    assert tuple(row) == (b"[[[", "intake", "escalation", 1, dead_letters.REJECTED, None)
    assert (await channel.declare_queue("escalation.dead", passive=True)).declaration_result.message_count == 0
    assert await database.fetchval("SELECT attempts FROM inbox_attempt") == FATAL_AFTER - 1


async def test_a_dead_letter_is_not_read_when_it_is_kept(
    database: Database,
    channel: aio_pika.abc.AbstractChannel,
    parked: ParkedMessages,
    broker_url: Callable[[str], str],
) -> None:
    """Reading is what ended its consumer."""
    await bury(channel, broker_url("intake"), wire(a_message(new_id()), 1))
    assert await parked.store_dead() == 1
    [row] = await database.fetch("SELECT source, subject, sequence FROM quarantine")
    assert tuple(row) == (None, None, None)


async def test_a_dead_letter_stays_in_its_queue_when_the_database_fails(
    database: Database,
    channel: aio_pika.abc.AbstractChannel,
    parked: ParkedMessages,
    broker_url: Callable[[str], str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async def fails(*_: object, **__: object) -> None:
        raise LookupError

    await bury(channel, broker_url("intake"), b"kept")
    with monkeypatch.context() as patched:
        patched.setattr(quarantine, "put_aside", fails)
        with pytest.raises(LookupError):
            await parked.store_dead()
    assert await database.fetchval("SELECT count(*) FROM inbox_attempt") == 0

    async def stored() -> bool:
        return await parked.store_dead() == 1

    await eventually(stored)


async def test_a_letter_that_ends_even_who_keeps_it_is_left_alone_at_last(
    database: Database,
    channel: aio_pika.abc.AbstractChannel,
    parked: ParkedMessages,
    broker_url: Callable[[str], str],
) -> None:
    await bury(channel, broker_url("intake"), b"deadly")
    for _ in range(FATAL_AFTER):
        await attempts.begin(database, fingerprint_of(b"escalation.dead"))
    assert await parked.store_dead() == 0
    assert (await channel.declare_queue("escalation.dead", passive=True)).declaration_result.message_count == 1


async def test_a_control_message_among_the_dead_is_dropped(
    database: Database,
    channel: aio_pika.abc.AbstractChannel,
    parked: ParkedMessages,
    broker_url: Callable[[str], str],
) -> None:
    await bury(channel, broker_url("intake"), b"{}", "intake.stream_heads.v1")
    assert await parked.store_dead() == 1
    assert await database.fetchval("SELECT count(*) FROM quarantine") == 0


async def test_without_a_broker_nothing_is_stored_and_nothing_raised(database: Database) -> None:
    def away() -> contextlib.AbstractAsyncContextManager[aio_pika.abc.AbstractChannel]:
        raise ConnectionError

    parked = ParkedMessages(database, away, dead_queue="escalation.dead")
    assert await parked.store_dead() == 0


async def test_a_running_service_keeps_its_dead_letters_and_takes_them_again(
    database: Database, channel: aio_pika.abc.AbstractChannel, broker_url: Callable[[str], str]
) -> None:
    request_id = new_id()
    await bury(channel, broker_url("intake"), wire(a_message(request_id, "at last"), 1))
    messenger = Messenger(
        database, broker_url("escalation"), name="escalation", subscription=ESCALATION, handlers=NOTING
    )
    async with messenger.lifespan():

        async def kept() -> bool:
            return bool(await database.fetchval("SELECT count(*) FROM quarantine WHERE deaths = 1"))

        await eventually(kept)
        assert await effects(database, request_id) == []
        await database.fetch(
            "UPDATE quarantine SET settled_at = now(), settled_by = 'x', settlement = 'replayed', why = 'y'"
        )

        async def applied() -> bool:
            return await effects(database, request_id) == ["at last"]

        await eventually(applied)


async def test_a_dead_letter_that_is_taken_again_is_tried_once_and_comes_back_if_it_kills(
    database: Database,
    channel: aio_pika.abc.AbstractChannel,
    parked: ParkedMessages,
    broker_url: Callable[[str], str],
) -> None:
    body = wire(a_message(new_id()), 1)
    for _ in range(FATAL_AFTER + 1):
        await attempts.begin(database, fingerprint_of(body))
    await bury(channel, broker_url("intake"), body)
    await parked.store_dead()
    inbox = Inbox(database, NOTING)
    for kills in (True, False):
        await database.fetch("UPDATE quarantine SET settled_at = now(), settlement = 'replayed' WHERE NOT taken")
        if kills:
            await attempts.begin(database, fingerprint_of(body))  # and the process ends
        assert await inbox.process_resubmitted() == 1
        waiting = await database.fetchval("SELECT count(*) FROM quarantine WHERE settled_at IS NULL")
        assert waiting == int(kills)


async def test_what_a_form_filed_before_there_was_a_queue_is_processed_and_the_rest_stays(
    database: Database,
    channel: aio_pika.abc.AbstractChannel,
    broker_url: Callable[[str], str],
) -> None:
    exchange = await channel.get_exchange(names.EXCHANGE, ensure=False)
    filed = wire(a_message(new_id()), None, type="forms.request_filed.v1", source="/forms/ours")
    for body, key in ((b"stray", "notifications.lost.95"), (filed, "forms.request_filed.95")):
        await exchange.publish(aio_pika.Message(body, delivery_mode=2), key)

    async def depth() -> int:
        queue = await channel.declare_queue(names.UNROUTED_QUEUE, passive=True)
        return queue.declaration_result.message_count or 0

    async def both() -> bool:
        return await depth() == 2

    await eventually(both)
    taken: list[Message] = []

    async def process(messages: Sequence[Message]) -> None:
        taken.extend(messages)

    async with await aio_pika.connect(broker_url("intake")) as connection:
        parked = ParkedMessages(database, partial(opened, connection), dead_queue="intake.dead")
        assert await parked.process_unrouted_filings(process) == 1
        assert [(one.body, one.routing_key) for one in taken] == [(filed, "forms.request_filed.95")]

        async def one_left() -> bool:
            return await depth() == 1

        await eventually(one_left)
        assert await parked.process_unrouted_filings(process) == 0


async def test_a_filing_that_ends_its_reader_comes_to_the_quarantine(database: Database) -> None:
    inbox = Inbox(database, EventHandlers({}), authenticity=Authenticity(Origins(), "intake"))
    message = Message(b"deadly", "forms.request_filed.95", redelivered=True)
    for _ in range(FATAL_AFTER):
        await attempts.begin(database, message.fingerprint)
    await inbox.process_unrouted([message])
    assert await database.fetchval("SELECT reason FROM quarantine") == f"ended its consumer {FATAL_AFTER} times"
