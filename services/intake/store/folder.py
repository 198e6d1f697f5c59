"""The SQL that compares the folder of documents with the database: its mark, and files without a row."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from services.intake.store.files import StoredFile
from shared.db import Reader, Transaction


@dataclass(frozen=True, slots=True)
class FolderState:
    """The mark of the database, and since when the folder has a higher one."""

    mark: int
    ahead_since: datetime | None


async def lock_state(tx: Transaction) -> FolderState:
    """Return what the database knows of the folder; other copies of the service wait until the transaction ends."""
    row = await tx.fetchrow("SELECT mark, ahead_since FROM document_folder FOR UPDATE")
    if row is None:  # an empty table: begin at mark 0
        await tx.execute("INSERT INTO document_folder DEFAULT VALUES")
        return FolderState(0, None)
    return FolderState(row["mark"], row["ahead_since"])


async def advance_mark(tx: Transaction, mark: int) -> None:
    """Set the mark; the folder is not ahead."""
    await tx.execute("UPDATE document_folder SET mark = $1, folder_mark = NULL, ahead_since = NULL", mark)
    await tx.execute("DELETE FROM unclaimed_file")


async def note_ahead(tx: Transaction, *, folder_mark: int) -> None:
    """Store that the folder has a higher mark than the database."""
    await tx.execute(
        "UPDATE document_folder SET folder_mark = $1, ahead_since = coalesce(ahead_since, now())", folder_mark
    )


async def list_unclaimed(tx: Transaction, files: list[StoredFile]) -> None:
    """Replace the list of files that an operator decides about."""
    await tx.execute("DELETE FROM unclaimed_file")
    await tx.executemany(
        "INSERT INTO unclaimed_file (id, size, modified_at) VALUES ($1, $2, $3)",
        [(file.id, file.size, file.modified_at) for file in files],
    )


async def newest_document(reader: Reader) -> UUID | None:
    """Return the id of the document that was added last; ids are UUIDv7 and sort by time."""
    newest: UUID | None = await reader.fetchval(
        """
        SELECT id
        FROM (
            (SELECT id FROM document ORDER BY id DESC LIMIT 1)
            UNION ALL
            (SELECT id FROM draft_document ORDER BY id DESC LIMIT 1)
        ) AS newest
        ORDER BY id DESC
        LIMIT 1
        """
    )
    return newest
