"""Messages that an operator resubmits to a service, through its database: with their publishing account (ADR 36).

An operator who published them would need the right to publish as anybody, or no service would believe them.
"""

from collections.abc import Sequence

from shared.db import Reader, Row, Transaction
from shared.messaging.authenticity import Sender
from shared.messaging.inbox.message import Message

BATCH_SIZE = 50


async def add(tx: Transaction, messages: Sequence[Message]) -> None:
    """Store messages for the service to process in this order, as if they came from its queue."""
    await tx.execute(
        """
        INSERT INTO inbox_again (body, routing_key, user_id, damaged)
        SELECT * FROM unnest($1::bytea[], $2::text[], $3::text[], $4::boolean[])
        """,
        [message.body for message in messages],
        [message.routing_key for message in messages],
        [user_of(message) for message in messages],
        [message.damaged for message in messages],
    )


async def following(reader: Reader) -> list[tuple[int, Message]]:
    """Return the next messages with their positions, marked as redelivered so that their attempts are counted."""
    rows = await reader.fetch(
        "SELECT position, body, routing_key, user_id, damaged FROM inbox_again ORDER BY position LIMIT $1", BATCH_SIZE
    )
    return [(row["position"], message_of(row, redelivered=True)) for row in rows]


async def forget(tx: Transaction, positions: Sequence[int]) -> None:
    """Delete processed messages."""
    await tx.execute("DELETE FROM inbox_again WHERE position = ANY ($1)", positions)


def message_of(row: Row, *, redelivered: bool = False) -> Message:
    """Return the message of a stored row (`body`, `routing_key`, `user_id`, `damaged`)."""
    user = row["user_id"]
    sender = None if user is None else Sender(user, row["routing_key"])
    return Message(row["body"], row["routing_key"], redelivered, row["damaged"], sender)


def user_of(message: Message) -> str | None:
    """Return the publishing account as it is stored: empty without one, None for a message that needs no check."""
    return None if message.sender is None else message.sender.user or ""
