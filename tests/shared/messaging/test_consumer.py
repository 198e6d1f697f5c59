"""A consumer that the broker has forgotten is one again within seconds, whatever the libraries noticed of it."""

import asyncio
import gc
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import aio_pika
import pytest

from deploy.local.rabbitmq import LocalRabbit
from shared.messaging import consumer as consuming
from shared.messaging import names, topology
from shared.messaging.consumer import AGAIN_AFTER, LOOKS_WITHIN, Consumer
from shared.messaging.messenger import WATCHES_EVERY
from shared.messaging.publisher import CONFIRM_WITHIN, CONNECTS_AGAIN_AFTER
from shared.messaging.topology import Subscription
from tests.faults.network import Link
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
    before = await _tags(consumer)
    for _ in range(3):
        await consumer.watch()
    assert len(before) == 1
    assert await _tags(consumer) == before
    await told(b"heard")


async def test_a_consumer_that_was_cancelled_and_not_restored_is_started_again(
    consumer: Consumer, told: Callable[[bytes], Awaitable[None]]
) -> None:
    """As after the loss of a node where aio-pika missed it: it believes to consume, and the broker knows nothing."""
    channel: Any = await (await _channel(consumer)).get_underlay_channel()
    (tag,) = await _tags(consumer)
    await channel.basic_cancel(tag)
    await consumer.watch()
    await consumer.watch()
    await told(b"heard again")


async def test_a_connection_over_which_nothing_can_be_done_is_made_anew(
    consumer: Consumer, told: Callable[[bytes], Awaitable[None]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(consuming, "AGAIN_AFTER", 0.0)
    monkeypatch.setattr(consuming, "LOOKS_WITHIN", 1.0)
    channel = await _channel(consumer)

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
    connection = await consumer.broker.connect()
    assert connection.transport is not None
    await connection.transport.connection.close(ConnectionResetError())
    await told(b"after")


async def test_a_queue_that_was_lost_while_the_connection_was_away_is_made_again_and_consumed(
    rabbit_server: LocalRabbit, broker_url: Callable[[str], str], heard: list[bytes]
) -> None:
    """As of a broker that lost its disk: aio-pika restores the channel that declares, and the one that consumes."""

    async def on_message(message: Any) -> None:
        heard.append(message.body)
        await message.ack()

    link = Link(rabbit_server.amqp_port)
    await link.start()
    url = broker_url("escalation").replace(f":{rabbit_server.amqp_port}/", f":{link.port}/")
    consumer = Consumer(url, on_message, name="escalation", subscription=QUEUE, prefetch=10)
    await consumer.start()
    link.open = False
    link.cut()
    async with await aio_pika.connect(broker_url("supervisor")) as connection:
        channel = await connection.channel()
        for name in (QUEUE.queue, QUEUE.dead_queue):
            await channel.queue_delete(name, if_unused=False, if_empty=False)
        link.open = True
        exchange = await channel.get_exchange(names.EXCHANGE)

        async def heard_by_a_queue_that_was_made_again() -> bool:
            await exchange.publish(aio_pika.Message(b"after"), routing_key="intake.x.95")
            return b"after" in heard

        await eventually(heard_by_a_queue_that_was_made_again)
    await consumer.close()
    link.stop()


async def test_a_connection_that_was_refused_leaves_nothing_behind(free_ports: Callable[[int], list[int]]) -> None:
    """aio-pika closes a connection that is collected, and warns where that happens outside of an event loop."""

    async def on_message(_: Any) -> None:
        raise AssertionError

    url = f"amqp://x:x@127.0.0.1:{free_ports(1)[0]}/"
    consumer = Consumer(url, on_message, name="escalation", subscription=QUEUE, prefetch=10)
    gc.collect()
    gc.disable()
    try:
        starting = asyncio.create_task(consumer.start())
        await asyncio.sleep(2.5)
        starting.cancel()
        await asyncio.wait([starting])
        await consumer.close()
        await asyncio.sleep(0)
        assert not [one for one in gc.get_objects() if isinstance(one, aio_pika.RobustConnection)]
    finally:
        gc.enable()


async def test_nothing_that_waits_as_a_consumer_starts_is_left_unanswered(broker_url: Callable[[str], str]) -> None:
    """FastStream drops what comes before its subscriber runs; aio-pika gives it the first message a moment later."""
    heard: set[bytes] = set()

    async def on_message(message: Any) -> None:
        heard.add(message.body)

    async with await aio_pika.connect(broker_url("supervisor")) as connection:
        channel = await connection.channel()
        await topology.declare(channel, [QUEUE])
        exchange = await channel.get_exchange(names.EXCHANGE)
        for number in range(100):
            await exchange.publish(aio_pika.Message(b"%d" % number), routing_key="intake.x.95")

    async def all_there() -> bool:
        return len(heard) == 100

    for _ in range(3):
        heard.clear()
        consumer = Consumer(broker_url("escalation"), on_message, name="escalation", subscription=QUEUE, prefetch=200)
        await consumer.start()
        await eventually(all_there)
        await consumer.close()


async def _channel(consumer: Consumer) -> Any:
    """The channel that FastStream consumes over."""
    queue = await consumer.broker.declare_queue(consumer._queue)  # noqa: SLF001 - as the subscriber names it
    return queue.channel


async def _tags(consumer: Consumer) -> set[str]:
    """What the broker knows the consumer by."""
    channel: Any = await (await _channel(consumer)).get_underlay_channel()
    return set(channel.consumers)
