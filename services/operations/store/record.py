"""Record of operators' actions: one row per action (who, what, why) in the database of the service concerned."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from pydantic import BaseModel, Field

from services.operations.domain.actions import Action
from shared import db
from shared.clock import new_id
from shared.db import Reader, Transaction
from shared.errors import Invalid

LONGEST = 500

Motive = Annotated[str, Field(default="", max_length=LONGEST)]
"""The motive in a command; an empty one is refused by `motive`, with a sentence."""


class Operation(BaseModel):
    """One action of an operator."""

    id: UUID
    service: str
    at: datetime
    by: str
    action: str
    target: str
    why: str


def motive(why: str) -> str:
    """Return the motive without blanks around it; refuses (`Invalid`) none, and one that is too long."""
    text = " ".join(why.split())
    if not text:
        raise Invalid.field("why", "Donnez le motif\u00a0: il est gardé avec votre nom.")
    if len(text) > LONGEST:
        raise Invalid.field("why", f"Donnez un motif de {LONGEST} caractères au plus.")
    return text


async def note(tx: Transaction, *, by: str, action: Action, target: str, why: str) -> None:
    """Store an action, in the transaction that does it."""
    await tx.execute(
        "INSERT INTO operation (id, by, action, target, why) VALUES ($1, $2, $3, $4, $5)",
        new_id(),
        by,
        action,
        target,
        motive(why),
    )


async def latest(
    reader: Reader, service: str, *, most: int = 50, by: str | None = None, containing: str = ""
) -> list[Operation]:
    """Return the latest actions on a service, of one person or of all, newest first.

    `containing` is a text in who did it, what it was done to, or why.
    """
    rows = await reader.fetch(
        f"""
        SELECT id, at, by, action, target, why
        FROM operation
        WHERE ($2::text IS NULL OR by = $2)
          AND concat_ws(' ', by, target, why) ILIKE {db.containing("$3::text")}
        ORDER BY at DESC, id DESC
        LIMIT $1
        """,
        most,
        by,
        containing,
    )
    return [Operation(service=service, **row) for row in rows]
