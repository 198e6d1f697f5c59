"""Documents in the form, before anything is filed: kept, refused by name, taken out, and filed with the request."""

import os
import re
from typing import Any
from uuid import UUID

import httpx2
import pytest

from services.intake import jobs
from services.intake.settings import Settings
from services.intake.usecases import documents
from shared import clock
from shared.db import Database
from tests.intake.conftest import Client
from tests.intake.test_documents import MEBI, PDF, kept
from tests.intake.test_pages import a_filled_draft, begin, hidden, send
from tests.paper import words_of

Files = list[tuple[str, tuple[str, bytes]]]


async def join(client: Client, draft: str, *files: tuple[str, bytes], **values: str) -> httpx2.Response:
    """Choose files on the page of documents and send them."""
    page = await client.get(f"{draft}/documents")
    sent: Files = [("document", file) for file in files] or [("document", ("", b""))]
    return await client.post(f"{draft}/documents", data={**hidden(page), **values}, files=sent)


async def file_it(client: Client, draft: str) -> httpx2.Response:
    """Press the button of the summary."""
    return await send(client, await client.get(f"{draft}/recapitulatif"), f"{draft}/recapitulatif")


def names(page: httpx2.Response) -> list[str]:
    return re.findall(r'/documents/[0-9a-f-]{36}">([^<]+)</a>', page.text)


async def told(database: Database) -> list[dict[str, Any]]:
    rows = await database.fetch("SELECT type, body::jsonb->'data' AS data FROM journal ORDER BY position")
    return [{"type": row["type"], **row["data"]} for row in rows]


async def test_documents_of_the_form_are_filed_with_the_request(client: Client, database: Database) -> None:
    draft = await a_filled_draft(client)
    assert (await join(client, draft, ("plan.pdf", PDF), ("étude.pdf", PDF + b"2"))).status_code == 303
    summary = await client.get(f"{draft}/recapitulatif")
    assert "plan.pdf" in summary.text
    assert "étude.pdf" in summary.text
    assert (await file_it(client, draft)).headers["location"] == f"{draft}/deposee"
    facts = await told(database)
    assert [fact["type"] for fact in facts] == ["intake.request_submitted.v1", *["intake.document_added.v1"] * 2]
    assert [fact["document"]["name"] for fact in facts[1:]] == ["plan.pdf", "étude.pdf"]
    assert all(fact["with_request"] for fact in facts[1:])
    assert await database.fetchval("SELECT count(*) FROM draft_document") == 0

    done = await client.get(f"{draft}/deposee")
    tracking = re.search(r'href="http://intake.test(/suivi/[^"/]+)"', done.text)
    assert tracking is not None
    page = await client.get(tracking[1])
    assert names(page) == ["plan.pdf", "étude.pdf"]
    link = re.search(rf'href="({re.escape(tracking[1])}/documents/[^"]+)"', page.text)
    assert link is not None
    assert (await client.get(link[1])).content == PDF
    assert page.text.count("Document ajouté") == 0
    later = {"document": ("après.pdf", PDF)}
    await client.post(f"{tracking[1]}/documents", data=hidden(page, f"{tracking[1]}/documents"), files=later)
    received = words_of(await client.get(f"{tracking[1]}/accuse-de-reception.pdf"))
    assert "étude.pdf" in received
    assert "après.pdf" not in received


async def test_a_wrong_file_is_named_and_costs_no_other(client: Client, settings: Settings) -> None:
    draft = await begin(client)
    answer = await join(client, draft, ("plan.pdf", PDF), ("calcul.exe", b"MZ program"), ("vide.pdf", b""))
    assert answer.status_code == 415
    assert "« calcul.exe » : Ce fichier n’est pas accepté" in answer.text.replace("\u00a0", " ")
    assert "« vide.pdf » : Ce fichier est vide" in answer.text.replace("\u00a0", " ")
    assert "Les autres fichiers sont joints" in answer.text
    assert answer.text.count('href="#field-document"') == 2
    assert names(answer) == names(await client.get(f"{draft}/documents")) == ["plan.pdf"]
    assert len(kept(settings)) == 1


