"""What the broker is told about messages in hand: one acknowledgement for all that are safe together."""

import asyncio
import contextlib
from typing import Any
from weakref import WeakKeyDictionary

from aio_pika.abc import AbstractIncomingMessage
from aio_pika.exceptions import ChannelInvalidStateError

from shared.messaging.connection import BROKER_AWAY, node_loss_as_error

MOST_OUT_OF_ORDER = 10_000
"""Messages acknowledged behind one that is not answered, after which each is answered alone for good."""


class Acknowledger:
    """Acknowledges the messages of one consumer.

    A quorum queue writes down each acknowledgement; one that names several costs as much as one that names one. It
    names the last of those before which, on its channel, nothing is left unanswered: tags count from 1 in the order of
    delivery. What is safe behind one that is not is acknowledged alone.
    """

    def __init__(self) -> None:
        self._channels: WeakKeyDictionary[Any, _Channel] = WeakKeyDictionary()

    async def acknowledge(self, message: AbstractIncomingMessage) -> None:
        """Acknowledge it, with all that are said to be safe at the same moment; done when that has been sent."""
        channel = self._channel_of(message)
        if channel is not None:
            await channel.acknowledge(message)

    async def reject(self, message: AbstractIncomingMessage) -> None:
        """Reject it: it goes to the dead letters."""
        with contextlib.suppress(*BROKER_AWAY), node_loss_as_error():
            await message.reject(requeue=False)
        channel = self._channel_of(message)
        if channel is not None:
            channel.settle(message)

    def _channel_of(self, message: AbstractIncomingMessage) -> "_Channel | None":
        """Give the state of its channel; None for a channel that is closed, whose messages the broker gives again."""
        try:
            return self._channels.setdefault(message.channel, _Channel())
        except ChannelInvalidStateError:
            return None


class _Channel:
    """How far the messages of one channel are answered for; with another channel tags begin anew."""

    def __init__(self) -> None:
        self._next = 1
        """The first tag that is not answered."""
        self._out_of_order: set[int] = set()
        """Tags that are, although one before them is not."""
        self._together = True
        self._settled: list[AbstractIncomingMessage] = []
        self._flushing: asyncio.Task[None] | None = None

    async def acknowledge(self, message: AbstractIncomingMessage) -> None:
        """Have it answered with those that say so before the loop comes to the answer."""
        if self._flushing is None:
            self._flushing = asyncio.create_task(self._flush())
        self._settled.append(message)
        await asyncio.shield(self._flushing)

    def settle(self, message: AbstractIncomingMessage) -> bool:
        """Note it; tell whether nothing before it is left."""
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
        """Acknowledge what is safe: the last of a run for all of it."""
        messages, self._settled, self._flushing = sorted(self._settled, key=_tag), [], None
        run: AbstractIncomingMessage | None = None
        alone: list[AbstractIncomingMessage] = []
        for message in messages:
            if self._together and self.settle(message):
                run = message
            else:
                alone.append(message)
        # A broker that is away will give them again, and they will be known.
        with contextlib.suppress(*BROKER_AWAY), node_loss_as_error():
            if run is not None:
                await run.ack(multiple=True)
            for message in alone:
                await message.ack()


def _tag(message: AbstractIncomingMessage) -> int:
    tag = message.delivery_tag
    assert tag is not None  # noqa: S101 - only what was got without `no_ack` comes here
    return tag
