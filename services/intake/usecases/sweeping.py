"""Move files without a row to the trash, unless the folder of documents is newer than the database.

A database that was restored from a backup does not know the documents added since. So nothing is removed at once: a
file lies in the trash for `TRASH_DAYS` and comes back when a row claims it. And nothing is moved while the folder is
ahead of the database, until an operator decides (`cousu-main documents`).

The database and the folder hold a mark that grows each minute, first in the database, then in the folder. The folder's
is higher only when the database went back in time, or when it is another database. Where neither has a mark yet, a file
that is newer than the newest row says so: ids are UUIDv7.
"""

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Final
from uuid import UUID

import structlog

from services.intake import metrics
from services.intake.store import folder
from services.intake.store.documents import claimed_among
from services.intake.store.files import DocumentFiles, StoredFile
from shared import db
from shared.db import Database, Reader

log = structlog.get_logger(__name__)

UNCLAIMED_AFTER: Final = timedelta(days=1)
"""Age of a file that belongs to no upload under way."""

UPLOADED_WITHIN: Final = timedelta(hours=1)
"""How much newer than the newest row the file of an upload under way may be."""

TRASH_DAYS: Final = 90
"""Days that a file lies in the trash before it is removed."""

AT_ONCE: Final = 1000
"""Files about which one query asks."""


async def mark_folder(database: Database, files: DocumentFiles) -> bool:
    """Advance both marks; return whether the database knows all that the folder knows, else note that it does not."""
    async with database.transaction() as tx:
        state = await folder.lock_state(tx)
        in_folder = await asyncio.to_thread(files.mark)
        if state.mark == in_folder == 0 and await _has_newer_files(tx, files):
            in_folder = 1
            await asyncio.to_thread(files.write_mark, in_folder)
        ahead = in_folder > state.mark
        if ahead:
            unclaimed = await _unclaimed(tx, await asyncio.to_thread(files.stored))
            ahead = bool(unclaimed)
        if ahead:
            await folder.note_ahead(tx, folder_mark=in_folder)
            await folder.list_unclaimed(tx, unclaimed)
            metrics.UNKNOWN_FILES.set(len(unclaimed))
            log.error("documents.folder_ahead", files=len(unclaimed), mark=state.mark, folder_mark=in_folder)
            return False
        mark = max(state.mark, in_folder) + 1
        await folder.advance_mark(tx, mark)
    await asyncio.to_thread(files.write_mark, mark)
    metrics.UNKNOWN_FILES.set(0)
    return True


async def sweep(database: Database, files: DocumentFiles) -> None:
    """Move files that no row claims to the trash, take out those that a row claims again, remove the oldest."""
    if not await mark_folder(database, files):
        return
    now = await db.now(database)
    in_trash = [file.id for file in await asyncio.to_thread(files.in_trash)]
    claimed = await _claimed(database, in_trash)
    restored = await asyncio.to_thread(files.take_out_of_trash, claimed)
    old = [file for file in await asyncio.to_thread(files.stored) if file.modified_at < now - UNCLAIMED_AFTER]
    unclaimed = [file.id for file in await _unclaimed(database, old)]
    moved = await asyncio.to_thread(lambda: files.move_to_trash(unclaimed, on=now.date()))
    purged = await asyncio.to_thread(lambda: files.purge_trash(before=now.date() - timedelta(days=TRASH_DAYS)))
    if restored or moved or purged:
        log.info("documents.swept", restored=restored, moved_to_trash=moved, removed=purged)


async def _has_newer_files(reader: Reader, files: DocumentFiles) -> bool:
    """Return whether a file is newer than the newest row, by more than an upload may take."""
    newest_row = await folder.newest_document(reader)
    newest_file = max((file.id for file in await asyncio.to_thread(files.stored)), default=None)
    if newest_file is None:
        return False
    return newest_row is None or _time_of(newest_file) > _time_of(newest_row) + UPLOADED_WITHIN


def _time_of(document_id: UUID) -> datetime:
    """Return the moment at which a UUIDv7 was made."""
    return datetime(1970, 1, 1, tzinfo=UTC) + timedelta(milliseconds=document_id.int >> 80)


async def _unclaimed(reader: Reader, files: list[StoredFile]) -> list[StoredFile]:
    claimed = await _claimed(reader, [file.id for file in files])
    return [file for file in files if file.id not in claimed]


async def _claimed(reader: Reader, ids: list[UUID]) -> set[UUID]:
    claimed: set[UUID] = set()
    for first in range(0, len(ids), AT_ONCE):
        claimed |= await claimed_among(reader, ids[first : first + AT_ONCE])
    return claimed
