"""Filing by program with documents: whole or not at all, and once however often it is tried."""

import json
from typing import Any

import httpx2

from services.intake.settings import Settings
from shared.db import Database
from tests.intake.conftest import Client, a_request, bearer
from tests.intake.test_documents import PDF, kept

ADDRESS = "/api/v1/requests/with-documents"


async def file(client: Client, *files: tuple[str, bytes], key: str | None = None, **changes: Any) -> httpx2.Response:
    return await client.post(
        ADDRESS,
        data={"request": json.dumps(a_request(**changes))},
        files=[("document", one) for one in files],
        headers={"Idempotency-Key": key} if key else {},
    )


async def test_a_request_is_filed_with_its_documents(client: Client, database: Database) -> None:
    answer = await file(client, ("plan.pdf", PDF), ("photo.pdf", PDF + b"2"))
    assert answer.status_code == 201, answer.text
    mine = answer.json()
    shown = (await client.get(f"/api/v1/requests/{mine['id']}", headers=bearer(mine["access_token"]))).json()
    assert [document["name"] for document in shown["documents"]] == ["plan.pdf", "photo.pdf"]
    assert [step["type"] for step in shown["timeline"]] == ["intake.request_submitted.v1"]
    told = await database.fetch("SELECT type FROM journal ORDER BY position")
    assert [row["type"] for row in told] == ["intake.request_submitted.v1", *["intake.document_added.v1"] * 2]


async def test_a_wrong_file_or_a_wrong_field_files_nothing(
    client: Client, database: Database, settings: Settings
) -> None:
    wrong_file = await file(client, ("plan.pdf", PDF), ("calcul.pdf", b"MZ program"))
    assert (wrong_file.status_code, wrong_file.json()["code"]) == (415, "file_type_not_accepted")
    wrong_field = await file(client, ("plan.pdf", PDF), title="")
    assert (wrong_field.status_code, wrong_field.json()["errors"][0]["field"]) == (400, "title")
    unknown = await file(client, ("plan.pdf", PDF), applicant={"kind": "commune", "code": "00000"})
    assert (unknown.status_code, unknown.json()["errors"][0]["field"]) == (400, "applicant.code")
    missing = await client.post(ADDRESS, files=[("document", ("plan.pdf", PDF))])
    assert (missing.status_code, missing.json()["errors"][0]["field"]) == (400, "request")
    as_json = await client.post(ADDRESS, json=a_request())
    assert as_json.status_code == 415
    assert await database.fetchval("SELECT count(*) FROM request") == 0
    assert kept(settings) == []


async def test_a_key_stands_for_the_same_request_and_the_same_files(client: Client, database: Database) -> None:
    first = await file(client, ("plan.pdf", PDF), key="k1")
    again = await file(client, ("plan.pdf", PDF), key="k1")
    assert (again.status_code, again.json()) == (201, first.json())
    assert await database.fetchval("SELECT count(*) FROM document") == 1
    other = await file(client, ("plan.pdf", PDF + b"2"), key="k1")
    assert (other.status_code, other.json()["code"]) == (409, "idempotency_key_reused")
