"""The SQL of answers to foreign forms that wait to be published."""

from dataclasses import astuple, dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from shared.db import Reader, Transaction


@dataclass(frozen=True, slots=True)
class Answer:
    """One answer: with a `number` the request was filed, otherwise `refusal` says why not."""

    event_id: UUID
    filed_from: str
    filed_id: str
    at: datetime
    request_id: UUID
    departement: str
    number: str | None
    refusal: dict[str, Any] | None


async def add(tx: Transaction, answer: Answer) -> None:
    """Store an answer, to be published."""
    await tx.execute(
        """
        INSERT INTO form_answer (event_id, filed_from, filed_id, at, request_id, departement, number, refusal)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
        """,
        *astuple(answer),
    )


async def any_waits(reader: Reader) -> bool:
    """Return whether there are answers to publish."""
    return bool(await reader.fetchval("SELECT EXISTS (SELECT FROM form_answer)"))


async def take(tx: Transaction, *, most: int) -> list[tuple[int, Answer]]:
    """Lock the oldest answers that no other copy of the service has in hand; return each with its position."""
    rows = await tx.fetch(
        """
        SELECT position, event_id, filed_from, filed_id, at, request_id, departement, number, refusal
        FROM form_answer
        ORDER BY position
        LIMIT $1
        FOR UPDATE SKIP LOCKED
        """,
        most,
    )
    return [
        (row["position"], Answer(**{name: value for name, value in row.items() if name != "position"})) for row in rows
    ]


async def remove(tx: Transaction, positions: list[int]) -> None:
    """Delete answers that the broker has."""
    await tx.execute("DELETE FROM form_answer WHERE position = ANY ($1)", positions)
