"""Store the bytes of documents as files in one folder, each written atomically."""

import asyncio
import hashlib
import os
import re
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from typing import BinaryIO, Final
from uuid import UUID

from shared.antivirus import Scanner, SignatureFoundError
from shared.db import AWAY
from shared.documents import LARGEST_FILE, FileTooLarge, media_type_of
from shared.errors import Invalid

CHUNK: Final = 256 * 1024

TRASH: Final = "trash"
"""The folder in the folder of documents for files that no row claims, with one folder a day."""

QUARANTINE: Final = "quarantine"
"""The folder in the folder of documents for files in which the scanner found something, with one folder a day.

Beside each lies what was found, as text. They are removed after as many days as the trash.
"""

MARK: Final = ".mark"
"""The file in the folder of documents that holds the mark of the database that it belongs to."""

_NAME: Final = re.compile("[0-9a-f]{32}")
_DAY: Final = re.compile("[0-9]{4}-[0-9]{2}-[0-9]{2}")

Chunks = Callable[[int], Awaitable[bytes]]
"""Gives at most so many bytes; none at the end."""


@dataclass(frozen=True, slots=True)
class Received:
    """A file that lies complete on the disk."""

    media_type: str
    size: int
    sha256: str


@dataclass(frozen=True, slots=True)
class StoredFile:
    """A file in the folder of documents, or in its trash."""

    id: UUID
    size: int
    modified_at: datetime


@dataclass(frozen=True, slots=True)
class DocumentFiles:
    """The folder of documents; each lies under its id, spread over folders by the id's last characters."""

    folder: Path
    scanner: Scanner | None = None

    def path(self, document_id: UUID) -> Path:
        """Return the path of a document's bytes."""
        return self.folder / document_id.hex[-2:] / document_id.hex

    @asynccontextmanager
    async def receiving(self, document_id: UUID, read: Chunks) -> AsyncIterator[Received]:
        """Write a file chunk by chunk, and take it away again if the block refuses it.

        Where the block ends without anybody knowing whether its commit took place, the file stays: it may be owed to
        somebody. A sweep moves it to the trash later if it is not. Refuses with `Invalid` what is empty, with
        `FileTooLarge` and `FileNotAccepted`, and with `ScannerAway`. A file in which the scanner finds something is
        moved to the quarantine (`SignatureFoundError`).
        """
        path = self.path(document_id)
        await asyncio.to_thread(_make_folder, path.parent)
        try:
            size, sha256 = await _write(path, read)
            if self.scanner is not None:
                await self.scanner.scan(path)
            media_type = await asyncio.to_thread(_recognise, path)
        except SignatureFoundError as found:
            await asyncio.to_thread(self._set_aside, document_id, str(found))
            raise
        except BaseException:
            path.unlink(missing_ok=True)
            raise
        try:
            yield Received(media_type, size, sha256)
        except AWAY:
            raise
        except Exception:
            path.unlink(missing_ok=True)
            raise

    def _set_aside(self, document_id: UUID, found: str) -> None:
        """Move a file to the quarantine of today, where nobody but an operator reads it."""
        target = self.folder / QUARANTINE / datetime.now(UTC).date().isoformat() / document_id.hex
        _move(self.path(document_id), target)
        target.with_suffix(".txt").write_text(found, encoding="utf-8")

    def locate(self, document_id: UUID) -> Path:
        """Return the path of a document that a row claims; take it out of the trash if it is there."""
        path = self.path(document_id)
        if not path.exists():
            self.take_out_of_trash([document_id])
        return path

    def stored(self) -> list[StoredFile]:
        """List the files that are not in the trash."""
        return _list(self.folder.glob("[0-9a-f][0-9a-f]/*"))

    def in_trash(self) -> list[StoredFile]:
        """List the files in the trash."""
        return _list(self.folder.glob(f"{TRASH}/*/*"))

    def move_to_trash(self, document_ids: Iterable[UUID], *, on: date) -> int:
        """Move documents to the trash of a day; return how many were there."""
        return sum(_move(self.path(one), self.folder / TRASH / on.isoformat() / one.hex) for one in document_ids)

    def take_out_of_trash(self, document_ids: Iterable[UUID]) -> int:
        """Move documents back to where they lay; return how many were in the trash."""
        return sum(
            _move(found, self.path(one)) for one in document_ids for found in self.folder.glob(f"{TRASH}/*/{one.hex}")
        )

    def purge_trash(self, *, before: date) -> int:
        """Remove for good what was moved to the trash or the quarantine before that day; return how many files."""
        purged = 0
        for folder in [*self.folder.glob(f"{TRASH}/*"), *self.folder.glob(f"{QUARANTINE}/*")]:
            if _DAY.fullmatch(folder.name) and folder.name < before.isoformat():
                with suppress(FileNotFoundError):  # another copy of the service removes it
                    for path in folder.iterdir():
                        path.unlink()
                        purged += 1
                    folder.rmdir()
        return purged

    def mark(self) -> int:
        """Read the mark of the folder; 0 when it has none."""
        try:
            return int((self.folder / MARK).read_text(encoding="ascii"))
        except FileNotFoundError:
            return 0

    def write_mark(self, mark: int) -> None:
        """Replace the mark of the folder, on the disk."""
        _make_folder(self.folder)
        draft = self.folder / f"{MARK}.{os.getpid()}"
        with draft.open("wb") as file:
            file.write(str(mark).encode("ascii"))
            _to_disk(file)
        draft.replace(self.folder / MARK)
        _folder_to_disk(self.folder)


def _list(paths: Iterable[Path]) -> list[StoredFile]:
    """Describe the documents among these paths; leave out what is moved meanwhile."""
    found = []
    for path in paths:
        if _NAME.fullmatch(path.name):
            with suppress(FileNotFoundError):
                at = path.stat()
                found.append(StoredFile(UUID(hex=path.name), at.st_size, datetime.fromtimestamp(at.st_mtime, UTC)))
    return found


def _move(source: Path, target: Path) -> bool:
    """Rename a file, on the disk; return whether it was there."""
    _make_folder(target.parent)
    try:
        source.rename(target)
    except FileNotFoundError:
        return False
    _folder_to_disk(target.parent)
    _folder_to_disk(source.parent)
    return True


def _make_folder(folder: Path) -> None:
    """Make a folder and those above it, on the disk: a power cut must not take a new folder away."""
    if folder.is_dir():
        return
    _make_folder(folder.parent)
    folder.mkdir(mode=0o700, exist_ok=True)
    _folder_to_disk(folder.parent)


async def _write(path: Path, read: Chunks) -> tuple[int, str]:
    size, digest = 0, hashlib.sha256()
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        while chunk := await read(CHUNK):
            size += len(chunk)
            if size > LARGEST_FILE:
                raise FileTooLarge
            digest.update(chunk)
            await asyncio.to_thread(file.write, chunk)
        await asyncio.to_thread(_to_disk, file)
    await asyncio.to_thread(_folder_to_disk, path.parent)
    if not size:
        raise Invalid.field("document", "Ce fichier est vide. Choisissez-en un autre.")
    return size, digest.hexdigest()


def _to_disk(file: BinaryIO) -> None:
    file.flush()
    os.fsync(file.fileno())


def _folder_to_disk(folder: Path) -> None:
    """Flush a folder to the disk, so that its names survive a power cut as the bytes of its files do."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _recognise(path: Path) -> str:
    with path.open("rb") as file:
        return media_type_of(file)
