"""Messages that an operator hands to a service again, through its database: who published them stays known (ADR 36).

Published again, they would be the operator's, whom nobody believes, or the operator could publish as anybody.
"""

from collections.abc import Sequence

from shared.db import Reader, Row, Transaction
from shared.messaging.authenticity import Sender
from shared.messaging.inbox.message import Message

BATCH_SIZE = 50


async def add(tx: Transaction, messages: Sequence[Message]) -> None:
    """Have the service take these as if they came from its queue, in this order."""
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
    """Give the next messages, each with its position: begun before, so that one that kills its reader is found."""
    rows = await reader.fetch(
        "SELECT position, body, routing_key, user_id, damaged FROM inbox_again ORDER BY position LIMIT $1", BATCH_SIZE
    )
    return [(row["position"], message_of(row, redelivered=True)) for row in rows]


async def forget(tx: Transaction, positions: Sequence[int]) -> None:
    """Remove messages that are safe."""
    await tx.execute("DELETE FROM inbox_again WHERE position = ANY ($1)", positions)


def message_of(row: Row, *, redelivered: bool = False) -> Message:
    """Make a message of a stored row (`body`, `routing_key`, `user_id`, `damaged`)."""
    user = row["user_id"]
    sender = None if user is None else Sender(user, row["routing_key"])
    return Message(row["body"], row["routing_key"], redelivered, row["damaged"], sender)


def user_of(message: Message) -> str | None:
    """Give what is stored of who published a message: an empty text where nobody vouches for it.

    None where there is nothing to check: it was checked when it came from the queue.
    """
    return None if message.sender is None else message.sender.user or ""
