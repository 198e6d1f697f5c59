"""A service's ear at the broker: its queue declared, consumed, watched, and left in good order."""

import asyncio
import contextlib
from collections.abc import Awaitable, Callable
from typing import Any, cast

import structlog
from aio_pika.abc import AbstractChannel, AbstractIncomingMessage, AbstractQueue
from aio_pika.exceptions import ChannelNotFoundEntity

from shared.messaging import topology
from shared.messaging.connection import BROKER_AWAY, node_loss_as_error
from shared.messaging.failover_broker import FailoverBroker
from shared.messaging.publisher import LEAVES_WITHIN
from shared.stopping import deadline

log = structlog.get_logger(__name__)

DECLARES_WITHIN = 30.0
"""Seconds that declaring may take."""

LOOKS_WITHIN = 5.0
"""Seconds that a channel may take to be usable, while it is looked after."""

AGAIN_AFTER = 10.0
"""Seconds without a usable channel after which the whole connection is made anew, rather than trusted to come back.

Seen once: RabbitMQ closed a connection (541) while a deleted queue was made again, and aio-pika did not come back.
"""


ENDS_WITHIN = 10.0
"""Seconds that the messages in hand may take to be answered, before the connection is closed under them."""


class Consumer:
    """Consumes one queue from `start` to `close`, through whatever happens to the broker between."""

    def __init__(
        self,
        amqp_url: str,
        on_message: Callable[[AbstractIncomingMessage], Awaitable[None]],
        *,
        name: str,
        subscription: topology.Subscription,
        prefetch: int,
    ) -> None:
        """Take who answers for each message, and how many there may be in hand.

        Messages come from aio-pika's queue: without FastStream's way to a handler a hop carries a seventh more.
        """
        self._subscription = subscription
        self._prefetch = prefetch
        self._on_message = on_message
        self._broker = FailoverBroker(amqp_url, name=f"{name} consumer")
        self._channels: list[AbstractChannel] = []
        """Stored here: the connection refers to its channels weakly, and declares again what it still finds."""
        self._queue: AbstractQueue | None = None
        self._tag = ""
        self._in_hand: set[asyncio.Task[None]] = set()
        self._seen_at = 0.0
        self._lost = False
        self.started = False
        """Whether it consumes, as far as it knows."""
        self.has_consumed = False
        """Whether it ever did: what is away since then is away for all copies of the service."""

    async def start(self) -> None:
        """Connect, declare and consume; try again until the broker is there; later aio-pika reconnects by itself."""
        while not self.started:
            try:
                async with asyncio.timeout(DECLARES_WITHIN):
                    with node_loss_as_error():
                        connection = await self._broker.connect()
                        declared, consumed = await connection.channel(), await connection.channel()
                        self._channels = [declared, consumed]
                        await topology.declare(declared, [self._subscription])
                        await consumed.set_qos(prefetch_count=self._prefetch)
                        self._queue = await self._subscription.declared(consumed)
                        self._tag = await self._queue.consume(self._take)
            except TimeoutError:
                # A node let us in and never answers, as one may that is joining its cluster: by another way, then.
                log.warning("consumer.no_answer", within=DECLARES_WITHIN)
                await self.close()
            except ChannelNotFoundEntity as error:
                topology.say_what_is_missing(error)
            except BROKER_AWAY as error:
                log.info("consumer.broker_away", error=type(error).__name__)
            except Exception:
                log.exception("consumer.failed")
            else:
                self._seen_at = asyncio.get_running_loop().time()
                self.started = self.has_consumed = True
                log.info("consumer.started", queue=self._subscription.queue)
                return
            await asyncio.sleep(1)

    async def declare_again(self) -> None:
        """Declare from time to time what somebody may have deleted under us; what stands costs a few round trips.

        After a reconnection aio-pika declares everything by itself. A deleted queue it makes again with its consumer
        alone, without the bindings: it would be ready, consumed, and for ever empty.
        """
        if not self.started:
            return
        try:
            async with asyncio.timeout(DECLARES_WITHIN):
                with node_loss_as_error():
                    connection = await self._broker.connect()
                    async with connection.channel() as channel:
                        await topology.declare(channel, [self._subscription])
        except BROKER_AWAY as error:
            log.info("consumer.broker_away", error=type(error).__name__)

    async def watch(self) -> None:
        """Consume again where the broker, or a node of it that went, has forgotten us.

        aio-pika restores a consumer that was cancelled; what it has not restored from one look to the next, we do.
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
                await self._connect_again()
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
                    if self._queue is not None:
                        self._tag = await self._queue.consume(self._take)
                        self._lost = False

    async def cancel(self) -> None:
        """Take no more messages; those in hand may still be acknowledged."""
        if self._queue is None:
            return
        with contextlib.suppress(*BROKER_AWAY):
            async with asyncio.timeout(deadline.left(LEAVES_WITHIN)):
                with node_loss_as_error():
                    await self._queue.cancel(self._tag)

    async def close(self) -> None:
        """Answer for what is in hand, and leave the broker; what is not acknowledged goes back to the queue."""
        self.started = False
        if self._in_hand:
            await asyncio.wait(tuple(self._in_hand), timeout=deadline.left(ENDS_WITHIN))
        with contextlib.suppress(*BROKER_AWAY):
            async with asyncio.timeout(deadline.left(LEAVES_WITHIN)):
                with node_loss_as_error():
                    await self._broker.stop()

    async def _take(self, message: AbstractIncomingMessage) -> None:
        """Have a message answered for; what fails leaves it unanswered, and the broker gives it again."""
        task = cast("asyncio.Task[None]", asyncio.current_task())
        self._in_hand.add(task)
        try:
            await self._on_message(message)
        except Exception:
            log.exception("consumer.unanswered", queue=self._subscription.queue)
        finally:
            self._in_hand.discard(task)

    async def _is_known(self) -> bool:
        """Tell whether our consumer is one that the channel delivers to; waits for a channel that is open."""
        if self._queue is None:
            return False
        channel: Any = await self._queue.channel.get_underlay_channel()
        return self._tag in channel.consumers

    async def _connect_again(self) -> None:
        await self.close()
        self._lost = False
        await self.start()
