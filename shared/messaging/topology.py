"""RabbitMQ topology: exchanges, a quorum queue with its bindings per consuming instance, dead letters, unrouted."""

from collections.abc import Iterable
from dataclasses import dataclass
from functools import partial

import aio_pika
import aio_pika.exceptions
import structlog
from aio_pika.abc import AbstractChannel, AbstractConnection, AbstractQueue
from aiormq.abc import FieldTable

from shared.messaging.accounts import PUBLISHES
from shared.messaging.control_messages import ALONE_HEADS
from shared.messaging.names import (
    DEAD_EXCHANGE,
    EXCHANGE,
    RESEND_EXCHANGE,
    UNROUTED_EXCHANGE,
    UNROUTED_QUEUE,
    exchange_of,
)

log = structlog.get_logger(__name__)

DELIVERY_LIMIT = 1000
"""High, because RabbitMQ 4.0 counts each requeue as a delivery; our own counter finds a message that kills."""

PARKED: FieldTable = {"x-queue-type": "quorum", "x-delivery-limit": -1}
"""Arguments of queues where messages wait for an operator; the default limit would drop one at its 21st delivery."""

ASKED_BY_ANYBODY = ("*.heads_wanted.#", "*.events_missing.#", "*.stream_forked.#")
"""Every queue receives control messages: requests for heads and for missing events, and reports of forks."""


@dataclass(frozen=True, slots=True)
class Subscription:
    """The queue of one consuming instance, and its bindings."""

    queue: str
    bindings: tuple[str, ...]
    former: tuple[str, ...] = ()
    """Bindings of earlier versions, which are removed."""

    @property
    def dead_queue(self) -> str:
        """The queue of dead letters."""
        return f"{self.queue}.dead"

    def alone_heads(self) -> tuple[str, ...]:
        """Return the bindings for heads of events outside streams: for `intake.x.95`, `intake.alone_heads.95`."""
        parts = (key.split(".", 2) for key in self.bindings)
        return tuple(
            {f"{service}.{ALONE_HEADS}.{at}" for service, fact, *rest in parts if fact not in "*#" for at in rest}
        )

    @property
    def arguments(self) -> FieldTable:
        """The arguments of the queue."""
        return {
            "x-queue-type": "quorum",
            "x-delivery-limit": DELIVERY_LIMIT,
            "x-dead-letter-exchange": DEAD_EXCHANGE,
            "x-dead-letter-routing-key": self.queue,
            "x-dead-letter-strategy": "at-least-once",
            "x-overflow": "reject-publish",
        }

    async def declared(self, channel: AbstractChannel) -> AbstractQueue:
        """Declare the queue and return it."""
        return await channel.declare_queue(self.queue, durable=True, arguments=self.arguments)


async def declare_shared(connection: AbstractConnection) -> None:
    """Declare all exchanges and the queue of unrouted messages, with the account of the supervisor."""
    for name in (DEAD_EXCHANGE, RESEND_EXCHANGE):
        await _declare_topic_exchange(connection, name)
    parked: FieldTable = {"alternate-exchange": UNROUTED_EXCHANGE}
    async with connection.channel() as channel:
        unrouted = await channel.declare_exchange(UNROUTED_EXCHANGE, aio_pika.ExchangeType.FANOUT, durable=True)
        queue = await channel.declare_queue(UNROUTED_QUEUE, durable=True, arguments=PARKED)
        await queue.bind(unrouted)
        topic = partial(channel.declare_exchange, type=aio_pika.ExchangeType.TOPIC, durable=True, arguments=parked)
        main = await topic(EXCHANGE)
        for service, prefixes in PUBLISHES.items():
            own = await topic(exchange_of(service))
            for prefix in prefixes:
                await main.bind(own, routing_key=f"{prefix}.#")


async def _declare_topic_exchange(connection: AbstractConnection, name: str) -> None:
    """Declare a topic exchange; replace a direct one, as all were before December 2026.

    Messages published before its queues are bound again are resent by gap recovery.
    """
    try:
        async with connection.channel() as channel:
            await channel.declare_exchange(name, aio_pika.ExchangeType.TOPIC, durable=True)
    except aio_pika.exceptions.ChannelPreconditionFailed:
        async with connection.channel() as channel:
            await channel.exchange_delete(name)
            await channel.declare_exchange(name, aio_pika.ExchangeType.TOPIC, durable=True)


def log_missing_topology(error: Exception) -> None:
    """Log which exchange or queue is missing, and the command that declares it."""
    log.error("broker.topology_missing", reason=str(error)[:200], remedy="cousu-main broker declare")


async def declare(channel: AbstractChannel, subscriptions: Iterable[Subscription]) -> None:
    """Declare queues and bindings.

    On a robust channel all of it is declared again after a reconnection, also to a broker that lost its disk. The
    exchanges are the supervisor's: raises `ChannelNotFoundEntity` where one is missing.
    """
    main, dead, again = [
        await channel.get_exchange(name, ensure=False) for name in (EXCHANGE, DEAD_EXCHANGE, RESEND_EXCHANGE)
    ]
    for subscription in subscriptions:
        graveyard = await channel.declare_queue(subscription.dead_queue, durable=True, arguments=PARKED)
        await graveyard.bind(dead, routing_key=subscription.queue)
        queue = await subscription.declared(channel)
        for key in (*subscription.bindings, *ASKED_BY_ANYBODY, *subscription.alone_heads()):
            await queue.bind(main, routing_key=key)
        for key in subscription.former:
            await queue.unbind(main, routing_key=key)
        await queue.bind(again, routing_key=subscription.queue)
