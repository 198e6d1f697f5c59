"""What stands in RabbitMQ: one exchange, one quorum queue per consuming instance, and a place for what goes astray."""

from collections.abc import Iterable
from dataclasses import dataclass

import aio_pika
from aiormq.abc import FieldTable
from faststream.rabbit import ExchangeType, RabbitExchange

from shared.messaging.names import DEAD_EXCHANGE, EXCHANGE, RESEND_EXCHANGE, UNROUTED_EXCHANGE, UNROUTED_QUEUE

DELIVERY_LIMIT = 1000
"""High, because RabbitMQ 4.0 counts each hand-back as a delivery; a message that kills is found by our own counter."""

PARKED: FieldTable = {"x-queue-type": "quorum", "x-delivery-limit": -1}
"""For queues where messages wait for an operator: with RabbitMQ's own limit, the 21st look at one would be its end."""

ASKED_BY_ANYBODY = ("*.heads_wanted.#", "*.events_missing.#", "*.stream_forked.#")
"""Every queue receives control messages: requests for heads and for missing events, and reports of forks."""

ALONE_HEADS = "alone_heads"
"""What is told of facts that stand alone; it goes where they go."""

exchange = RabbitExchange(
    EXCHANGE, type=ExchangeType.TOPIC, durable=True, arguments={"alternate-exchange": UNROUTED_EXCHANGE}
)


resend_exchange = RabbitExchange(RESEND_EXCHANGE, type=ExchangeType.DIRECT, durable=True)
"""To one queue by its name: what that queue alone missed."""


@dataclass(frozen=True, slots=True)
class Subscription:
    """What one instance hears: its queue, and the routing keys that lead there."""

    queue: str
    bindings: tuple[str, ...]

    @property
    def dead_queue(self) -> str:
        """Where messages end that were delivered too often."""
        return f"{self.queue}.dead"

    def alone_heads(self) -> tuple[str, ...]:
        """Give the keys of what is told about single facts heard here: for `intake.x.95`, `intake.alone_heads.95`."""
        parts = (key.split(".", 2) for key in self.bindings)
        return tuple(
            {f"{service}.{ALONE_HEADS}.{at}" for service, fact, *rest in parts if fact not in "*#" for at in rest}
        )

    @property
    def arguments(self) -> FieldTable:
        """What its queue is declared with."""
        return {
            "x-queue-type": "quorum",
            "x-delivery-limit": DELIVERY_LIMIT,
            "x-dead-letter-exchange": DEAD_EXCHANGE,
            "x-dead-letter-routing-key": self.queue,
            "x-dead-letter-strategy": "at-least-once",
            "x-overflow": "reject-publish",
        }

    async def declared(self, channel: aio_pika.abc.AbstractChannel) -> aio_pika.abc.AbstractQueue:
        """Make sure that the queue exists, and give it."""
        return await channel.declare_queue(self.queue, durable=True, arguments=self.arguments)


async def declare(channel: aio_pika.abc.AbstractChannel, subscriptions: Iterable[Subscription] = ()) -> None:
    """Make sure that the exchanges, the queues and their bindings exist; what exists already is left as it is.

    On a robust channel all of it is declared again after a reconnection, also to a broker that lost its disk.
    """
    unrouted = await channel.declare_exchange(UNROUTED_EXCHANGE, aio_pika.ExchangeType.FANOUT, durable=True)
    keep = await channel.declare_queue(UNROUTED_QUEUE, durable=True, arguments=PARKED)
    await keep.bind(unrouted)
    dead = await channel.declare_exchange(DEAD_EXCHANGE, aio_pika.ExchangeType.DIRECT, durable=True)
    main = await channel.declare_exchange(
        EXCHANGE,
        aio_pika.ExchangeType.TOPIC,
        durable=True,
        arguments={"alternate-exchange": UNROUTED_EXCHANGE},
    )
    again = await channel.declare_exchange(RESEND_EXCHANGE, aio_pika.ExchangeType.DIRECT, durable=True)
    for subscription in subscriptions:
        graveyard = await channel.declare_queue(subscription.dead_queue, durable=True, arguments=PARKED)
        await graveyard.bind(dead, routing_key=subscription.queue)
        queue = await subscription.declared(channel)
        for key in (*subscription.bindings, *ASKED_BY_ANYBODY, *subscription.alone_heads()):
            await queue.bind(main, routing_key=key)
        await queue.bind(again, routing_key=subscription.queue)
