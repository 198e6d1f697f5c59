"""The consumer: a FastStream subscriber of the service's queue, watched, restored and stopped in bounded time.

FastStream reads the queue and calls our handler with each message as it came; the handler acknowledges. The connection
is aio-pika's robust one, which FastStream makes: it restores channels and consumers, and turns to the next address.
"""

import asyncio
import contextlib
import traceback
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any, cast

import structlog
from aio_pika import RobustConnection
from aio_pika.abc import AbstractChannel, AbstractIncomingMessage
from aio_pika.exceptions import ChannelNotFoundEntity
from faststream import AckPolicy
from faststream.rabbit import (
    Channel,
    ExchangeType,
    QueueType,
    RabbitBroker,
    RabbitExchange,
    RabbitMessage,
    RabbitQueue,
)

from shared.messaging import topology
from shared.messaging.connection import (
    BROKER_AWAY,
    CONNECT_WITHIN,
    RECONNECT_EVERY,
    BrokerAddresses,
    node_loss_as_error,
)
from shared.messaging.names import EXCHANGE
from shared.messaging.publisher import LEAVES_WITHIN
from shared.stopping import deadline

log = structlog.get_logger(__name__)

DECLARES_WITHIN = 30.0
"""Seconds that declaring may take."""

LOOKS_WITHIN = 5.0
"""Seconds that a channel may take to be usable, while it is watched."""

AGAIN_AFTER = 10.0
"""Seconds without a usable channel after which the connection is replaced, rather than left to aio-pika.

Seen once: RabbitMQ closed a connection (541) while a deleted queue was made again, and aio-pika did not come back.
"""


ENDS_WITHIN = 10.0
"""Seconds that messages in hand may take to be answered before the connection is closed."""

OnMessage = Callable[[AbstractIncomingMessage], Awaitable[None]]


