"""Messages that reached no inbox: delivered too often (`<queue>.dead`), or that no queue listens to (`unrouted`).

A parked message is never handed back to its queue: each hand-back counts as a delivery, and after twenty of them
RabbitMQ 4.0 drops the message silently. Whoever looks takes it, puts a copy at the end, and only then lets it go.
"""

import json
from collections.abc import AsyncIterator
from typing import Any

import aio_pika
import aio_pika.exceptions
from aio_pika.abc import AbstractChannel, AbstractIncomingMessage, AbstractQueue
from pydantic import BaseModel

from shared.errors import Conflict, NotFound
from shared.messaging.names import DEAD_EXCHANGE, EXCHANGE, UNROUTED_EXCHANGE, UNROUTED_QUEUE
from shared.operations import record
from shared.operations.reach import Reach, Watched

DEAD = ".dead"
LONGEST_NAME = 255
"""Bytes of a queue's name in AMQP."""
FRONT_DOOR = "intake"
"""Where what nobody of ours told is written down: the service that strangers' messages come to."""


def may_open(queue: str, perimeter: list[str] | None) -> bool:
    """Tell whether the messages parked in a queue all lie in somebody's perimeter: his département's own queue."""
    return perimeter is None or queue.removesuffix(DEAD).partition(".")[2] in perimeter


def require_open(queue: str, perimeter: list[str] | None) -> None:
    """Refuse (`NotFound`) a queue where messages of others are parked."""
    if not may_open(queue, perimeter):
        raise NotFound


class NoSuchQueue(NotFound):
    """The broker has no such queue."""

    code = "no_such_queue"
    title = "No such queue"
    sentence = (
        "La file «\u00a0{queue}\u00a0» n’existe pas (encore)\u00a0: le service qui l’écoute la crée à son démarrage."
    )


class NotAccepted(Conflict):
    """The broker did not take the message where it should go; it is parked again."""

    code = "not_accepted"
    title = "The broker refused the message"
    sentence = (
        "La messagerie a refusé un message pour «\u00a0{queue}\u00a0». "
        "Il reste en attente\u00a0; {moved} sont passés avant lui."
    )


class Parked(BaseModel):
    """One parked message: what its envelope says, as far as it can be read, never its content."""

    queue: str
    routing_key: str
    id: str | None
    type: str | None
    source: str | None
    subject: str | None
    sequence: int | None
    time: str | None
    size: int
    deaths: int | None
    """How often it was delivered before it was given up, where the broker says so."""


class Replayed(BaseModel):
    """What became of unrouted messages: sent again, and of those still without a listener."""

    moved: int
    came_back: int


async def list_parked(reach: Reach, queue: str, *, most: int = 50) -> list[Parked]:
    """Look at the messages of `unrouted` or of a queue's `.dead`; refuses with `NoSuchQueue`, `BrokerAway`."""
    async with reach.broker.channel() as channel:
        return [_parked(queue, message) async for message in _taken(channel, queue, most, put_back=True)]


async def drain(reach: Reach, queue: str, *, by: str, why: str, most: int = 10_000) -> int:
    """Send the dead letters of a queue back to it, oldest first; give how many.

    Refuses with `NoSuchQueue`, `NotAccepted`, `BrokerAway`.
    """
    live = queue.removesuffix(DEAD)
    watched = reach.of_queue(live)
    if watched is None:
        raise NoSuchQueue(queue=live)
    why = record.motive(why)
    moved = 0
    async with reach.broker.channel() as channel:
        depth = min(await _depth(await existing_queue(channel, live + DEAD)), most)
        if depth:
            await _note(watched, "dead.drain", f"{live}{DEAD}: {depth} message(s)", by, why)
        async for message in _taken(channel, live + DEAD, depth):
            try:
                await channel.default_exchange.publish(_copy(message), routing_key=live, mandatory=True, timeout=30)
            except aio_pika.exceptions.DeliveryError as refused:
                await _put_back(channel, live + DEAD, message)
                raise NotAccepted(queue=live, moved=moved) from refused
            await message.ack()
            moved += 1
    return moved


