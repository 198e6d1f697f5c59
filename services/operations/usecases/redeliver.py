"""Have dead letters consumed again by their service, and unrouted events published again by their publisher.

Operators publish nothing and hand nothing over (ADR 36): they flag what the service concerned has stored itself.
"""

from aio_pika.abc import AbstractIncomingMessage
from pydantic import BaseModel

from services.operations.adapters.connections import Connections, Watched
from services.operations.domain.actions import Action
from services.operations.domain.queues import DEAD
from services.operations.reads.undelivered import OF_QUEUE, depth, keeper, member, queue_of
from services.operations.store import record
from shared.db import Transaction
from shared.messaging.control_messages import is_control
from shared.messaging.names import EVERYBODY, UNROUTED_QUEUE


class Replayed(BaseModel):
    """What became of unrouted messages: handed on, and of those that stay because nobody of ours published them."""

    moved: int
    came_back: int


async def drain(connections: Connections, queue: str, *, by: str, why: str, most: int = 10_000) -> int:
    """Have the service take the dead letters of a queue again, oldest first, within seconds; return how many.

    A damaged one stays: it may be discarded, like every message in quarantine. Refuses with `NoSuchQueue`.
    """
    live = queue.removesuffix(DEAD)
    watched = await keeper(connections, live)
    why = record.motive(why)
    async with watched.database.transaction() as tx:
        rows = await tx.fetch(
            f"""
            WITH chosen AS (
                SELECT id AS chosen_id FROM quarantine
                WHERE {OF_QUEUE} AND NOT damaged
                ORDER BY received_at, id
                LIMIT $2
                FOR UPDATE SKIP LOCKED
            )
            UPDATE quarantine
            SET settled_at = now(), settled_by = $3, settlement = 'replayed', why = $4
            FROM chosen
            WHERE id = chosen_id
            RETURNING id
            """,
            live,
            most,
            by,
            why,
        )
        if rows:
            await _note(tx, Action.DEAD_DRAIN, f"{live}{DEAD}: {len(rows)} message(s)", by, why)
    return len(rows)


async def replay_unrouted(connections: Connections, *, by: str, why: str, most: int = 10_000) -> Replayed:
    """Have unrouted events published again by the service whose journal has them, oldest first.

    Control messages are dropped: their services repeat them. The others stay; what foreign forms filed is taken by
    intake as soon as it runs. Written down once at each service. Refuses with `NoSuchQueue`, `BrokerAway`.
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
                    handed_on = await _publish_again(tx, message)
                    if handed_on and publisher.name not in noted:
                        await _note(tx, Action.UNROUTED_REPLAY, f"messages of {publisher.name}", by, why)
                        noted.add(publisher.name)
            if is_control(message.type) or (publisher is not None and handed_on):
                await message.ack()
                moved += 1
            else:
                came_back += 1
    return Replayed(moved=moved, came_back=came_back)


async def _publish_again(tx: Transaction, message: AbstractIncomingMessage) -> bool:
    """Put an event into the outbox of the service that published it; return whether it is in its journal."""
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
    """Return the service of the source that a message names."""
    source = (member(message, "source") or "").split("/")
    return connections.services.get("".join(source[1:2]))
