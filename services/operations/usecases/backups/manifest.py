"""Manifest of a backup: its files with their hashes."""

import hashlib
from datetime import datetime
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ValidationError

from shared.errors import Conflict

MANIFEST = "manifest.json"
DOCUMENTS = "documents"


class DamagedBackup(Conflict):
    """A file of the backup is missing, or is not what was written."""

    code = "backup_damaged"
    title = "The backup is damaged"
    sentence = "Cette sauvegarde est abîmée ou incomplète\u00a0: {what}. Rien n’a été restauré."


class SavedFile(BaseModel):
    """A file of the backup, by its path in it."""

    path: str
    size: int
    sha256: str


class SavedTable(BaseModel):
    """The rows of a table, in PostgreSQL's text form, compressed."""

    name: str
    columns: list[str]
    rows: int
    file: SavedFile


class SavedDatabase(BaseModel):
    """A database: what its tables were made by, its rows, and the last value of each sequence."""

    migrations: list[str]
    tables: list[SavedTable]
    sequences: dict[str, int]
    heads: int = 0
    """Streams that the service publishes."""
    events: int = 0
    """Events that it published."""
    applied: int = 0
    """Events of others that it applied."""


class Manifest(BaseModel):
    """The whole backup. `taken_at` is the moment of all snapshots."""

    format: Literal[1] = 1
    taken_at: datetime
    server: str
    barrier_seconds: float
    """For how long no relay published."""
    databases: dict[str, SavedDatabase]
    documents: list[SavedFile] | None
    """None: no folder of documents was named."""

    def files(self) -> list[SavedFile]:
        """Return every file of the backup."""
        tables = [table.file for one in self.databases.values() for table in one.tables]
        return [*tables, *(self.documents or [])]


def write(manifest: Manifest, folder: Path) -> None:
    """Write the manifest, with its own hash beside it."""
    text = manifest.model_dump_json(indent=1).encode()
    (folder / MANIFEST).write_bytes(text)
    (folder / f"{MANIFEST}.sha256").write_text(f"{hashlib.sha256(text).hexdigest()}  {MANIFEST}\n", encoding="ascii")


def read(folder: Path) -> Manifest:
    """Read a backup's manifest and check every file of it; refuses with `DamagedBackup`."""
    try:
        text = (folder / MANIFEST).read_bytes()
        expected = (folder / f"{MANIFEST}.sha256").read_text(encoding="ascii").split()[0]
        manifest = Manifest.model_validate_json(text)
    except (OSError, IndexError, ValueError, ValidationError) as error:
        raise DamagedBackup(what=MANIFEST) from error
    if hashlib.sha256(text).hexdigest() != expected:
        raise DamagedBackup(what=MANIFEST)
    for file in manifest.files():
        if not (folder / file.path).is_file() or describe(folder, file.path) != file:
            raise DamagedBackup(what=file.path)
    return manifest


def describe(folder: Path, path: str) -> SavedFile:
    """Return a file's size and hash."""
    with (folder / path).open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
        return SavedFile(path=path, size=file.tell(), sha256=digest)
