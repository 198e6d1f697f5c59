"""The SQL of documents attached to a draft until it is filed."""

from uuid import UUID

from shared.contracts.intake import Document
from shared.db import Reader, Transaction
from shared.errors import NotFound


async def add(tx: Transaction, draft_id: UUID, document: Document) -> None:
    """Store what is known of a file."""
    await tx.execute(
        """
        INSERT INTO draft_document (id, draft_id, name, media_type, size, sha256, added_at)
        VALUES ($1, $2, $3, $4, $5, $6, $7)
        """,
        document.id,
        draft_id,
        document.name,
        document.media_type,
        document.size,
        document.sha256,
        document.added_at,
    )


async def lock_total_size(tx: Transaction) -> int:
    """Return the bytes that the files of all drafts have; whoever joins one at the same moment waits for this one."""
    await tx.execute("SELECT pg_advisory_xact_lock(hashtextextended('draft_document', 0))")
    size: int = await tx.fetchval("SELECT coalesce(sum(size), 0)::bigint FROM draft_document")
    return size


async def of_draft(reader: Reader, draft_id: UUID) -> list[Document]:
    """Return the documents of a draft, in the order in which they were joined."""
    rows = await reader.fetch(
        """
        SELECT id, name, media_type, size, sha256, added_at
        FROM draft_document
        WHERE draft_id = $1
        ORDER BY added_at, id
        """,
        draft_id,
    )
    return [Document(**row) for row in rows]


async def document(reader: Reader, document_id: UUID, *, of: UUID) -> Document:
    """Return one document of that draft; refuses with `NotFound`."""
    found = [one for one in await of_draft(reader, of) if one.id == document_id]
    if not found:
        raise NotFound
    return found[0]


async def remove(tx: Transaction, draft_id: UUID, document_id: UUID) -> bool:
    """Remove one document from a draft; return whether it was there."""
    tag = await tx.execute("DELETE FROM draft_document WHERE draft_id = $1 AND id = $2", draft_id, document_id)
    return tag == "DELETE 1"


async def hand_over(tx: Transaction, draft_id: UUID) -> list[Document]:
    """Remove all documents from a draft and return them, for the request that it becomes."""
    documents = await of_draft(tx, draft_id)
    await tx.execute("DELETE FROM draft_document WHERE draft_id = $1", draft_id)
    return documents
