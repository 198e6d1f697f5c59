"""One acknowledgement answers for many, and never for a message that is not safe."""

import asyncio
from dataclasses import dataclass, field
from typing import Any, cast

import pytest
from aio_pika.abc import AbstractIncomingMessage
from aio_pika.exceptions import ChannelInvalidStateError

from shared.messaging import acknowledger
from shared.messaging.acknowledger import Acknowledger


class Channel:
    """Where the messages came from, and what was said about them."""

    def __init__(self) -> None:
        self.said: list[str] = []
        self.left: set[int] = set()

    def deliver(self, *tags: int) -> list[AbstractIncomingMessage]:
        """Deliver messages with these tags."""
        self.left |= set(tags)
        return [cast("AbstractIncomingMessage", Delivered(self, tag)) for tag in tags]


@dataclass(frozen=True)
class Delivered:
    """A message that says to its channel what it is told, as the broker understands it."""

    channel: Channel
    delivery_tag: int
    options: dict[str, Any] = field(default_factory=dict)

    async def ack(self, *, multiple: bool = False) -> None:
        await asyncio.sleep(0)
        channel, tag = self.channel, self.delivery_tag
        channel.said.append(f"ack {tag}{' and before' if multiple else ''}")
        channel.left -= {one for one in channel.left if one == tag or (multiple and one < tag)}

    async def reject(self, *, requeue: bool) -> None:
        assert not requeue
        self.channel.said.append(f"reject {self.delivery_tag}")
        self.channel.left.discard(self.delivery_tag)


@pytest.fixture
def channel() -> Channel:
    return Channel()


async def all_safe(broker: Acknowledger, messages: list[AbstractIncomingMessage]) -> None:
    await asyncio.gather(*(broker.acknowledge(message) for message in messages))


async def test_what_is_safe_at_the_same_moment_is_acknowledged_once(channel: Channel) -> None:
    broker = Acknowledger()
    await all_safe(broker, channel.deliver(*range(1, 101)))
    await all_safe(broker, channel.deliver(101, 102))
    assert channel.said == ["ack 100 and before", "ack 102 and before"]
    assert channel.left == set()


async def test_what_is_safe_behind_a_message_that_is_not_is_acknowledged_alone(channel: Channel) -> None:
    broker = Acknowledger()
    one, two, three, four = channel.deliver(1, 2, 3, 4)
    await all_safe(broker, [four, one, three])
    assert channel.said == ["ack 1 and before", "ack 3", "ack 4"]
    assert channel.left == {2}
    await all_safe(broker, [two, *channel.deliver(5, 6)])
    assert channel.said[3:] == ["ack 6 and before"]
    assert channel.left == set()


async def test_what_is_left_is_never_acknowledged_by_what_comes_after_it(channel: Channel) -> None:
    broker = Acknowledger()
    channel.deliver(1)
    for tag in range(2, 50):
        await all_safe(broker, channel.deliver(tag))
    assert channel.left == {1}


async def test_a_message_that_is_rejected_stands_in_nobody_s_way(channel: Channel) -> None:
    broker = Acknowledger()
    one, two, three = channel.deliver(1, 2, 3)
    await broker.reject(two)
    await all_safe(broker, [one, three])
    assert channel.said == ["reject 2", "ack 3 and before"]


async def test_another_channel_begins_anew(channel: Channel) -> None:
    broker = Acknowledger()
    await all_safe(broker, channel.deliver(1, 2))
    other = Channel()
    await all_safe(broker, other.deliver(2))
    assert other.said == ["ack 2"]


async def test_a_gap_that_never_closes_costs_no_memory(channel: Channel, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(acknowledger, "MOST_OUT_OF_ORDER", 5)
    broker = Acknowledger()
    channel.deliver(1)
    await all_safe(broker, channel.deliver(*range(2, 20)))
    (kept,) = broker._channels.values()  # noqa: SLF001 - what it keeps is the question
    assert len(kept._out_of_order) <= 5  # noqa: SLF001 - same
    assert channel.left == {1}


class Gone:
    """A message of a channel that was closed, as aio-pika has it."""

    @property
    def channel(self) -> Channel:
        raise ChannelInvalidStateError


async def test_a_message_of_a_closed_channel_needs_no_answer() -> None:
    broker, message = Acknowledger(), cast("AbstractIncomingMessage", Gone())
    await broker.acknowledge(message)
    assert not broker._channels  # noqa: SLF001 - what it keeps is the question
