"""Files that no row claims: kept in a trash, and not touched while the folder knows more than the database."""

import os
import stat
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from unittest.mock import AsyncMock
from uuid import UUID

import pytest
from prometheus_client import REGISTRY

from services.intake.settings import Settings
from services.intake.store.files import DocumentFiles
from services.intake.usecases.sweeping import mark_folder, sweep
from services.operations.adapters.connections import Watched
from services.operations.reads import documents
from services.operations.usecases import confirm_documents
from shared import db
from shared.clock import new_id
from shared.db import Database, Row
from tests.intake.conftest import Client, bearer, filed
from tests.intake.test_documents import PDF, join
from tests.wrong_clock import set_clock


@pytest.fixture
def files(settings: Settings) -> DocumentFiles:
    """The folder of the running application."""
    return DocumentFiles(settings.documents_folder)


@pytest.fixture
def at(monkeypatch: pytest.MonkeyPatch) -> Callable[[timedelta], None]:
    """Move PostgreSQL's clock, as jobs see it."""

    def move(later: timedelta) -> None:
        monkeypatch.setattr(db, "now", AsyncMock(return_value=datetime.now(UTC) + later))

    return move


def left_behind(files: DocumentFiles, *, age: timedelta, document_id: UUID | None = None) -> UUID:
    """A file that an upload wrote so long ago, and no row claims."""
    document_id = document_id or new_id()
    path = files.path(document_id)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(PDF)
    moment = datetime.now(UTC).timestamp() - age.total_seconds()
    os.utime(path, (moment, moment))
    return document_id


async def a_document(client: Client, files: DocumentFiles) -> tuple[UUID, str, str]:
    """A request with a document that was added two days ago: its id, its address, the token to ask with."""
    mine = await filed(client)
    (document,) = (await join(client, mine, PDF)).json()["documents"]
    left_behind(files, age=timedelta(days=2), document_id=UUID(document["id"]))
    return UUID(document["id"]), document["url"], mine["access_token"]


async def forgotten(database: Database, document_id: UUID) -> Row:
    """Have the database not know a document, as one that was restored from an older backup; give its row."""
    row = await database.fetchrow("DELETE FROM document WHERE id = $1 RETURNING *", document_id)
    assert row is not None
    return row


async def known_again(database: Database, row: Row) -> None:
    """Have the database know a document again, as one that was restored from the right backup."""
    places = ", ".join(f"${n}" for n in range(1, len(row) + 1))
    await database.fetch(f"INSERT INTO document ({', '.join(row.keys())}) VALUES ({places})", *row.values())


def unknown_files() -> float | None:
    """What the alert looks at."""
    return REGISTRY.get_sample_value("cousu_documents_unknown_files")


async def marked(database: Database) -> int:
    mark: int = await database.fetchval("SELECT mark FROM document_folder")
    return mark


async def test_documents_added_since_a_backup_stay_where_they_are_until_an_operator_confirms(
    client: Client, database: Database, files: DocumentFiles
) -> None:
    before, _, _ = await a_document(client, files)
    assert await mark_folder(database, files)
    backup = await marked(database)
    since, address, token = await a_document(client, files)
    assert await mark_folder(database, files)

    await forgotten(database, since)
    await database.fetch("UPDATE document_folder SET mark = $1", backup)
    await sweep(database, files)
    await sweep(database, files)
    assert files.path(since).exists()
    assert unknown_files() == 1
    found = await documents.ahead(database)
    assert found.since is not None
    assert [file.id for file in found.files] == [since]

    watched = Watched("intake", database, "intake")
    assert await confirm_documents.confirm(watched, by="exploitant", why="La base d’hier est la bonne.") == 1
    with pytest.raises(confirm_documents.NothingToConfirm):
        await confirm_documents.confirm(watched, by="exploitant", why="Encore.")
    assert await database.fetchval("SELECT action FROM operation") == "documents.confirm"
    await sweep(database, files)
    assert unknown_files() == 0
    assert [file.id for file in files.in_trash()] == [since]
    assert [file.id for file in files.stored()] == [before]
    assert (await client.get(address, headers=bearer(token))).status_code == 404


async def test_the_right_backup_restored_later_ends_it_and_loses_nothing(
    client: Client, database: Database, files: DocumentFiles
) -> None:
    await mark_folder(database, files)
    backup = await marked(database)
    document, address, token = await a_document(client, files)
    await mark_folder(database, files)
    right = await marked(database)

    row = await forgotten(database, document)
    await database.fetch("UPDATE document_folder SET mark = $1", backup)
    await sweep(database, files)
    await database.fetch("UPDATE document_folder SET mark = $1, folder_mark = NULL, ahead_since = NULL", right)
    await known_again(database, row)
    await sweep(database, files)
    assert unknown_files() == 0
    assert (await documents.ahead(database)).since is None
    assert (await client.get(address, headers=bearer(token))).content == PDF


