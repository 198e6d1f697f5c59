"""Dead letters, which each service keeps in its quarantine, and unrouted messages in RabbitMQ: list, fetch."""

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime
from typing import Any, Final
from uuid import UUID

import aio_pika.exceptions
from aio_pika.abc import AbstractChannel, AbstractIncomingMessage, AbstractQueue
from pydantic import BaseModel

from services.operations.adapters.connections import Connections, Watched
from services.operations.domain.queues import DEAD
from shared.db import Reader
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
    """How often the broker gave it up, for a dead letter."""
    service: str | None = None
    """The service that keeps a dead letter."""
    message_id: UUID | None = None
    """Its number in that service's quarantine."""
    received_at: datetime | None = None
    """Since when it is stored there."""


OF_QUEUE: Final = "deaths IS NOT NULL AND settled_at IS NULL AND routing_key = $1"
"""The SQL condition for the dead letters of a queue that wait for a decision."""

LONGEST_READ: Final = 1_000_000
"""Bytes of a message beyond which its envelope is not read."""


async def list_undelivered(connections: Connections, queue: str, *, most: int = 50) -> list[Undelivered]:
    """Look at the messages of `unrouted`, or at a queue's dead letters; refuses with `NoSuchQueue`, `BrokerAway`."""
    if queue.endswith(DEAD):
        return await list_dead(connections, queue.removesuffix(DEAD), most=most)
    async with queue_of(connections, queue) as parked:
        return [_parked(queue, message) for message in await fetch(parked, most)]


async def list_dead(connections: Connections, queue: str, *, most: int = 50) -> list[Undelivered]:
    """Look at the dead letters of a queue that wait for a decision, oldest first; refuses with `NoSuchQueue`."""
    watched = await keeper(connections, queue)
    rows = await watched.database.fetch(
        f"""
        SELECT id, received_at, deaths, octet_length(body) AS size,
               CASE WHEN octet_length(body) <= $3 THEN body END AS body
        FROM quarantine
        WHERE {OF_QUEUE}
        ORDER BY received_at, id
        LIMIT $2
        """,
        queue,
        most,
        LONGEST_READ,
    )
    return [
        Undelivered(
            queue=queue + DEAD,
            routing_key=queue,
            **_named(row["body"] or b""),
            size=row["size"],
            deaths=row["deaths"],
            service=watched.name,
            message_id=row["id"],
            received_at=row["received_at"],
        )
        for row in rows
    ]


async def keeper(connections: Connections, queue: str) -> Watched:
    """Return the service that keeps the dead letters of a queue; refuses with `NoSuchQueue`."""
    watched = connections.of_queue(queue)
    if watched is None:
        raise NoSuchQueue(queue=queue + DEAD)
    if queue != watched.queue and queue not in await dead_letters(watched.database):
        raise NoSuchQueue(queue=queue + DEAD)
    return watched


async def dead_letters(reader: Reader) -> dict[str, int]:
    """Count by queue the dead letters that wait for a decision."""
    rows = await reader.fetch(
        """
        SELECT routing_key, count(*) AS messages
        FROM quarantine
        WHERE deaths IS NOT NULL AND settled_at IS NULL
        GROUP BY routing_key
        """
    )
    return {row["routing_key"]: row["messages"] for row in rows}


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
    value = _members(message.body).get(name)
    return value if isinstance(value, str) else None


def _members(body: bytes) -> dict[str, Any]:
    try:
        envelope: Any = json.loads(body)
    except (ValueError, RecursionError):
        return {}
    return envelope if isinstance(envelope, dict) else {}


def _parked(queue: str, message: AbstractIncomingMessage) -> Undelivered:
    return Undelivered(
        queue=queue,
        routing_key=message.routing_key or "",
        **_named(message.body),
        size=len(message.body),
        deaths=None,
    )


def _named(body: bytes) -> dict[str, Any]:
    """Return the members of an envelope that a list shows, as far as it can be read."""
    members = _members(body)

    def text(name: str) -> str | None:
        value = members.get(name)
        return value[:300] if isinstance(value, str) else None

    sequence = members.get("sequence")
    return {
        **{name: text(name) for name in ("id", "type", "source", "subject", "time")},
        "sequence": sequence if isinstance(sequence, int) else None,
    }
