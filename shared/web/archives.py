"""ZIP archives that are streamed while they are made, so that no copy of their files is held in memory or on disk."""

import asyncio
import re
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final
from zipfile import ZIP_STORED, ZipFile, ZipInfo

from litestar.response import Stream

ZIP: Final = "application/zip"
CHUNK: Final = 256 * 1024
"""Bytes read of a file at once."""
_UNSAFE: Final = re.compile(r'[<>:"/\\|?*\x00-\x1f\x7f]')


@dataclass(frozen=True, slots=True)
class Entry:
    """A file of an archive: its name there, and its bytes or where they are."""

    name: str
    content: bytes | Path


class _Sink:
    """Takes what `ZipFile` writes, which then never goes back in it."""

    def __init__(self) -> None:
        self._written = bytearray()

    def write(self, part: bytes, /) -> int:
        self._written += part
        return len(part)

    def flush(self) -> None:
        """Do nothing: what was written is there."""

    def close(self) -> None:
        """Do nothing: what was written is there."""

    def take(self) -> bytes:
        taken = bytes(self._written)
        self._written.clear()
        return taken


def archive_response(entries: Sequence[Entry], *, name: str) -> Stream:
    """Offer an archive to be saved; `name` is the file's, without its suffix.

    Raises `FileNotFoundError` before anything is sent when a file is missing.
    """
    for entry in entries:
        if isinstance(entry.content, Path):
            entry.content.stat()
    return Stream(
        zipped(entries),
        media_type=ZIP,
        headers={"Content-Disposition": f'attachment; filename="{name}.zip"', "Cache-Control": "no-store"},
    )


async def zipped(entries: Sequence[Entry]) -> AsyncIterator[bytes]:
    """Make the archive part by part. Nothing is compressed: documents and PDF files are already."""
    sink = _Sink()
    with ZipFile(sink, "w", ZIP_STORED) as archive:
        for entry in entries:
            with archive.open(ZipInfo(entry.name, (1980, 1, 1, 0, 0, 0)), "w") as file:
                async for part in _parts(entry.content):
                    file.write(part)
                    yield sink.take()
    yield sink.take()


def safe_name(name: str) -> str:
    """Return a name that every system can write: no path, no character that Windows refuses."""
    return _UNSAFE.sub("_", name).strip(" .") or "document"


async def _parts(content: bytes | Path) -> AsyncIterator[bytes]:
    if isinstance(content, bytes):
        yield content
        return
    with await asyncio.to_thread(content.open, "rb") as file:
        while part := await asyncio.to_thread(file.read, CHUNK):
            yield part