class Consumer:
    """Consumes one queue from `start` to `close`, and survives failures of the broker."""

    def __init__(
        self,
        amqp_url: str,
        on_message: OnMessage,
        *,
        name: str,
        subscription: topology.Subscription,
        prefetch: int,
        declare_publishers: Callable[[RabbitBroker], None] = lambda _: None,
    ) -> None:
        """`on_message` acknowledges each message; at most `prefetch` are unacknowledged at once.

        `declare_publishers` adds to FastStream's broker what the service publishes, for its AsyncAPI document.
        """
        self._declare_publishers = declare_publishers
        self._subscription = subscription
        self._prefetch = prefetch
        self._on_message = on_message
        self._addresses = BrokerAddresses(amqp_url, f"{name} consumer")
        self.broker = self._with_subscriber()
        """FastStream's broker for the address in use; another one after a connection could not be made or restored."""
        self._connecting: asyncio.Task[RobustConnection] | None = None
        self._declaring: AbstractChannel | None = None
        """Stored here: the connection refers to its channels weakly, and declares again what it still finds."""
        self._in_hand: set[asyncio.Task[None]] = set()
        self._seen_at = 0.0
        self._lost = False
        self.started = False
        """Whether it consumes, as far as it knows."""
        self.has_consumed = False
        """Whether it ever consumed; a broker that is away since then is away for all copies of the service."""

    def _with_subscriber(self) -> RabbitBroker:
        """Declare the subscriber on a FastStream broker for the current address.

        The queue and its bindings are declared before (`topology`), so that FastStream declares nothing: of a queue's
        bindings it knows one. Types are not applied: a damaged or unknown message is for the inbox to judge.
        """
        broker = RabbitBroker(
            self._addresses.now,
            timeout=CONNECT_WITHIN,
            reconnect_interval=RECONNECT_EVERY,
            on_close=[self._addresses.turn],
            graceful_timeout=None,
            apply_types=False,
            logger=None,
            specification_url="amqp://{host}:{port}/",
            description="RabbitMQ of the installation; over a network by TLS (amqps)",
        )

        @broker.subscriber(
            self._queue,
            RabbitExchange(EXCHANGE, type=ExchangeType.TOPIC, declare=False),
            channel=Channel(prefetch_count=self._prefetch),
            ack_policy=AckPolicy.MANUAL,
            no_reply=True,
            decoder=_as_it_came,
            title="queue",
        )
        async def consume(message: bytes) -> None:
            """Hand a message to the inbox; it is acknowledged once its effect is committed."""
            await self._handle(cast("AbstractIncomingMessage", message))

        self._declare_publishers(broker)
        return broker

    @property
    def _queue(self) -> RabbitQueue:
        bindings = self._subscription.bindings
        return RabbitQueue(
            self._subscription.queue,
            queue_type=QueueType.QUORUM,
            declare=False,
            routing_key=bindings[0] if bindings else "",
        )

    async def start(self) -> None:
        """Connect, declare and consume; try again until the broker is there; later aio-pika reconnects by itself."""
        while not self.started:
            try:
                async with asyncio.timeout(DECLARES_WITHIN):
                    with node_loss_as_error():
                        connection = await self._connected()
                        self._declaring = await connection.channel()
                        await topology.declare(self._declaring, [self._subscription])
                        await self._subscribe()
            except TimeoutError:
                # A node let us in and never answers, as one may that is joining its cluster: by another way, then.
                log.warning("consumer.no_answer", within=DECLARES_WITHIN)
            except ChannelNotFoundEntity as error:
                topology.log_missing_topology(error)
            except BROKER_AWAY as error:
                log.info("consumer.broker_away", error=type(error).__name__)
            except Exception:
                log.exception("consumer.failed")
            else:
                self._seen_at = asyncio.get_running_loop().time()
                self.started = self.has_consumed = True
                log.info("consumer.started", queue=self._subscription.queue)
                return
            await self._leave_for_next_address()
            await asyncio.sleep(1)

    async def declare_again(self) -> None:
        """Declare queue and bindings again, in case they were deleted; after a reconnection aio-pika declares them."""
        if not self.started:
            return
        try:
            async with asyncio.timeout(DECLARES_WITHIN):
                with node_loss_as_error():
                    async with self.channel() as channel:
                        await topology.declare(channel, [self._subscription])
        except BROKER_AWAY as error:
            log.info("consumer.broker_away", error=type(error).__name__)

    @contextlib.asynccontextmanager
    async def channel(self) -> AsyncIterator[AbstractChannel]:
        """Open a channel of the consumer's connection, beside the one that it consumes on."""
        connection = await self._connected()
        async with connection.channel() as channel:
            yield channel

    async def watch(self) -> None:
        """Subscribe again if the broker does not deliver to us any more.

        aio-pika restores a cancelled consumer; one that it has not restored from one call to the next is restored here.
        """
        if not self.started:
            return
        now = asyncio.get_running_loop().time()
        try:
            async with asyncio.timeout(LOOKS_WITHIN):
                with node_loss_as_error():
                    known = await self._is_known()
        except BROKER_AWAY as error:
            if now - self._seen_at > AGAIN_AFTER:
                log.warning("consumer.connects_again", error=type(error).__name__)
                await self._leave_for_next_address()
                self._lost = False
                await self.start()
            return
        self._seen_at = now
        if known or not self._lost:
            self._lost = not known
            return
        log.warning("consumer.lost", queue=self._subscription.queue)
        await self.cancel()
        with contextlib.suppress(*BROKER_AWAY):
            async with asyncio.timeout(LOOKS_WITHIN):
                with node_loss_as_error():
                    await self._subscribe()
                    self._lost = False

    async def cancel(self) -> None:
        """Stop consuming; messages in hand may still be acknowledged."""
        with contextlib.suppress(*BROKER_AWAY):
            async with asyncio.timeout(deadline.left(LEAVES_WITHIN)):
                with node_loss_as_error():
                    for subscriber in self.broker.subscribers:
                        await subscriber.stop()

    async def close(self) -> None:
        """Wait for messages in hand and close the connection; unacknowledged messages return to the queue.

        The connection is closed first: FastStream closes its channel before, and a broker that does not answer would
        keep it there until a timeout cancels it, while aio-pika reconnects for ever.
        """
        self.started = False
        if self._in_hand:
            await asyncio.wait(tuple(self._in_hand), timeout=deadline.left(ENDS_WITHIN))
        await self._close_connection()
        with contextlib.suppress(*BROKER_AWAY):
            async with asyncio.timeout(deadline.left(LEAVES_WITHIN)):
                with node_loss_as_error():
                    await self.broker.stop()

    async def _close_connection(self) -> None:
        """Close the connection, or the one that an attempt under way still makes."""
        connecting, self._connecting, self._declaring = self._connecting, None, None
        if connecting is None or not (await asyncio.wait([connecting], timeout=deadline.left(CONNECT_WITHIN)))[0]:
            return
        with contextlib.suppress(*BROKER_AWAY):
            async with asyncio.timeout(deadline.left(LEAVES_WITHIN)):
                with node_loss_as_error():
                    await connecting.result().close()

    async def _connected(self) -> RobustConnection:
        """Return the connection, made once; cancelling this does not cancel the attempt.

        aio-pika ends an attempt within `CONNECT_WITHIN`. One that is cancelled goes on in the background for ever.
        """
        if self._connecting is None:
            self._connecting = asyncio.create_task(self.broker.connect())
        try:
            return await asyncio.shield(self._connecting)
        except Exception as error:
            traceback.clear_frames(error.__traceback__)  # they hold the connection, which would be collected any time
            raise

    async def _subscribe(self) -> None:
        for subscriber in self.broker.subscribers:
            await subscriber.start()

    async def _handle(self, message: AbstractIncomingMessage) -> None:
        """Call `on_message`; after an error the message is unanswered, and the broker redelivers it."""
        task = cast("asyncio.Task[None]", asyncio.current_task())
        self._in_hand.add(task)
        try:
            await self._on_message(message)
        except Exception:
            log.exception("consumer.unanswered", queue=self._subscription.queue)
        finally:
            self._in_hand.discard(task)

    async def _is_known(self) -> bool:
        """Return whether the subscriber's channel delivers to a consumer; waits for an open channel."""
        queue = await self.broker.declare_queue(self._queue)  # the subscriber's own: declared once, and not again
        channel: Any = await queue.channel.get_underlay_channel()
        return bool(channel.consumers)

    async def _leave_for_next_address(self) -> None:
        used = self._addresses.now
        await self.close()
        if self._addresses.now == used:  # a connection that is closed turns to the next address by itself
            self._addresses.next()
        self.broker = self._with_subscriber()


async def _as_it_came(message: RabbitMessage) -> AbstractIncomingMessage:
    """Decode nothing: return aio-pika's message with its properties, delivery tag and body as bytes."""
    return message.raw_message
