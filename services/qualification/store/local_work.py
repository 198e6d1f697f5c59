"""Rows of the files that came out of the work of local answers, and the texts that each side wrote of it."""

from typing import Final

from services.qualification.domain.case import Case
from services.qualification.domain.steps import team_of
from shared.contracts.qualification import LocalDeliverableAdded
from shared.db import Transaction
from shared.documents import Stored

WRITTEN: Final = """
    SELECT at, concat_ws(' ', fact ->> 'text', fact ->> 'report', fact ->> 'motive', fact ->> 'title') AS text
    FROM case_step
    WHERE request_id = $2 AND departement = $3 AND team = $4 AND type LIKE 'qualification.local\\_%'
"""
"""What one side wrote of the local work of a case, for `texts.find_room`."""


async def stored(tx: Transaction, case: Case) -> Stored:
    """Return how many files came out of the work of a case, and their bytes together."""
    row = await tx.fetchrow(
        """
        SELECT count(*) AS files, coalesce(sum((document ->> 'size')::bigint), 0)::bigint AS size
        FROM local_deliverable
        WHERE request_id = $1 AND departement = $2
        """,
        case.request_id,
        case.departement,
    )
    return Stored(**row) if row else Stored()


async def add_deliverable(tx: Transaction, fact: LocalDeliverableAdded, content: bytes | None) -> None:
    """Store a file; without its bytes in a database that is rebuilt."""
    await tx.execute(
        """
        INSERT INTO local_deliverable (
            id, request_id, departement, document, milestone, team, author, added_at, content
        )
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)
        """,
        fact.document.id,
        fact.request_id,
        fact.departement,
        fact.document.model_dump(mode="json"),
        fact.milestone,
        team_of(fact),
        fact.by.name or fact.by.email or "",
        fact.at,
        content,
    )
