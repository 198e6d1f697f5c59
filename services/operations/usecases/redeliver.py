"""Redeliver dead letters to their consumer, and republish unrouted events from their publisher's journal.

Operators publish nothing (ADR 36): what they send again goes through the database of the service that it concerns.
"""

from typing import Final

from aio_pika.abc import AbstractIncomingMessage
from pydantic import BaseModel

from services.operations.adapters.connections import Connections, Watched
from services.operations.domain.actions import Action
from services.operations.domain.queues import DEAD
from services.operations.reads.undelivered import NoSuchQueue, depth, fetch, member, queue_of
from services.operations.store import record
from shared.contracts.forms import REQUEST_FILED
from shared.db import Transaction
from shared.messaging.authenticity import Sender
from shared.messaging.control_messages import is_control
from shared.messaging.envelope import DIGEST, is_damaged
from shared.messaging.inbox import resubmitted
from shared.messaging.inbox.message import Message
from shared.messaging.names import EVERYBODY, UNROUTED_QUEUE

TOGETHER: Final = 100
"""Dead letters that are handed over in one transaction."""

FRONT_DOOR = "intake"
"""The service in which messages of unknown publishers are recorded: strangers' messages come to it."""


class Replayed(BaseModel):
    """What became of unrouted messages: handed on, and of those that stay because nobody of ours published them."""

    moved: int
    came_back: int


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
    async with queue_of(connections, live + DEAD) as parked:
        most = min(depth(parked), most)
        while moved < most and (messages := await fetch(parked, min(TOGETHER, most - moved))):
            async with watched.database.transaction() as tx:
                if not moved:
                    await _note(tx, Action.DEAD_DRAIN, f"{live}{DEAD}: {most} message(s)", by, why)
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
    async with queue_of(connections, UNROUTED_QUEUE) as parked:
        for _ in range(min(depth(parked), most)):
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
    if member(message, "type") == REQUEST_FILED:
        await resubmitted.add(tx, [_received(message)])
        return True
    position = await tx.fetchval(
        "SELECT position FROM journal WHERE id::text = $1 AND source = $2 AND convert_to(body, 'UTF8') = $3",
        member(message, "id"),
        member(message, "source"),
        message.body,
    )
    if position is None:
        return False
    await tx.execute("INSERT INTO outbox (position, queue) VALUES ($1, $2) ON CONFLICT DO NOTHING", position, EVERYBODY)
    return True


async def _note(tx: Transaction, action: Action, target: str, by: str, why: str) -> None:
    await record.note(tx, by=by, action=action, target=target, why=why)


def _publisher(connections: Connections, message: AbstractIncomingMessage) -> Watched | None:
    """Return the service concerned: the source's, or intake for what a foreign form filed."""
    source = (member(message, "source") or "").split("/")
    name = FRONT_DOOR if member(message, "type") == REQUEST_FILED else "".join(source[1:2])
    return connections.services.get(name)


def _received(message: AbstractIncomingMessage) -> Message:
    """Return a parked message as it was published: dead letters have another routing key now."""
    key = message.routing_key or ""
    damaged = is_damaged(message.body, message.headers.get(DIGEST))
    return Message(message.body, key, damaged=damaged, sender=Sender(message.user_id, key))