async def replay_unrouted(reach: Reach, *, by: str, why: str, most: int = 10_000) -> Replayed:
    """Publish the unrouted messages again under their own routing keys, oldest first.

    Those that still nobody listens to come back. Written down once at each service that told some of them.
    Refuses with `NoSuchQueue`, `BrokerAway`.
    """
    why = record.motive(why)
    told: set[str] = set()
    moved = 0
    async with reach.broker.channel() as channel:
        exchange = await channel.get_exchange(EXCHANGE, ensure=False)
        unrouted = await existing_queue(channel, UNROUTED_QUEUE)
        depth = min(await _depth(unrouted), most)
        async for message in _taken(channel, UNROUTED_QUEUE, depth):
            publisher = _publisher(reach, message.routing_key or "")
            if publisher.name not in told:
                try:
                    await _note(publisher, "unrouted.replay", f"messages of {publisher.name}", by, why)
                except BaseException:
                    await _put_back(channel, UNROUTED_QUEUE, message)
                    raise
                told.add(publisher.name)
            await exchange.publish(_copy(message), routing_key=message.routing_key or "", mandatory=True, timeout=30)
            await message.ack()
            moved += 1
        came_back = min(await _depth(await existing_queue(channel, UNROUTED_QUEUE)), moved)
    return Replayed(moved=moved, came_back=came_back)


async def _taken(
    channel: AbstractChannel, queue: str, most: int, *, put_back: bool = False
) -> AsyncIterator[AbstractIncomingMessage]:
    """Give at most so many messages, no more than are there at the beginning."""
    parked = await existing_queue(channel, queue)
    for _ in range(min(most, await _depth(parked))):
        message = await parked.get(no_ack=False, fail=False)
        if message is None:
            return
        yield message
        if put_back:
            await _put_back(channel, queue, message)


async def _put_back(channel: AbstractChannel, queue: str, message: AbstractIncomingMessage) -> None:
    """Put a copy at the end of the parking queue, through the exchange that keeps its routing key, and let go."""
    name = UNROUTED_EXCHANGE if queue == UNROUTED_QUEUE else DEAD_EXCHANGE
    exchange = await channel.get_exchange(name, ensure=False)
    await exchange.publish(_copy(message), routing_key=message.routing_key or "", mandatory=True, timeout=30)
    await message.ack()


async def existing_queue(channel: AbstractChannel, name: str) -> AbstractQueue:
    """Give a queue that is there; refuses with `NoSuchQueue`, also a name that RabbitMQ would not take."""
    if not (name.isascii() and name.isprintable() and len(name) <= LONGEST_NAME):
        raise NoSuchQueue(queue=name)
    try:
        return await channel.declare_queue(name, passive=True)
    except aio_pika.exceptions.ChannelNotFoundEntity as missing:
        raise NoSuchQueue(queue=name) from missing


async def _depth(queue: AbstractQueue) -> int:
    return queue.declaration_result.message_count or 0


async def _note(watched: Watched, action: str, target: str, by: str, why: str) -> None:
    async with watched.database.transaction() as tx:
        await record.note(tx, by=by, action=action, target=target, why=why)


def _publisher(reach: Reach, routing_key: str) -> Watched:
    """Tell which service's message it is; the front door's, when nobody of ours told it."""
    name = routing_key.split(".", 1)[0]
    return reach.services.get(name) or reach.service(FRONT_DOOR)


def _copy(message: AbstractIncomingMessage) -> aio_pika.Message:
    """Write the same message once more, persistent; what the broker counted on it begins again."""
    return aio_pika.Message(
        message.body,
        headers={name: value for name, value in message.headers.items() if not name.startswith("x-delivery-")},
        content_type=message.content_type,
        message_id=message.message_id,
        type=message.type,
        correlation_id=message.correlation_id,
        app_id=message.app_id,
        delivery_mode=aio_pika.DeliveryMode.PERSISTENT,
    )


def _parked(queue: str, message: AbstractIncomingMessage) -> Parked:
    try:
        told: Any = json.loads(message.body)
    except ValueError:
        told = None
    members = told if isinstance(told, dict) else {}

    def text(name: str) -> str | None:
        value = members.get(name)
        return value[:300] if isinstance(value, str) else None

    sequence = members.get("sequence")
    deaths = message.headers.get("x-death")
    first = deaths[0] if isinstance(deaths, list) and deaths else {}
    count = first.get("count") if isinstance(first, dict) else None
    return Parked(
        queue=queue,
        routing_key=message.routing_key or "",
        id=text("id"),
        type=text("type"),
        source=text("source"),
        subject=text("subject"),
        sequence=sequence if isinstance(sequence, int) else None,
        time=text("time"),
        size=len(message.body),
        deaths=count if isinstance(count, int) else None,
    )