async def test_another_database_than_the_folder_s_sweeps_nothing(database: Database, files: DocumentFiles) -> None:
    files.write_mark(7)
    lost = left_behind(files, age=timedelta(days=2))
    await sweep(database, files)
    assert files.path(lost).exists()
    assert (await documents.ahead(database)).since is not None


async def test_files_newer_than_the_newest_row_stay_where_nothing_was_marked_yet(
    database: Database, files: DocumentFiles
) -> None:
    lost = [left_behind(files, age=timedelta(hours=25)) for _ in range(5)]
    await sweep(database, files)
    await sweep(database, files)
    assert all(files.path(one).exists() for one in lost)
    assert {file.id for file in (await documents.ahead(database)).files} == set(lost)


@pytest.mark.parametrize("asked", ["download", "sweep"])
async def test_a_document_comes_out_of_the_trash_when_a_row_claims_it_again(
    client: Client, database: Database, files: DocumentFiles, asked: str
) -> None:
    document, address, token = await a_document(client, files)
    await mark_folder(database, files)
    row = await forgotten(database, document)
    await sweep(database, files)
    assert not files.path(document).exists()
    await known_again(database, row)
    if asked == "sweep":
        await sweep(database, files)
        assert files.path(document).exists()
    assert (await client.get(address, headers=bearer(token))).content == PDF
    assert files.in_trash() == []


async def test_the_trash_keeps_a_file_for_ninety_days_after_the_move_by_the_clock_of_the_database(
    database: Database, files: DocumentFiles, at: Callable[[timedelta], None]
) -> None:
    await mark_folder(database, files)
    lost = left_behind(files, age=timedelta(days=400))
    for days, there in ((0, True), (89, True), (90, True), (91, False)):
        at(timedelta(days=days))
        await sweep(database, DocumentFiles(files.folder))
        assert [file.id for file in files.in_trash()] == ([lost] if there else []), days
    assert files.stored() == []


@pytest.mark.parametrize("days", [31, -31])
async def test_a_service_whose_clock_is_wrong_moves_and_removes_nothing_early(
    database: Database, files: DocumentFiles, monkeypatch: pytest.MonkeyPatch, days: int
) -> None:
    await mark_folder(database, files)
    fresh = left_behind(files, age=timedelta(hours=23))
    in_trash = left_behind(files, age=timedelta(days=60))
    files.move_to_trash([in_trash], on=datetime.now(UTC).date() - timedelta(days=60))
    set_clock(monkeypatch, timedelta(days=days))
    await sweep(database, files)
    assert files.path(fresh).exists()
    assert [file.id for file in files.in_trash()] == [in_trash]


async def test_what_a_person_takes_out_of_a_draft_lies_in_the_trash(files: DocumentFiles) -> None:
    document = left_behind(files, age=timedelta())
    today = datetime.now(UTC).date()
    assert files.move_to_trash([document, new_id()], on=today) == 1
    assert (files.folder / "trash" / today.isoformat() / document.hex).read_bytes() == PDF
    assert files.locate(document).read_bytes() == PDF


async def test_a_document_and_its_name_are_on_the_disk_before_its_row_is_committed(
    client: Client, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    """`fsync` of the file keeps its bytes; of its folders, the names that lead to it."""
    mine = await filed(client)
    synced: list[Path] = []
    sync = os.fsync

    def observed(descriptor: int) -> None:
        sync(descriptor)
        synced.append(Path(f"/proc/self/fd/{descriptor}").readlink())

    monkeypatch.setattr(os, "fsync", observed)
    execute = db.Transaction.execute
    before_the_row: list[Path] = []

    async def seen(self: db.Transaction, query: str, *args: Any) -> str:
        if "INSERT INTO document " in query:
            before_the_row.extend(synced)
        return await execute(self, query, *args)

    monkeypatch.setattr(db.Transaction, "execute", seen)
    (document,) = (await join(client, mine, PDF)).json()["documents"]
    path = DocumentFiles(settings.documents_folder).path(UUID(document["id"]))
    assert stat.S_ISREG(path.stat().st_mode)
    assert [one for one in before_the_row if one in (path, path.parent)] == [path, path.parent]
    assert path.parent.parent in before_the_row
    assert path.parent.parent.parent in before_the_row
