"""Messages that an operator flags for another attempt: the service consumes them again from its own quarantine.

Operators say which message, and nothing about it: body, routing key and publishing account stay as the service stored
them (ADR 36).
"""

from collections.abc import Sequence
from uuid import UUID

from shared.db import Reader, Row, Transaction
from shared.messaging.authenticity import Sender
from shared.messaging.inbox.message import Message

BATCH_SIZE = 50


async def following(reader: Reader) -> list[tuple[UUID, Message]]:
    """Return the next messages with their ids, marked as redelivered so that their attempts are counted."""
    rows = await reader.fetch(
        """
        SELECT id, body, routing_key, user_id, damaged
        FROM quarantine
        WHERE settlement = 'replayed' AND NOT taken
        ORDER BY settled_at, received_at, id
        LIMIT $1
        """,
        BATCH_SIZE,
    )
    return [(row["id"], message_of(row)) for row in rows]


async def mark_taken(tx: Transaction, ids: Sequence[UUID]) -> None:
    """Record that messages were processed: they are not consumed once more."""
    await tx.execute("UPDATE quarantine SET taken = TRUE WHERE id = ANY ($1)", ids)


async def handed_over(reader: Reader) -> list[tuple[int, Message]]:
    """Return what operators of an earlier version handed over with all it claims, in the table `inbox_again`."""
    rows = await reader.fetch(
        "SELECT position, body, routing_key, user_id, damaged FROM inbox_again ORDER BY position LIMIT $1", BATCH_SIZE
    )
    return [(row["position"], message_of(row)) for row in rows]


async def forget(tx: Transaction, positions: Sequence[int]) -> None:
    """Delete processed messages of an earlier version."""
    await tx.execute("DELETE FROM inbox_again WHERE position = ANY ($1)", positions)


def message_of(row: Row) -> Message:
    """Return the message of a stored row (`body`, `routing_key`, `user_id`, `damaged`)."""
    user = row["user_id"]
    sender = None if user is None else Sender(user, row["routing_key"])
    return Message(row["body"], row["routing_key"], redelivered=True, damaged=row["damaged"], sender=sender)


def user_of(message: Message) -> str | None:
    """Return the publishing account as it is stored: empty without one, None for a message that needs no check."""
    return None if message.sender is None else message.sender.user or ""
