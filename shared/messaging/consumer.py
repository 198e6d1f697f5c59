"""A service's ear at the broker: its queue declared, consumed, watched, and left in good order."""

import asyncio
import contextlib
from collections.abc import Awaitable, Callable
from typing import Any

import aio_pika
import structlog
from faststream.middlewares import AckPolicy
from faststream.rabbit import Channel, RabbitMessage

from shared.messaging import topology
from shared.messaging.addresses import BROKER_AWAY, lost_is_not_cancelled
from shared.messaging.publisher import LEAVES_WITHIN
from shared.messaging.wandering import WanderingBroker

log = structlog.get_logger(__name__)

DECLARES_WITHIN = 30.0
"""Seconds that declaring may take."""

LOOKS_WITHIN = 5.0
"""Seconds that a channel may take to be usable, while it is looked after."""

AGAIN_AFTER = 10.0
"""Seconds without a usable channel after which the whole connection is made anew, rather than trusted to come back.

Seen once: RabbitMQ closed a connection (541) while a deleted queue was made again, and aio-pika did not come back.
"""


async def _whole(message: Any) -> Any:
    """Give the handler the message as it came: the inbox reads the bytes itself."""
    return message


class Consumer:
    """Consumes one queue from `start` to `close`, through whatever happens to the broker between."""

    def __init__(
        self,
        amqp_url: str,
        on_message: Callable[[RabbitMessage], Awaitable[None]],
        *,
        name: str,
        subscription: topology.Subscription,
        prefetch: int,
    ) -> None:
        self._subscription = subscription
        self._broker = WanderingBroker(
            amqp_url, name=f"{name} consumer", app_id=name, graceful_timeout=20, apply_types=False
        )
        self._subscriber = self._broker.subscriber(
            subscription.rabbit_queue(),
            channel=Channel(prefetch_count=prefetch),
            ack_policy=AckPolicy.MANUAL,
            decoder=_whole,
        )
        self._subscriber(on_message)
        self._declared: aio_pika.abc.AbstractChannel | None = None
        """Kept, because the connection refers to its channels but weakly, and declares again what it still finds."""
        self._seen_at = 0.0
        self._lost = False
        self.started = False
        """Whether it consumes, as far as it knows."""

    async def start(self) -> None:
        """Connect, declare and consume; try again until the broker is there; later aio-pika reconnects by itself."""
        while not self.started:
            try:
                async with asyncio.timeout(DECLARES_WITHIN):
                    with lost_is_not_cancelled():
                        connection = await self._broker.connect()
                        self._declared = await connection.channel()
                        await topology.declare(self._declared, [self._subscription])
                        await self._broker.start()
            except TimeoutError:
                # A node let us in and never answers, as one may that is joining its cluster: by another way, then.
                log.warning("consumer.no_answer", within=DECLARES_WITHIN)
                await self.close()
            except BROKER_AWAY as error:
                log.info("consumer.broker_away", error=type(error).__name__)
            except Exception:
                log.exception("consumer.failed")
            else:
                self._seen_at = asyncio.get_running_loop().time()
                self.started = True
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
                with lost_is_not_cancelled():
                    connection = await self._broker.connect()
                    async with connection.channel() as channel:
                        await topology.declare(channel, [self._subscription])
        except BROKER_AWAY as error:
            log.info("consumer.broker_away", error=type(error).__name__)

    async def watch(self) -> None:
        """Consume again where the broker, or a node of it that went, has forgotten us (FastStream #2758).

        aio-pika restores a consumer that was cancelled; what it has not restored from one look to the next, we do.
        """
        if not self.started:
            return
        now = asyncio.get_running_loop().time()
        try:
            async with asyncio.timeout(LOOKS_WITHIN):
                with lost_is_not_cancelled():
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
        with contextlib.suppress(*BROKER_AWAY), lost_is_not_cancelled():
            await self._subscriber.stop()
            await self._subscriber.start()
            self._lost = False

    async def cancel(self) -> None:
        """Take no more messages; those in hand may still be acknowledged.

        FastStream's own way waits first for those in hand, and drops unacknowledged what still arrives meanwhile.
        """
        queue, tag = self._subscriber._queue_obj, self._subscriber._consumer_tag  # noqa: SLF001 - see above
        if queue is not None and tag is not None:
            with contextlib.suppress(*BROKER_AWAY):
                async with asyncio.timeout(LEAVES_WITHIN):
                    with lost_is_not_cancelled():
                        await queue.cancel(tag)

    async def close(self) -> None:
        """Leave the broker; what is not acknowledged goes back to the queue."""
        self.started = False
        with contextlib.suppress(*BROKER_AWAY):
            async with asyncio.timeout(LEAVES_WITHIN):
                with lost_is_not_cancelled():
                    await self._broker.stop()

    async def _is_known(self) -> bool:
        """Tell whether our consumer is one that the channel delivers to; waits for a channel that is open."""
        queue, tag = self._subscriber._queue_obj, self._subscriber._consumer_tag  # noqa: SLF001 - nothing public says it
        if queue is None or tag is None:
            return False
        channel: Any = await queue.channel.get_underlay_channel()
        return tag in channel.consumers

    async def _connect_again(self) -> None:
        await self.close()
        self._lost = False
        await self.start()