async def test_files_may_be_joined_in_several_goes_and_one_go_is_counted_once(client: Client) -> None:
    draft = await begin(client)
    page = await client.get(f"{draft}/documents")
    form = {**hidden(page), "more": "true"}
    for _ in range(2):
        answer = await client.post(f"{draft}/documents", data=form, files=[("document", ("plan.pdf", PDF))])
        assert answer.headers["location"] == f"{draft}/documents"
    await join(client, draft, ("photo.pdf", PDF), more="true")
    shown = await client.get(f"{draft}/documents")
    assert names(shown) == ["plan.pdf", "photo.pdf"]
    assert "Votre document est joint" in shown.text
    nothing = await join(client, draft, more="true")
    assert nothing.status_code == 400
    assert "Choisissez d’abord un fichier" in nothing.text


async def test_a_document_is_looked_at_and_taken_out_again(client: Client, settings: Settings) -> None:
    draft, other = await begin(client), await begin(client)
    await join(client, draft, ("plan.pdf", PDF))
    page = await client.get(f"{draft}/documents")
    found = re.search(r'/documents/([0-9a-f-]{36})"', page.text)
    assert found is not None
    given = await client.get(f"{draft}/documents/{found[1]}")
    assert (given.content, given.headers["content-disposition"][:10]) == (PDF, "attachment")
    assert (await client.get(f"{other}/documents/{found[1]}")).status_code == 404
    await client.post(f"{other}/documents/{found[1]}/retrait", data=hidden(page))
    assert len(kept(settings)) == 1
    for _ in range(2):
        gone = await client.post(f"{draft}/documents/{found[1]}/retrait", data=hidden(page))
        assert gone.headers["location"] == f"{draft}/documents"
    assert names(await client.get(f"{draft}/documents")) == []
    assert kept(settings) == []


async def test_a_draft_holds_fifty_mebibytes_and_no_more(client: Client, settings: Settings) -> None:
    draft = await begin(client)
    ten = PDF + b"0" * (10 * MEBI - len(PDF))
    assert (await join(client, draft, *[(f"{n}.pdf", ten) for n in range(5)])).status_code == 303
    refused = await join(client, draft, ("de-trop.pdf", PDF))
    assert refused.status_code == 413
    assert "de-trop.pdf" in refused.text
    assert len(kept(settings)) == 5


async def test_a_filing_that_fails_half_way_files_nothing_and_keeps_the_draft(
    client: Client, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    draft = await a_filled_draft(client)
    await join(client, draft, ("plan.pdf", PDF), ("photo.pdf", PDF))
    joined = 0

    async def add_one_only(*given: Any, **named: Any) -> None:
        nonlocal joined
        joined += 1
        if joined == 2:
            raise OSError("the disk is full")
        await documents.add_document(*given, **named)

    with monkeypatch.context() as patch:
        patch.setattr("services.intake.usecases.filing.add_document", add_one_only)
        assert (await file_it(client, draft)).status_code == 503
    assert joined == 2
    counted = "SELECT (SELECT count(*) FROM request) + (SELECT count(*) FROM journal) + (SELECT count(*) FROM document)"
    assert await database.fetchval(counted) == 0
    assert names(await client.get(f"{draft}/documents")) == ["plan.pdf", "photo.pdf"]
    assert (await file_it(client, draft)).status_code == 303
    assert await database.fetchval("SELECT count(*) FROM document") == 2
    assert re.search(r"95-\d{4}-000001", (await client.get(f"{draft}/deposee")).text)


async def test_a_draft_that_was_filed_takes_no_more_documents(client: Client, settings: Settings) -> None:
    draft = await a_filled_draft(client)
    page = await client.get(f"{draft}/documents")
    await file_it(client, draft)
    late = await client.post(f"{draft}/documents", data=hidden(page), files=[("document", ("plan.pdf", PDF))])
    assert late.status_code == 303
    assert late.headers["location"] == f"{draft}/deposee"
    assert kept(settings) == []


async def test_files_of_a_draft_are_kept_as_long_as_the_draft(
    client: Client, database: Database, settings: Settings
) -> None:
    draft = await begin(client)
    await join(client, draft, ("plan.pdf", PDF))
    (path,) = kept(settings)
    two_days_ago = clock.now().timestamp() - 2 * 86_400
    os.utime(path, (two_days_ago, two_days_ago))
    await jobs.forget_files(database, settings)
    assert kept(settings) == [path]
    async with database.transaction() as tx:
        await tx.execute("UPDATE draft SET saved_at = now() - interval '200 days'")
    await jobs.run_once(database, settings)
    assert await database.fetchval("SELECT count(*) FROM draft_document") == 0
    await jobs.forget_files(database, settings)
    assert kept(settings) == []
    assert UUID(hex=path.name)
