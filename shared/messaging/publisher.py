"""The publisher: publishes messages with confirmations, over an aio-pika connection of its own."""

import asyncio
import contextlib
from collections.abc import AsyncIterator

import aio_pika.exceptions
import aiormq.exceptions
import structlog
from aio_pika.abc import AbstractChannel, AbstractExchange, HeadersType

from shared import tracing
from shared.messaging import topology
from shared.messaging.connection import (
    BROKER_AWAY,
    BrokerAddresses,
    FailoverConnection,
    NodeLostError,
    node_loss_as_error,
    user_of,
)
from shared.messaging.envelope import CONTENT_TYPE, DIGEST, digest_of
from shared.messaging.names import RESEND_EXCHANGE, exchange_of
from shared.stopping import deadline

log = structlog.get_logger(__name__)

CONNECTS_WITHIN = 10.0
"""Seconds that connecting and declaring may take."""

CONFIRM_WITHIN = 15.0
"""Seconds to wait for a confirmation, the wait for the channel included."""

CONNECTS_AGAIN_AFTER = 10.0
"""Seconds without any confirmation after which the connection is made anew, rather than trusted to come back."""

LEAVES_WITHIN = 4.0
"""Seconds that closing a connection may take, also with a broker that does not answer."""


class UnsendableError(Exception):
    """A message is refused for its content: by the library, or by a broker that closes the channel on it.

    It is only a suspicion for a publish with others under way: the broker closes the channel on all of them.
    """


class Publisher:
    """Publishes over its own connection, which it replaces when nothing is confirmed any more.

    Each message says which broker user publishes it; RabbitMQ refuses one that names another (ADR 36).
    """

    def __init__(self, amqp_url: str, *, name: str) -> None:
        """`name` is the service, which has its own exchange."""
        self._user = user_of(amqp_url)
        self._own_exchange = exchange_of(name)
        self._addresses = BrokerAddresses(amqp_url, f"{name} relay")
        self._connection: FailoverConnection | None = None
        self._exchanges: dict[str, AbstractExchange] = {}
        """Empty while there is no connection."""
        self._unheard_since: float | None = None

    async def connect(self) -> bool:
        """Connect and check the exchanges, unless connected; return whether that succeeded."""
        if self._exchanges:
            return True
        try:
            async with asyncio.timeout(CONNECTS_WITHIN):
                with node_loss_as_error():
                    self._connection = FailoverConnection(self._addresses)
                    await self._connection.connect()
                    channel = await self._connection.channel(on_return_raises=True)
                    exchanges = [await channel.get_exchange(name) for name in (self._own_exchange, RESEND_EXCHANGE)]
        except aio_pika.exceptions.ChannelNotFoundEntity as error:
            topology.log_missing_topology(error)
            await self.close()
            return False
        except BROKER_AWAY as error:
            log.info("relay.broker_away", error=type(error).__name__)
            return False
        self._exchanges = {exchange.name: exchange for exchange in exchanges}
        return True

    async def send(
        self,
        message: aio_pika.Message,
        routing_key: str,
        *,
        exchange: str | None = None,
        returned_is_done: bool = False,
    ) -> bool:
        """Publish one mandatory message; return whether the broker confirmed it. Raises `UnsendableError`.

        The default exchange is the service's own.
        """
        there = self._exchanges.get(exchange or self._own_exchange)
        if there is None:
            return False
        return await self._publish(there, message, routing_key, returned_is_done=returned_is_done)

    async def send_alone(
        self,
        message: aio_pika.Message,
        routing_key: str,
        *,
        exchange: str | None = None,
        returned_is_done: bool = False,
    ) -> bool:
        """Publish one message over a channel of its own; return whether the broker confirmed it.

        Raises `UnsendableError` when the message itself is refused: the broker is there, and takes another channel.
        """
        try:
            async with self._channel() as channel:
                there = await channel.get_exchange(exchange or self._own_exchange, ensure=False)
                return await self._publish(there, message, routing_key, returned_is_done=returned_is_done)
        except BROKER_AWAY:
            return False
        except UnsendableError:
            if await self._opens_channels():
                raise
            return False

    async def _opens_channels(self) -> bool:
        """Return whether the broker is there, and opens a channel."""
        try:
            async with self._channel():
                return True
        except BROKER_AWAY:
            return False

    @contextlib.asynccontextmanager
    async def _channel(self) -> AsyncIterator[AbstractChannel]:
        """Open a channel beside the shared one; raises an error of `BROKER_AWAY`."""
        with node_loss_as_error():
            if self._connection is None:
                raise NodeLostError
            channel = aio_pika.Channel(self._connection, publisher_confirms=True, on_return_raises=True)
            await channel.initialize()
        try:
            yield channel
        finally:
            with contextlib.suppress(*BROKER_AWAY), node_loss_as_error():
                await channel.close()

    async def _publish(
        self, there: AbstractExchange, message: aio_pika.Message, routing_key: str, *, returned_is_done: bool
    ) -> bool:
        message.user_id = self._user
        try:
            with node_loss_as_error():
                await there.publish(message, routing_key, mandatory=True)
        except aio_pika.exceptions.PublishError:
            log.warning("relay.returned", type=message.type, routing_key=routing_key)
            return returned_is_done
        except aiormq.exceptions.ChannelPreconditionFailed as error:
            raise UnsendableError(str(error)) from error
        except BROKER_AWAY as error:
            log.debug("relay.publish_failed", error=type(error).__name__)
            return False
        except Exception as error:
            # It cannot be encoded. The text of the error may hold contents.
            raise UnsendableError(type(error).__name__) from error
        return True

    async def doubt(self, *, since: float | None) -> None:
        """Close a connection over which nothing was confirmed for long; the next batch connects again."""
        self._unheard_since = None if since is None else min(since, self._unheard_since or since)
        if self._unheard_since is None:
            return
        if asyncio.get_running_loop().time() - self._unheard_since > CONNECTS_AGAIN_AFTER:
            log.warning("relay.connects_again")
            self._unheard_since = None
            await self.close()

    async def close(self) -> None:
        """Close the connection."""
        self._exchanges = {}
        connection, self._connection = self._connection, None
        if connection is None:
            return
        with contextlib.suppress(*BROKER_AWAY):
            async with asyncio.timeout(deadline.left(LEAVES_WITHIN)):
                with node_loss_as_error():
                    await connection.close()


def message_of(body: str, *, event_id: str, wire_type: str, trace: str | None = None) -> aio_pika.Message:
    """Return a persistent message of an event, with its trace also as a header."""
    content = body.encode()
    headers: HeadersType = {DIGEST: digest_of(content)}
    if trace:
        headers[tracing.HEADER] = trace
    return aio_pika.Message(
        content,
        headers=headers,
        content_type=CONTENT_TYPE,
        message_id=event_id,
        type=wire_type,
        correlation_id=event_id,
        delivery_mode=aio_pika.DeliveryMode.PERSISTENT,
    )
