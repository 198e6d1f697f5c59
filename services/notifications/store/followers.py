"""Store the colleagues whom an applicant has invited to follow a request."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from shared.db import Reader, Transaction


@dataclass(frozen=True, slots=True)
class Follower:
    """A colleague of the applicant; their link leads to the `id` of their invitation."""

    id: UUID
    name: str
    email: str


async def add_follower(tx: Transaction, request_id: UUID, follower: Follower) -> None:
    """Store who follows a request."""
    await tx.execute(
        "INSERT INTO follower (id, request_id, name, email) VALUES ($1, $2, $3, $4)",
        follower.id,
        request_id,
        follower.name,
        follower.email,
    )


async def end_follower(tx: Transaction, follower_id: UUID, *, at: datetime) -> None:
    """Record that somebody follows no more."""
    await tx.execute("UPDATE follower SET ended_at = $2 WHERE id = $1", follower_id, at)


async def followers(reader: Reader, request_id: UUID) -> list[Follower]:
    """Return those who follow a request now, in the order of their invitations."""
    rows = await reader.fetch(
        "SELECT id, name, email FROM follower WHERE request_id = $1 AND ended_at IS NULL ORDER BY id", request_id
    )
    return [Follower(**row) for row in rows]
