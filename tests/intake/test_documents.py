"""Files joined to a request: recognised by content, bounded, kept whole, and given back as they came."""

import io
import os
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from uuid import UUID

import asyncpg
import pytest

from services.intake import jobs
from services.intake.settings import Settings
from shared import clock
from shared.clock import new_id
from shared.contracts.fact import Actor
from shared.contracts.vocabulary import Role
from shared.db import Database
from shared.documents import DOCX, ODS, ODT, XLSX, FileNotAccepted, media_type_of, tidy_name
from shared.links import Links
from shared.web.document_links import LIFETIME, DocumentLinks
from shared.web.mandates import Mandates
from tests.intake.conftest import Client, bearer, filed

PDF = b"%PDF-1.7\n1 0 obj\n<<>>\nendobj\n%%EOF\n"
MEBI = 1024 * 1024


def an_archive(**parts: str) -> bytes:
    """An office document, with the parts that say what it is."""
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w") as archive:
        for name, content in parts.items():
            archive.writestr(name, content)
    return held.getvalue()


def an_open_document(media_type: str) -> bytes:
    return an_archive(**{"mimetype": media_type, "content.xml": "<office/>"})


def an_office_document(media_type: str, main: str) -> bytes:
    return an_archive(**{"[Content_Types].xml": f'<Override ContentType="{media_type}.main+xml"/>', main: "<x/>"})


@pytest.mark.parametrize(
    ("content", "media_type"),
    [
        (PDF, "application/pdf"),
        (b"\xff\xd8\xff\xe0" + b"0" * 20, "image/jpeg"),
        (b"\x89PNG\r\n\x1a\n" + b"0" * 20, "image/png"),
        (an_open_document(ODT), ODT),
        (an_open_document(ODS), ODS),
        (an_office_document(DOCX, "word/document.xml"), DOCX),
        (an_office_document(XLSX, "xl/workbook.xml"), XLSX),
    ],
)
def test_accepted_files_are_known_by_their_content(content: bytes, media_type: str) -> None:
    assert media_type_of(io.BytesIO(content)) == media_type


@pytest.mark.parametrize(
    "content",
    [
        b"MZ\x90\x00 a program",
        b"<html><script>alert(1)</script></html>",
        an_archive(**{"anything.txt": "zip"}),
        an_open_document("application/vnd.oasis.opendocument.presentation"),
        an_office_document("application/vnd.ms-word.document.macroEnabled", "word/document.xml"),
        b"PK\x03\x04 broken",
        b"",
    ],
)
def test_anything_else_is_refused(content: bytes) -> None:
    with pytest.raises(FileNotAccepted):
        media_type_of(io.BytesIO(content))


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("plan.pdf", "plan.pdf"),
        ("../../etc/plan.pdf", "plan.pdf"),
        ("C:\\Users\\mairie\\plan.PDF", "plan.pdf"),
        ("plan.exe", "plan.exe.pdf"),
        ("a\r\nb\x00.pdf", "ab.pdf"),
        (".pdf", "pdf.pdf"),
        ("", "document.pdf"),
        ("é" * 300 + ".pdf", "é" * 146 + ".pdf"),
    ],
)
def test_a_name_is_kept_for_people_and_tells_the_true_type(given: str, kept: str) -> None:
    assert tidy_name(given, "application/pdf") == kept


async def join(client: Client, mine: dict[str, Any], content: bytes, name: str = "plan.pdf") -> Any:
    return await client.post(
        f"/api/v1/requests/{mine['id']}/documents",
        files={"document": (name, content, "application/octet-stream")},
        headers=bearer(mine["access_token"]),
    )


async def test_a_document_is_kept_told_and_given_back(client: Client, database: Database, settings: Settings) -> None:
    mine = await filed(client)
    answer = await join(client, mine, PDF)
    assert answer.status_code == 201, answer.text
    (document,) = answer.json()["documents"]
    assert (document["name"], document["media_type"], document["size"]) == ("plan.pdf", "application/pdf", len(PDF))
    fact = await database.fetchval("SELECT body::jsonb->'data' FROM journal WHERE type = 'intake.document_added.v1'")
    assert fact["document"]["sha256"] == document["sha256"]

    assert (await client.get(document["url"])).status_code == 401
    mine_again = await client.get(document["url"], headers=bearer(mine["access_token"]))
    links = DocumentLinks(settings.document_key.get_secret_value())
    by_link = links.seal(UUID(document["id"]), at=clock.now())
    for given in (mine_again, await client.get(f"/documents/{by_link}")):
        assert given.status_code == 200
        assert given.content == PDF
        assert given.headers["content-type"] == "application/pdf"
        assert given.headers["content-disposition"].startswith("attachment")
        assert given.headers["x-content-type-options"] == "nosniff"
        assert given.headers["referrer-policy"] == "no-referrer"
    old = links.seal(UUID(document["id"]), at=clock.now() - LIFETIME)
    for_ever = Links(settings.document_key.get_secret_value(), "document").token(UUID(document["id"]))
    mandate = Mandates(settings.document_key.get_secret_value()).give(Actor(role=Role.SAT_AGENT), at=clock.now())
    for wrong in (old, for_ever, mandate, "nonsense"):
        refused = await client.get(f"/documents/{wrong}")
        assert refused.status_code == 403
        assert "Ouvrez de nouveau le document depuis le dossier." in refused.text


