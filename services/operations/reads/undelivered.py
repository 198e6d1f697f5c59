"""Dead letters (`<queue>.dead`) and unrouted messages in RabbitMQ: list, fetch."""

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import aio_pika.exceptions
from aio_pika.abc import AbstractChannel, AbstractIncomingMessage, AbstractQueue
from pydantic import BaseModel

from services.operations.adapters.connections import Connections
from shared.errors import NotFound

LONGEST_NAME = 255
"""Bytes of a queue's name in AMQP."""


class NoSuchQueue(NotFound):
    """The broker has no such queue."""

    code = "no_such_queue"
    title = "No such queue"
    sentence = (
        "La file «\u00a0{queue}\u00a0» n’existe pas (encore)\u00a0: le service qui l’écoute la crée à son démarrage."
    )


class Undelivered(BaseModel):
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


async def list_undelivered(connections: Connections, queue: str, *, most: int = 50) -> list[Undelivered]:
    """Look at the messages of `unrouted` or of a queue's `.dead`; refuses with `NoSuchQueue`, `BrokerAway`."""
    async with queue_of(connections, queue) as parked:
        return [_parked(queue, message) for message in await fetch(parked, most)]


@asynccontextmanager
async def queue_of(connections: Connections, queue: str) -> AsyncIterator[AbstractQueue]:
    """Open a queue where messages are parked; what is taken and not acknowledged goes back to where it was.

    Such a queue has no delivery limit (`topology.PARKED`), so that a look uses nothing up.
    """
    async with connections.broker.channel() as channel:
        yield await existing_queue(channel, queue)


async def fetch(parked: AbstractQueue, most: int) -> list[AbstractIncomingMessage]:
    """Take at most so many messages."""
    messages: list[AbstractIncomingMessage] = []
    while len(messages) < most and (message := await parked.get(no_ack=False, fail=False)) is not None:
        messages.append(message)
    return messages


async def existing_queue(channel: AbstractChannel, name: str) -> AbstractQueue:
    """Return a queue that is there; refuses with `NoSuchQueue`, also a name that RabbitMQ would not take."""
    if not (name.isascii() and name.isprintable() and len(name) <= LONGEST_NAME):
        raise NoSuchQueue(queue=name)
    try:
        return await channel.declare_queue(name, passive=True)
    except aio_pika.exceptions.ChannelNotFoundEntity as missing:
        raise NoSuchQueue(queue=name) from missing


def depth(queue: AbstractQueue) -> int:
    """Return how many messages the queue had when it was opened."""
    return queue.declaration_result.message_count or 0


def member(message: AbstractIncomingMessage, name: str) -> str | None:
    """Return a member of an envelope that is a text, where that much can be read."""
    value = _members(message).get(name)
    return value if isinstance(value, str) else None


def _members(message: AbstractIncomingMessage) -> dict[str, Any]:
    try:
        envelope: Any = json.loads(message.body)
    except ValueError:
        return {}
    return envelope if isinstance(envelope, dict) else {}


def _parked(queue: str, message: AbstractIncomingMessage) -> Undelivered:
    members = _members(message)

    def text(name: str) -> str | None:
        value = members.get(name)
        return value[:300] if isinstance(value, str) else None

    sequence = members.get("sequence")
    deaths = message.headers.get("x-death")
    first = deaths[0] if isinstance(deaths, list) and deaths else {}
    count = first.get("count") if isinstance(first, dict) else None
    return Undelivered(
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
