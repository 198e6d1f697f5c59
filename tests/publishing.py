"""Publishes an event as a service does: by its own account, to its own exchange, saying who publishes."""

from collections.abc import Callable

import aio_pika

from shared.messaging.connection import connect
from shared.messaging.names import exchange_of


async def publish_as(service: str, broker_url: Callable[[str], str], routing_key: str, body: bytes) -> None:
    """Publish one event, and come back when the broker has it."""
    async with await connect(broker_url(service), "tests", within=10) as connection:
        channel = await connection.channel(publisher_confirms=True)
        exchange = await channel.get_exchange(exchange_of(service), ensure=False)
        await exchange.publish(aio_pika.Message(body, delivery_mode=2, user_id=service), routing_key)
