"""The API as strangers use it: filing once, following, acting, and being refused with words."""

import asyncio
from datetime import UTC, datetime
from typing import Any
from uuid import UUID, uuid4

import pytest

from services.intake.handlers import handlers
from services.intake.settings import Settings
from shared.contracts.escalation import WithdrawalAccepted
from shared.db import Database
from shared.links import Links
from shared.messaging.inbox.inbox import Inbox
from shared.territory.territories import Territories
from tests.intake.conftest import Client, a_request, bearer, filed
from tests.intake.facts import Life
from tests.intake.test_handlers import LATER
from tests.wire import Streams


async def test_a_filed_request_has_its_number_and_can_be_followed(client: Client) -> None:
    answer = await filed(client)
    assert answer["number"].startswith("95-20")
    assert answer["number"].endswith("-000001")
    assert answer["departement"] == "95"
    assert answer["status"] == "submitted"
    assert answer["tracking_url"] == f"http://intake.test/suivi/{answer['access_token']}"

    seen = (await client.get(f"/api/v1/requests/{answer['id']}", headers=bearer(answer["access_token"]))).json()
    assert seen["status"] == "submitted"
    assert seen["team"] == "departement"
    assert seen["expected"] == {"from": "departement", "what": "Enregistrer votre demande.", "until": None}
    assert [step["type"] for step in seen["timeline"]] == ["intake.request_submitted.v1"]
    assert seen["timeline"][0]["team"] == "applicant"
    assert seen["request"]["applicant"]["name"] == "Cergy"
    assert seen["decision"] is None
    assert set(seen["allowed_actions"]) == {"messages", "documents", "colleagues", "withdrawal"}


async def test_the_fact_tells_the_whole_request(client: Client, database: Database) -> None:
    answer = await filed(client, budget_cents=2_500_000)
    row = await database.fetchrow("SELECT type, routing_key, body::jsonb->'data' AS data FROM journal")
    assert row is not None
    assert (row["type"], row["routing_key"]) == ("intake.request_submitted.v1", "intake.request_submitted.95")
    assert row["data"]["request"]["number"] == answer["number"]
    assert row["data"]["request"]["budget_cents"] == 2_500_000
    assert row["data"]["link_generation"] == 1
    assert row["data"]["filed_from"] is None


async def test_the_same_key_and_body_give_the_same_answer(client: Client) -> None:
    headers = {"Idempotency-Key": "a-key"}
    first = await client.post("/api/v1/requests", json=a_request(), headers=headers)
    second = await client.post("/api/v1/requests", json=a_request(), headers=headers)
    assert (first.status_code, second.status_code) == (201, 201)
    assert first.json() == second.json()


async def test_the_same_key_with_another_body_is_refused(client: Client) -> None:
    headers = {"Idempotency-Key": "a-key"}
    await client.post("/api/v1/requests", json=a_request(), headers=headers)
    other = await client.post("/api/v1/requests", json=a_request(title="Autre projet"), headers=headers)
    assert other.status_code == 409
    assert other.json()["code"] == "idempotency_key_reused"


async def test_a_refused_filing_leaves_the_key_free(client: Client) -> None:
    headers = {"Idempotency-Key": "a-key"}
    refused = await client.post("/api/v1/requests", json=a_request(desired_start="2000-01-01"), headers=headers)
    assert refused.status_code == 400
    assert (await client.post("/api/v1/requests", json=a_request(), headers=headers)).status_code == 201


async def test_thirty_filings_at_once_give_numbers_without_holes_or_doubles(client: Client) -> None:
    answers = await asyncio.gather(*(filed(client) for _ in range(30)))
    assert sorted(int(answer["number"].rsplit("-", 1)[1]) for answer in answers) == list(range(1, 31))


async def test_one_key_sent_ten_times_at_once_files_one_request(client: Client, database: Database) -> None:
    headers = {"Idempotency-Key": "impatient"}
    answers = await asyncio.gather(
        *(client.post("/api/v1/requests", json=a_request(), headers=headers) for _ in range(10))
    )
    assert {answer.status_code for answer in answers} == {201}
    assert len({answer.json()["number"] for answer in answers}) == 1
    assert await database.fetchval("SELECT count(*) FROM request") == 1


