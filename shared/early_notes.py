"""Store messages and documents of a request that arrive before its dossier, until the dossier is consumed.

Such a service has the table `early_note`.
"""

from collections.abc import Iterable
from typing import TypeVar
from uuid import UUID

from shared.contracts.fact import Fact
from shared.db import Transaction

F = TypeVar("F", bound=Fact)


async def add(tx: Transaction, fact: Fact) -> None:
    """Store a fact of a request whose dossier may still be on its way."""
    await tx.execute(
        "INSERT INTO early_note (request_id, type, at, data) VALUES ($1, $2, $3, $4)",
        fact.request_id,
        fact.wire_type,
        fact.at,
        fact.model_dump(mode="json"),
    )


async def take(tx: Transaction, request_id: UUID, types: Iterable[type[F]]) -> list[F]:
    """Return the facts that were stored for a dossier, in their order, and delete them; `types` are all that may be."""
    known = {fact.wire_type: fact for fact in types}
    rows = await tx.fetch(
        """
        WITH taken AS (
            DELETE FROM early_note
            WHERE request_id = $1
            RETURNING position, type, data
        )
        SELECT type, data
        FROM taken
        ORDER BY position
        """,
        request_id,
    )
    return [known[row["type"]].model_validate(row["data"]) for row in rows]
