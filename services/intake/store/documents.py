"""The SQL of the documents of requests; their bytes are in files (`store/files.py`)."""

from uuid import UUID

from shared.contracts import intake
from shared.db import Reader, Transaction
from shared.documents import Stored


async def stored(tx: Transaction, request_id: UUID) -> Stored:
    """Return how many documents a request has, and their bytes together."""
    row = await tx.fetchrow(
        "SELECT count(*) AS files, coalesce(sum(size), 0)::bigint AS size FROM document WHERE request_id = $1",
        request_id,
    )
    return Stored(**row) if row else Stored()


async def claimed_among(reader: Reader, ids: list[UUID]) -> set[UUID]:
    """Return which of these are documents of a request, or of a draft."""
    rows = await reader.fetch(
        """
        SELECT id FROM document WHERE id = ANY ($1)
        UNION ALL
        SELECT id FROM draft_document WHERE id = ANY ($1)
        """,
        ids,
    )
    return {row["id"] for row in rows}


async def add(tx: Transaction, fact: intake.DocumentAdded) -> None:
    """Store what is known of a file, and whether it was filed with the request."""
    document = fact.document
    await tx.execute(
        """
        INSERT INTO document (id, request_id, name, media_type, size, sha256, added_at, with_request)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
        """,
        document.id,
        fact.request_id,
        document.name,
        document.media_type,
        document.size,
        document.sha256,
        document.added_at,
        fact.with_request,
    )
