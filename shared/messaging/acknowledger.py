"""The acknowledger: acknowledges together all messages committed in the same transaction (tuning)."""

import asyncio
import contextlib
from typing import Any
from weakref import WeakKeyDictionary

from aio_pika.abc import AbstractIncomingMessage
from aio_pika.exceptions import ChannelInvalidStateError

from shared.messaging.connection import BROKER_AWAY, node_loss_as_error

MOST_OUT_OF_ORDER = 10_000
"""Messages acknowledged out of order, after which the channel acknowledges each message alone."""


class Acknowledger:
    """Acknowledges the messages of one consumer.

    A quorum queue writes each acknowledgement to disk; a multiple one costs as much as a single one. A multiple
    acknowledgement names the last message before which none of its channel is unanswered: delivery tags count from 1
    in the order of delivery. A message behind an unanswered one is acknowledged alone.
    """

    def __init__(self) -> None:
        self._channels: WeakKeyDictionary[Any, _Channel] = WeakKeyDictionary()

    async def acknowledge(self, message: AbstractIncomingMessage) -> None:
        """Acknowledge a message, together with all that are given before the loop turns; return once it is sent."""
        channel = self._channel_of(message)
        if channel is not None:
            await channel.acknowledge(message)

    async def reject(self, message: AbstractIncomingMessage) -> None:
        """Reject a message: it goes to the dead-letter queue."""
        with contextlib.suppress(*BROKER_AWAY), node_loss_as_error():
            await message.reject(requeue=False)
        channel = self._channel_of(message)
        if channel is not None:
            channel.settle(message)

    def _channel_of(self, message: AbstractIncomingMessage) -> "_Channel | None":
        """Return the state of its channel; None where it is closed: the broker redelivers its messages."""
        try:
            return self._channels.setdefault(message.channel, _Channel())
        except ChannelInvalidStateError:
            return None


class _Channel:
    """The answered delivery tags of one channel; tags of another channel begin at 1 again."""

    def __init__(self) -> None:
        self._next = 1
        """The first unanswered tag."""
        self._out_of_order: set[int] = set()
        """Answered tags behind an unanswered one."""
        self._together = True
        self._settled: list[AbstractIncomingMessage] = []
        self._flushing: asyncio.Task[None] | None = None

    async def acknowledge(self, message: AbstractIncomingMessage) -> None:
        """Queue a message for the next flush, and wait for it."""
        if self._flushing is None:
            self._flushing = asyncio.create_task(self._flush())
        self._settled.append(message)
        await asyncio.shield(self._flushing)

    def settle(self, message: AbstractIncomingMessage) -> bool:
        """Record a tag as answered; return whether no tag before it is unanswered."""
        tag = _tag(message)
        in_turn = tag == self._next
        if self._together:
            self._out_of_order.add(tag)
        while self._next in self._out_of_order:
            self._out_of_order.remove(self._next)
            self._next += 1
        if len(self._out_of_order) > MOST_OUT_OF_ORDER:
            self._together = False
            self._out_of_order.clear()
        return in_turn

    async def _flush(self) -> None:
        """Acknowledge the queued messages: runs by one multiple acknowledgement, the others alone."""
        messages, self._settled, self._flushing = sorted(self._settled, key=_tag), [], None
        run: AbstractIncomingMessage | None = None
        alone: list[AbstractIncomingMessage] = []
        for message in messages:
            if self._together and self.settle(message):
                run = message
            else:
                alone.append(message)
        # A broker that is away redelivers them, and the inbox recognises them.
        with contextlib.suppress(*BROKER_AWAY), node_loss_as_error():
            if run is not None:
                await run.ack(multiple=True)
            for message in alone:
                await message.ack()


def _tag(message: AbstractIncomingMessage) -> int:
    tag = message.delivery_tag
    assert tag is not None  # noqa: S101 - messages are consumed without `no_ack`
    return tag
