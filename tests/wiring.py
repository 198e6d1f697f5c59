"""Publish to a service's subscriber through FastStream's test broker: real inbox and database, no RabbitMQ."""

import asyncio
import contextlib

import aio_pika
from faststream.rabbit import ExchangeType, RabbitExchange, TestRabbitBroker

from shared.contracts.fact import Fact
from shared.messaging.envelope import DIGEST, digest_of
from shared.messaging.messenger import Messenger
from shared.messaging.names import EXCHANGE
from tests.wire import wire


async def publish_to_subscriber(messenger: Messenger, fact: Fact) -> None:
    """Publish the first event of its stream, as its service does; come back when the subscriber's handler has ended."""
    body = wire(fact, 1)
    message = aio_pika.Message(body, headers={DIGEST: digest_of(body)}, user_id=fact.wire_type.partition(".")[0])
    everything = RabbitExchange(EXCHANGE, type=ExchangeType.TOPIC, declare=False)
    batching = asyncio.create_task(messenger.batcher.run())
    try:
        async with asyncio.timeout(30), TestRabbitBroker(messenger.consumer.broker) as broker:
            await broker.publish(
                message, routing_key=fact.routing_key, exchange=everything, message_type=fact.wire_type
            )
    finally:
        batching.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await batching


async def applied(messenger: Messenger, fact: Fact) -> int | None:
    """Give how many events of this one's stream the inbox has applied."""
    count: int | None = await messenger.database.fetchval(
        "SELECT applied FROM inbox_stream WHERE source = $1 AND subject = $2", fact.source, fact.subject
    )
    return count