async def test_a_key_that_a_stranger_took_first_is_free_for_everybody_else(client: Client) -> None:
    headers = {"Idempotency-Key": "1"}
    stranger = {**a_request()["contact"], "email": "squatter@example.org"}
    taken = await client.post("/api/v1/requests", json=a_request(contact=stranger), headers=headers)
    mine = await client.post("/api/v1/requests", json=a_request(), headers=headers)
    again = await client.post("/api/v1/requests", json=a_request(), headers=headers)
    assert (taken.status_code, mine.status_code, again.json()) == (201, 201, mine.json())
    assert mine.json()["id"] != taken.json()["id"]


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"applicant": {"kind": "commune", "code": "00000"}}, "applicant.code"),
        ({"applicant": {"kind": "commune", "code": "99109"}}, "applicant.code"),
        ({"applicant": {"kind": "region", "code": "11"}}, "lead_departement"),
        ({"applicant": {"kind": "kingdom", "code": "95127"}}, "applicant.kind"),
        ({"fields": ["concertation"]}, "fields"),
        ({"support_types": ["outils_analyse"]}, "support_types"),
        ({"programme": "ruralites"}, "programme"),
        ({"kind": "programme", "support_types": [], "fields": []}, "programme"),
        ({"kind": "territorial_pact"}, "fields"),
        ({"contact": None}, "contact"),
        ({"contact": {"name": "X", "role": "Maire"}}, "contact.email"),
        ({"contact": {"name": "X", "role": "Maire", "email": "nowhere"}}, "contact.email"),
        ({"desired_start": "2027-02-31"}, "desired_start"),
        ({"desired_start": "2001-01-01"}, "desired_start"),
        ({"desired_start": "2199-01-01"}, "desired_start"),
        ({"title": "x" * 201}, "title"),
        ({"description": "x" * 10_001}, "description"),
        ({"title": "nul \u0000"}, ""),
        ({"budget_cents": -1}, "budget_cents"),
        ({"colour": "blue"}, "colour"),
    ],
)
async def test_what_does_not_fit_is_refused_by_its_field(client: Client, changes: dict[str, Any], field: str) -> None:
    answer = await client.post("/api/v1/requests", json=a_request(**changes))
    assert answer.status_code == 400, answer.text
    assert answer.headers["content-type"].startswith("application/problem+json")
    assert field in [error["field"] for error in answer.json()["errors"]]


async def test_a_field_of_another_kind_is_refused_with_the_allowed_ones(client: Client) -> None:
    answer = await client.post("/api/v1/requests", json=a_request(fields=["concertation"]))
    message = answer.json()["errors"][0]["message"]
    assert "Processus de concertation" in message
    assert "Habitat (habitat)" in message


async def test_a_request_by_a_priority_territory_names_its_communes(client: Client) -> None:
    answer = await filed(
        client, applicant={"kind": "priority", "name": "Boucle de l’Oise", "communes": ["95127", "95500"]}
    )
    seen = (await client.get(f"/api/v1/requests/{answer['id']}", headers=bearer(answer["access_token"]))).json()
    assert seen["request"]["applicant"]["communes"] == ["95127", "95500"]


async def test_no_token_and_bad_tokens_are_unauthenticated(client: Client, settings: Settings) -> None:
    answer = await filed(client)
    address = f"/api/v1/requests/{answer['id']}"
    foreign = Links("another key" * 4, "tracking").token(UUID(answer["id"]))
    next_one = Links(settings.tracking_key.get_secret_value(), "tracking").token(UUID(answer["id"]), 2)
    for headers in ({}, bearer("nonsense"), bearer(foreign), bearer(next_one)):
        refused = await client.get(address, headers=headers)
        assert refused.status_code == 401
        assert refused.headers["www-authenticate"].startswith("Bearer")


async def test_the_token_of_another_request_finds_nothing(client: Client) -> None:
    mine, other = await filed(client), await filed(client)
    for address in (f"/api/v1/requests/{other['id']}", f"/api/v1/requests/{uuid4()}"):
        assert (await client.get(address, headers=bearer(mine["access_token"]))).status_code == 404


