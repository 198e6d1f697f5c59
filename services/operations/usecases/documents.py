"""Files of documents that intake's database does not claim while the folder knows more: seen, and confirmed."""

from datetime import datetime
from pathlib import Path
from uuid import UUID

from pydantic import BaseModel

from services.operations.adapters.connections import Watched
from services.operations.domain.actions import Action
from services.operations.store import record
from shared.db import Reader
from shared.errors import Conflict

KEEPS_DOCUMENTS = "intake"
QUARANTINE = "quarantine"
"""The folder in the folder of documents where intake sets infected files aside."""


class NothingToConfirm(Conflict):
    """The folder of documents is not ahead of the database: there is nothing to decide."""

    code = "documents_not_ahead"
    title = "The folder of documents knows no more than the database"
    sentence = "Le dossier des documents n’en sait pas plus que la base\u00a0: il n’y a rien à décider."


class UnclaimedFile(BaseModel):
    """A file that no row of the database claims."""

    id: UUID
    size: int
    modified_at: datetime


class Ahead(BaseModel):
    """Since when the folder knows more than the database (None: it does not), and the files that it knows more."""

    since: datetime | None
    files: list[UnclaimedFile]


class InfectedFile(BaseModel):
    """A file that was set aside: since which day, where it lies, and what the antivirus found in it."""

    day: str
    path: Path
    size: int
    found: str


def infected(folder: Path) -> list[InfectedFile]:
    """List the files that the antivirus had set aside, oldest first."""
    paths = sorted(path for path in (folder / QUARANTINE).glob("*/*") if not path.suffix)
    return [
        InfectedFile(
            day=path.parent.name,
            path=path,
            size=path.stat().st_size,
            found=path.with_suffix(".txt").read_text(encoding="utf-8"),
        )
        for path in paths
    ]


async def ahead(reader: Reader) -> Ahead:
    """Return whether the sweep of documents waits for a decision, and about which files."""
    since = await reader.fetchval("SELECT ahead_since FROM document_folder")
    rows = await reader.fetch("SELECT id, size, modified_at FROM unclaimed_file ORDER BY modified_at, id")
    return Ahead(since=since, files=[UnclaimedFile(**row) for row in rows])


async def confirm(watched: Watched, *, by: str, why: str) -> int:
    """Decide that this database is the right one: the next sweep moves the files to the trash. Gives how many.

    Refuses with `NothingToConfirm`.
    """
    why = record.motive(why)
    async with watched.database.transaction() as tx:
        done = await tx.fetchval(
            """
            UPDATE document_folder SET mark = folder_mark, folder_mark = NULL, ahead_since = NULL
            WHERE ahead_since IS NOT NULL
            RETURNING TRUE
            """
        )
        if not done:
            raise NothingToConfirm
        files: int = await tx.fetchval(
            "WITH gone AS (DELETE FROM unclaimed_file RETURNING 1) SELECT count(*) FROM gone"
        )
        await record.note(
            tx, by=by, action=Action.DOCUMENTS_CONFIRM, target=f"{files} files that no row claims", why=why
        )
    return files