async def test_the_document_of_another_request_is_not_found(client: Client) -> None:
    mine, other = await filed(client), await filed(client)
    (document,) = (await join(client, other, PDF)).json()["documents"]
    address = f"/api/v1/requests/{mine['id']}/documents/{document['id']}"
    assert (await client.get(address, headers=bearer(mine["access_token"]))).status_code == 404
    missing = f"/api/v1/requests/{mine['id']}/documents/{new_id()}"
    assert (await client.get(missing, headers=bearer(mine["access_token"]))).status_code == 404


def kept(settings: Settings) -> list[Path]:
    """The files of documents, without those in the trash."""
    return [path for path in settings.documents_folder.glob("??/*") if path.is_file()]


async def test_what_is_refused_leaves_no_file_behind(client: Client, settings: Settings) -> None:
    mine = await filed(client)
    program = await join(client, mine, b"MZ\x90\x00 a program", "plan.pdf")
    assert (program.status_code, program.json()["code"]) == (415, "file_type_not_accepted")
    large = await join(client, mine, PDF + b"0" * (10 * MEBI))
    assert (large.status_code, large.json()["code"]) == (413, "file_too_large")
    empty = await join(client, mine, b"")
    assert empty.status_code == 400
    none = await client.post(
        f"/api/v1/requests/{mine['id']}/documents", files={"x": ("", b"")}, headers=bearer(mine["access_token"])
    )
    assert none.status_code == 400
    as_json = await client.post(
        f"/api/v1/requests/{mine['id']}/documents", json={}, headers=bearer(mine["access_token"])
    )
    assert as_json.status_code == 415
    assert kept(settings) == []


@pytest.fixture
def commit_without_answer(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Let PostgreSQL commit, and its answer be lost."""
    execute = asyncpg.Connection.execute

    async def unanswered(self: Any, query: str, *args: Any, **options: Any) -> str:
        said = await execute(self, query, *args, **options)
        if query.startswith("COMMIT"):
            self.terminate()
            raise asyncpg.ConnectionDoesNotExistError("connection was closed in the middle of operation")
        return said

    with monkeypatch.context() as patch:
        patch.setattr(asyncpg.Connection, "execute", unanswered)
        yield


async def test_a_document_whose_commit_got_no_answer_keeps_its_file(
    client: Client, request: pytest.FixtureRequest
) -> None:
    mine = await filed(client)
    request.getfixturevalue("commit_without_answer")
    assert (await join(client, mine, PDF)).status_code == 503
    shown = await client.get(f"/api/v1/requests/{mine['id']}", headers=bearer(mine["access_token"]))
    (document,) = shown.json()["documents"]
    given = await client.get(document["url"], headers=bearer(mine["access_token"]))
    assert (given.status_code, given.content) == (200, PDF)


async def test_a_file_that_no_request_claims_goes_to_the_trash_after_a_day(
    client: Client, database: Database, settings: Settings
) -> None:
    mine = await filed(client)
    await join(client, mine, PDF)
    (claimed,) = kept(settings)
    lonely, fresh = (claimed.with_name(f"{n:030x}{claimed.parent.name}") for n in range(2))
    foreign = claimed.with_name("notes.txt")
    for path in (lonely, fresh, foreign):
        path.write_bytes(PDF)
    two_days_ago = clock.now().timestamp() - 2 * 86_400
    for path in (claimed, lonely, foreign):
        os.utime(path, (two_days_ago, two_days_ago))
    await jobs.forget_files(database, settings)
    assert set(kept(settings)) == {claimed, fresh, foreign}
    assert len(list(settings.documents_folder.glob(f"trash/*/{lonely.name}"))) == 1


async def test_a_request_holds_fifty_mebibytes_and_no_more(client: Client, settings: Settings) -> None:
    mine = await filed(client)
    ten = PDF + b"0" * (10 * MEBI - len(PDF))
    for _ in range(5):
        assert (await join(client, mine, ten)).status_code == 201
    refused = await join(client, mine, PDF)
    assert (refused.status_code, refused.json()["code"]) == (413, "documents_too_large")
    assert len(kept(settings)) == 5


async def test_a_withdrawn_request_takes_no_documents(client: Client, settings: Settings) -> None:
    mine = await filed(client)
    await client.post(
        f"/api/v1/requests/{mine['id']}/withdrawal", json={"motive": "Abandon"}, headers=bearer(mine["access_token"])
    )
    assert (await join(client, mine, PDF)).status_code == 409
    assert kept(settings) == []