async def test_a_message_is_kept_and_told(client: Client, database: Database) -> None:
    mine = await filed(client)
    address = f"/api/v1/requests/{mine['id']}/messages"
    answer = await client.post(address, json={"text": "Bonjour"}, headers=bearer(mine["access_token"]))
    assert answer.status_code == 201
    assert [(message["author"], message["text"]) for message in answer.json()["messages"]] == [("applicant", "Bonjour")]
    assert await database.fetchval("SELECT count(*) FROM journal WHERE type = 'intake.message_posted.v1'") == 1
    empty = await client.post(address, json={"text": "  "}, headers=bearer(mine["access_token"]))
    assert empty.status_code == 400


async def test_a_withdrawn_request_stays_so_and_says_what_may_be_done(client: Client) -> None:
    mine = await filed(client)
    address, token = f"/api/v1/requests/{mine['id']}", bearer(mine["access_token"])
    answer = await client.post(f"{address}/withdrawal", json={"motive": "Projet abandonné"}, headers=token)
    assert answer.status_code == 200
    assert (answer.json()["status"], answer.json()["allowed_actions"]) == ("withdrawn", [])
    again = await client.post(f"{address}/withdrawal", json={"motive": "Encore"}, headers=token)
    assert again.status_code == 409
    assert again.json()["state"] == "withdrawn"
    assert again.json()["allowed_actions"] == []


async def test_the_owner_of_the_step_is_shown_while_a_withdrawal_waits(
    client: Client, database: Database, territories: Territories
) -> None:
    mine, wire = await filed(client), Streams()
    life, inbox = Life(UUID(mine["id"])), Inbox(database, handlers(territories))
    address, token = f"/api/v1/requests/{mine['id']}", bearer(mine["access_token"])
    shown = (await client.post(f"{address}/withdrawal", json={"motive": "Abandon"}, headers=token)).json()
    answer = "Dire si le retrait est accepté, ou pourquoi il est trop tard."
    assert shown["team"] == "departement"
    assert shown["expected"] == {"from": "departement", "what": answer, "until": None}
    await inbox.process([wire.message(life.escalated(LATER))])
    shown = (await client.get(address, headers=token)).json()
    assert (shown["status"], shown["team"], shown["expected"]["from"]) == ("withdrawn", "national", "national")
    assert answer in (await client.get(f"/suivi/{mine['access_token']}")).text
    (row,) = await database.fetch("SELECT withdrawal ->> 'at' AS at FROM request")
    accepted = WithdrawalAccepted(
        request_id=life.request_id,
        departement="95",
        at=datetime.now(UTC),
        withdrawn_at=datetime.fromisoformat(row["at"]),
        motive="Abandon",
    )
    await inbox.process([wire.message(accepted)])
    shown = (await client.get(address, headers=token)).json()
    assert (shown["withdrawal"]["state"], shown["team"], shown["expected"]) == ("accepted", None, None)


async def test_information_nobody_asked_for_is_an_illegal_move(client: Client) -> None:
    mine = await filed(client)
    answer = await client.post(
        f"/api/v1/requests/{mine['id']}/information", json={"text": "Voici"}, headers=bearer(mine["access_token"])
    )
    assert answer.status_code == 409
    assert answer.json()["code"] == "illegal_move"
    assert answer.json()["state"] == "submitted"
    assert "messages" in answer.json()["allowed_actions"]


async def test_territories_are_found_by_name_and_by_code(client: Client) -> None:
    by_name = (await client.get("/api/v1/territories", params={"q": "cergy", "kind": "commune"})).json()
    assert by_name["items"][0]["code"] == "95127"
    assert by_name["items"][0]["departement"] == "95"
    assert set(by_name) == {"items", "total", "page"}
    by_code = (await client.get("/api/v1/territories", params={"q": "95127"})).json()
    assert by_code["items"][0]["name"] == "Cergy"
    everywhere = (await client.get("/api/v1/territories", params={"kind": "departement", "per_page": 200})).json()
    assert everywhere["total"] >= 101
    wrong = await client.get("/api/v1/territories", params={"q": "x", "kind": "kingdom"})
    assert wrong.status_code == 400


async def test_the_service_describes_its_messages_and_its_api(client: Client) -> None:
    messages = (await client.get("/asyncapi")).json()
    assert any("request_submitted" in name for name in messages["channels"])
    described = (await client.get("/api/v1/openapi.json")).json()
    assert "/api/v1/requests/{request_id}/documents" in described["paths"]
