"""The SQL of drafts: forms that are saved before they are filed."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from shared.contracts.fact import Actor
from shared.db import Reader, Transaction
from shared.errors import NotFound


@dataclass(frozen=True, slots=True)
class Draft:
    """What was typed so far; once filed, only the request it became. `filed_by`: the agent who files for others."""

    id: UUID
    answers: dict[str, Any]
    saved_at: datetime
    request_id: UUID | None
    filed_by: Actor | None


async def add(
    tx: Transaction, draft_id: UUID, *, answers: dict[str, Any], filed_by: Actor | None, at: datetime
) -> None:
    """Begin a draft."""
    await tx.execute(
        "INSERT INTO draft (id, answers, filed_by, created_at, saved_at) VALUES ($1, $2, $3, $4, $4)",
        draft_id,
        answers,
        filed_by.model_dump(mode="json") if filed_by else None,
        at,
    )


async def load(reader: Reader, draft_id: UUID, *, lock: bool = False) -> Draft:
    """Return a draft; refuses with `NotFound`. With `lock`, two filings of it wait for each other."""
    row = await reader.fetchrow(
        f"SELECT id, answers, saved_at, request_id, filed_by FROM draft WHERE id = $1{' FOR UPDATE' if lock else ''}",
        draft_id,
    )
    if row is None:
        raise NotFound
    filed_by = Actor.model_validate(row["filed_by"]) if row["filed_by"] else None
    return Draft(row["id"], row["answers"], row["saved_at"], row["request_id"], filed_by)


async def save(tx: Transaction, draft_id: UUID, answers: dict[str, Any], *, at: datetime) -> None:
    """Add answers to a draft that is not filed yet; an answer given again replaces the one before."""
    await tx.execute(
        "UPDATE draft SET answers = answers || $2, saved_at = $3 WHERE id = $1 AND request_id IS NULL",
        draft_id,
        answers,
        at,
    )


async def settle(tx: Transaction, draft_id: UUID, request_id: UUID, *, at: datetime) -> None:
    """Store what a draft became, and delete its answers: the request holds them now."""
    await tx.execute(
        "UPDATE draft SET answers = '{}', request_id = $2, saved_at = $3 WHERE id = $1", draft_id, request_id, at
    )


async def forget_before(tx: Transaction, moment: datetime) -> int:
    """Delete drafts that nobody has touched since; return how many."""
    tag = await tx.execute("DELETE FROM draft WHERE saved_at < $1", moment)
    return int(tag.split()[-1])
