"""A consumer that the broker has forgotten is one again within seconds, whatever the libraries noticed of it."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import aio_pika
import pytest

from shared.messaging import consumer as consuming
from shared.messaging import names, topology
from shared.messaging.consumer import AGAIN_AFTER, LOOKS_WITHIN, Consumer
from shared.messaging.messenger import WATCHES_EVERY
from shared.messaging.publisher import CONFIRM_WITHIN, CONNECTS_AGAIN_AFTER
from shared.messaging.topology import Subscription
from tests.polling import eventually

QUEUE = Subscription("escalation", ("intake.#",))


@pytest.fixture
async def heard() -> list[bytes]:
    return []


@pytest.fixture
async def consumer(broker_url: Callable[[str], str], heard: list[bytes]) -> AsyncIterator[Consumer]:
    async def on_message(message: Any) -> None:
        heard.append(message.body)
        await message.ack()

    one = Consumer(broker_url("escalation"), on_message, name="escalation", subscription=QUEUE, prefetch=10)
    await one.start()
    yield one
    await one.close()


@pytest.fixture
def told(broker_url: Callable[[str], str], heard: list[bytes]) -> Callable[[bytes], Awaitable[None]]:
    """Publish to the queue, and wait until it is heard."""

    async def tell(body: bytes) -> None:
        async with await aio_pika.connect(broker_url("supervisor")) as connection:
            exchange = await (await connection.channel()).get_exchange(names.EXCHANGE)
            await exchange.publish(aio_pika.Message(body), routing_key="intake.x.95")

        async def there() -> bool:
            return body in heard

        await eventually(there)

    return tell


async def test_a_consumer_that_the_broker_knows_is_left_alone(
    consumer: Consumer, told: Callable[[bytes], Awaitable[None]]
) -> None:
    before = _tag(consumer)
    for _ in range(3):
        await consumer.watch()
    assert _tag(consumer) == before
    await told(b"heard")


async def test_a_consumer_that_was_cancelled_and_not_restored_is_started_again(
    consumer: Consumer, told: Callable[[bytes], Awaitable[None]]
) -> None:
    """As after the loss of a node where aio-pika missed it: it believes to consume, and the broker knows nothing."""
    queue = consumer._queue  # noqa: SLF001 - what the broker is made to forget
    assert queue is not None
    channel: Any = await queue.channel.get_underlay_channel()
    await channel.basic_cancel(_tag(consumer))
    await consumer.watch()
    await consumer.watch()
    await told(b"heard again")


async def test_a_connection_over_which_nothing_can_be_done_is_made_anew(
    consumer: Consumer, told: Callable[[bytes], Awaitable[None]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(consuming, "AGAIN_AFTER", 0.0)
    monkeypatch.setattr(consuming, "LOOKS_WITHIN", 1.0)
    queue = consumer._queue  # noqa: SLF001 - what is made to hang
    assert queue is not None
    channel = queue.channel

    async def never() -> None:
        await asyncio.sleep(60)

    true_way: Any = type(channel).get_underlay_channel
    monkeypatch.setattr(type(channel), "get_underlay_channel", lambda one: never() if one is channel else true_way(one))
    watching = asyncio.create_task(consumer.watch())
    await asyncio.sleep(1.1)
    monkeypatch.undo()
    await watching
    assert consumer.started
    await told(b"over a new connection")


def test_a_connection_that_hangs_is_made_anew_within_half_a_minute() -> None:
    assert AGAIN_AFTER + 2 * (LOOKS_WITHIN + WATCHES_EVERY) <= 30
    assert CONFIRM_WITHIN + 1 <= 30
    assert CONNECTS_AGAIN_AFTER < CONFIRM_WITHIN, "one batch that nobody confirms is enough"


async def test_a_broker_that_lets_us_in_and_never_answers_is_tried_by_a_new_connection(
    consumer: Consumer, told: Callable[[bytes], Awaitable[None]], monkeypatch: pytest.MonkeyPatch
) -> None:
    """As a node does that takes connections while it joins its cluster."""
    await consumer.close()
    true_declare = topology.declare
    asked = 0

    async def declare(channel: Any, subscriptions: Any) -> None:
        nonlocal asked
        asked += 1
        if asked == 1:
            monkeypatch.setattr(consuming, "DECLARES_WITHIN", 20.0)  # the next time: that one must succeed
            await asyncio.sleep(60)
        await true_declare(channel, subscriptions)

    monkeypatch.setattr(topology, "declare", declare)
    monkeypatch.setattr(consuming, "DECLARES_WITHIN", 1.0)
    await consumer.start()
    monkeypatch.undo()
    assert asked == 2
    await told(b"over a new connection")


async def test_a_connection_that_broke_is_consumed_over_again(
    consumer: Consumer, told: Callable[[bytes], Awaitable[None]]
) -> None:
    await told(b"before")
    connection = await consumer._broker.connect()  # noqa: SLF001 - the wire that is cut
    assert connection.transport is not None
    await connection.transport.connection.close(ConnectionResetError())
    await told(b"after")


def _tag(consumer: Consumer) -> str:
    return consumer._tag  # noqa: SLF001 - what the broker knows it by
