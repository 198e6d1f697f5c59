"""The bytes of documents, as files under one folder; a file is complete or not there."""

import asyncio
import hashlib
import os
import re
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import BinaryIO, Final
from uuid import UUID

from shared.db import AWAY
from shared.documents import LARGEST_FILE, FileTooLarge, media_type_of
from shared.errors import Invalid

CHUNK: Final = 256 * 1024

AT_ONCE: Final = 1000
"""Files of which it is asked together whether somebody claims them."""

Claimed = Callable[[list[UUID]], Awaitable[set[UUID]]]
"""Tells which of these documents belong to a request."""

_NAME: Final = re.compile("[0-9a-f]{32}")

Chunks = Callable[[int], Awaitable[bytes]]
"""Gives at most so many bytes; none at the end."""


@dataclass(frozen=True, slots=True)
class Received:
    """A file that lies complete on the disk."""

    media_type: str
    size: int
    sha256: str


@dataclass(frozen=True, slots=True)
class DocumentFiles:
    """The folder of documents; each lies under its id, spread over folders by the id's last characters."""

    folder: Path

    def path(self, document_id: UUID) -> Path:
        """Tell where the bytes of a document lie."""
        return self.folder / document_id.hex[-2:] / document_id.hex

    @asynccontextmanager
    async def receiving(self, document_id: UUID, read: Chunks) -> AsyncIterator[Received]:
        """Write a file chunk by chunk, and take it away again if the block refuses it.

        Where the block ends without anybody knowing whether its commit took place, the file stays: it may be owed to
        somebody. `forget_unclaimed` takes it away later if it is not. Refuses with `Invalid` what is empty, with
        `FileTooLarge` and `FileNotAccepted`.
        """
        path = self.path(document_id)
        await asyncio.to_thread(path.parent.mkdir, mode=0o700, parents=True, exist_ok=True)
        try:
            size, sha256 = await _write(path, read)
            media_type = await asyncio.to_thread(_recognise, path)
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

    def forget(self, document_id: UUID) -> None:
        """Remove the bytes of a document that nobody owns any more."""
        self.path(document_id).unlink(missing_ok=True)

    async def forget_unclaimed(self, claimed: Claimed, *, before: datetime) -> int:
        """Remove files, not touched since `before`, that no request claims: of uploads that were broken off.

        Gives how many.
        """
        old = await asyncio.to_thread(self._untouched_since, before.timestamp())
        removed = 0
        for first in range(0, len(old), AT_ONCE):
            ids = old[first : first + AT_ONCE]
            for document_id in set(ids) - await claimed(ids):
                self.path(document_id).unlink(missing_ok=True)
                removed += 1
        return removed

    def _untouched_since(self, before: float) -> list[UUID]:
        named = (path for path in self.folder.glob("[0-9a-f][0-9a-f]/*") if _NAME.fullmatch(path.name))
        return [UUID(hex=path.name) for path in named if path.stat().st_mtime < before]


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
    if not size:
        raise Invalid.field("document", "Ce fichier est vide. Choisissez-en un autre.")
    return size, digest.hexdigest()


def _to_disk(file: BinaryIO) -> None:
    file.flush()
    os.fsync(file.fileno())


def _recognise(path: Path) -> str:
    with path.open("rb") as file:
        return media_type_of(file)
