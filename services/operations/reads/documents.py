"""Files without a row in intake's database, and infected files: list."""

from datetime import datetime
from pathlib import Path
from uuid import UUID

from pydantic import BaseModel

from shared.db import Reader

HAS_DOCUMENTS = "intake"

QUARANTINE = "quarantine"
"""The folder in the folder of documents where intake sets infected files aside."""


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
