"""Messages that reached no inbox: delivered too often (`<queue>.dead`), or that no queue listens to (`unrouted`).

Operators publish nothing (ADR 36): what they send again goes through the database of the service that it concerns.
"""

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, Final

import aio_pika.exceptions
from aio_pika.abc import AbstractChannel, AbstractIncomingMessage, AbstractQueue
from pydantic import BaseModel

from services.operations.adapters.connections import Connections, Watched
from services.operations.domain.actions import Action
from services.operations.domain.queues import DEAD
from services.operations.store import record
from shared.contracts.forms import REQUEST_FILED
from shared.db import Transaction
from shared.errors import NotFound
from shared.messaging.authenticity import Sender
from shared.messaging.control_messages import is_control
from shared.messaging.envelope import DIGEST, is_damaged
from shared.messaging.inbox import resubmitted
from shared.messaging.inbox.message import Message
from shared.messaging.names import EVERYBODY, UNROUTED_QUEUE

TOGETHER: Final = 100
"""Dead letters that are handed over in one transaction."""
LONGEST_NAME = 255
"""Bytes of a queue's name in AMQP."""
FRONT_DOOR = "intake"
"""Where what nobody of ours told is written down: the service that strangers' messages come to."""


class NoSuchQueue(NotFound):
    """The broker has no such queue."""

    code = "no_such_queue"
    title = "No such queue"
    sentence = (
        "La file «\u00a0{queue}\u00a0» n’existe pas (encore)\u00a0: le service qui l’écoute la crée à son démarrage."
    )


class Parked(BaseModel):
    """One such message: the members of its envelope, as far as it can be read, never its content."""

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
    """What became of unrouted messages: handed on, and of those that stay because nobody of ours published them."""

    moved: int
    came_back: int


async def list_parked(connections: Connections, queue: str, *, most: int = 50) -> list[Parked]:
    """Look at the messages of `unrouted` or of a queue's `.dead`; refuses with `NoSuchQueue`, `BrokerAway`."""
    async with _parked_in(connections, queue) as parked:
        return [_parked(queue, message) for message in await _taken(parked, most)]


async def drain(connections: Connections, queue: str, *, by: str, why: str, most: int = 10_000) -> int:
    """Hand the dead letters of a queue to its service again, oldest first; give how many.

    Refuses with `NoSuchQueue`, `BrokerAway`.
    """
    live = queue.removesuffix(DEAD)
    watched = connections.of_queue(live)
    if watched is None:
        raise NoSuchQueue(queue=live)
    why = record.motive(why)
    moved = 0
    async with _parked_in(connections, live + DEAD) as parked:
        depth = min(_depth(parked), most)
        while moved < depth and (messages := await _taken(parked, min(TOGETHER, depth - moved))):
            async with watched.database.transaction() as tx:
                if not moved:
                    await _note(tx, Action.DEAD_DRAIN, f"{live}{DEAD}: {depth} message(s)", by, why)
                await resubmitted.add(tx, [_received(one) for one in messages if not is_control(one.type)])
            await messages[-1].ack(multiple=True)
            moved += len(messages)
    return moved


async def replay_unrouted(connections: Connections, *, by: str, why: str, most: int = 10_000) -> Replayed:
    """Have unrouted events published again by the service whose journal has them, oldest first.

    What a foreign form filed is handed to intake. Control messages are dropped: their services repeat them. The others
    stay. Written down once at each service. Refuses with `NoSuchQueue`, `BrokerAway`.
    """
    why = record.motive(why)
    noted: set[str] = set()
    moved = came_back = 0
    async with _parked_in(connections, UNROUTED_QUEUE) as parked:
        for _ in range(min(_depth(parked), most)):
            message = await parked.get(no_ack=False, fail=False)
            if message is None:
                break
            publisher = _publisher(connections, message)
            if publisher is not None:
                async with publisher.database.transaction() as tx:
                    handed_on = await _hand_on(tx, message)
                    if handed_on and publisher.name not in noted:
                        await _note(tx, Action.UNROUTED_REPLAY, f"messages of {publisher.name}", by, why)
                        noted.add(publisher.name)
            if is_control(message.type) or (publisher is not None and handed_on):
                await message.ack()
                moved += 1
            else:
                came_back += 1
    return Replayed(moved=moved, came_back=came_back)


async def _hand_on(tx: Transaction, message: AbstractIncomingMessage) -> bool:
    """Put a message into the inbox or outbox of the service concerned; return whether it is known there."""
    if _says(message, "type") == REQUEST_FILED:
        await resubmitted.add(tx, [_received(message)])
        return True
    position = await tx.fetchval(
        "SELECT position FROM journal WHERE id::text = $1 AND source = $2 AND convert_to(body, 'UTF8') = $3",
        _says(message, "id"),
        _says(message, "source"),
        message.body,
    )
    if position is None:
        return False
    await tx.execute("INSERT INTO outbox (position, queue) VALUES ($1, $2) ON CONFLICT DO NOTHING", position, EVERYBODY)
    return True


@asynccontextmanager
async def _parked_in(connections: Connections, queue: str) -> AsyncIterator[AbstractQueue]:
    """Open a queue where messages are parked; what is taken and not acknowledged goes back to where it was.

    Such a queue has no delivery limit (`topology.PARKED`), so that a look uses nothing up.
    """
    async with connections.broker.channel() as channel:
        yield await existing_queue(channel, queue)


async def _taken(parked: AbstractQueue, most: int) -> list[AbstractIncomingMessage]:
    """Take at most so many messages."""
    messages: list[AbstractIncomingMessage] = []
    while len(messages) < most and (message := await parked.get(no_ack=False, fail=False)) is not None:
        messages.append(message)
    return messages


async def existing_queue(channel: AbstractChannel, name: str) -> AbstractQueue:
    """Give a queue that is there; refuses with `NoSuchQueue`, also a name that RabbitMQ would not take."""
    if not (name.isascii() and name.isprintable() and len(name) <= LONGEST_NAME):
        raise NoSuchQueue(queue=name)
    try:
        return await channel.declare_queue(name, passive=True)
    except aio_pika.exceptions.ChannelNotFoundEntity as missing:
        raise NoSuchQueue(queue=name) from missing


def _depth(queue: AbstractQueue) -> int:
    return queue.declaration_result.message_count or 0


async def _note(tx: Transaction, action: Action, target: str, by: str, why: str) -> None:
    await record.note(tx, by=by, action=action, target=target, why=why)


def _publisher(connections: Connections, message: AbstractIncomingMessage) -> Watched | None:
    """Return the service concerned: the source's, or intake for what a foreign form filed."""
    source = (_says(message, "source") or "").split("/")
    name = FRONT_DOOR if _says(message, "type") == REQUEST_FILED else "".join(source[1:2])
    return connections.services.get(name)


def _received(message: AbstractIncomingMessage) -> Message:
    """Give a parked message as it was published: dead letters have another routing key now."""
    key = message.routing_key or ""
    damaged = is_damaged(message.body, message.headers.get(DIGEST))
    return Message(message.body, key, damaged=damaged, sender=Sender(message.user_id, key))


def _says(message: AbstractIncomingMessage, name: str) -> str | None:
    """Give a member of an envelope that is a text, where that much can be read."""
    value = _members(message).get(name)
    return value if isinstance(value, str) else None


def _members(message: AbstractIncomingMessage) -> dict[str, Any]:
    try:
        told: Any = json.loads(message.body)
    except ValueError:
        return {}
    return told if isinstance(told, dict) else {}


def _parked(queue: str, message: AbstractIncomingMessage) -> Parked:
    members = _members(message)

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
