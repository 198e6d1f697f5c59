"""The API as a stranger's program uses it: dossiers, their actions, refusals."""

from collections.abc import Awaitable, Callable
from uuid import UUID

import asyncpg
import httpx2
import pytest

from shared import clock
from shared.clock import new_id
from shared.contracts.vocabulary import Programme, RequestKind
from shared.db import Database
from shared.identity.model import Agent, Role
from shared.web.document_links import DocumentLinks
from tests.escalation.conftest import an_agent
from tests.escalation.desk import Person
from tests.escalation.life import (
    Ear,
    Json,
    Program,
    a_decided_dossier,
    a_dossier,
    a_request,
    a_request_escalated,
)
from tests.today import today


async def told(database: Database, request_id: str) -> list[str]:
    """What the service told of a request, in order."""
    rows = await database.fetch("SELECT type FROM journal WHERE subject = $1 ORDER BY position", request_id)
    return [row["type"] for row in rows]


@pytest.mark.usefixtures("envelope")
async def test_a_dossier_lives_from_its_reception_to_its_completion(
    database: Database, national: Program, secretary: Program, received: str
) -> None:
    await a_decided_dossier(national, secretary, received, support_types=["amo_publique"], amount_cents=2_000_000)
    dossier = f"/escalations/{received}"
    before = (await national.get("/envelopes"))["items"][0]
    mobilised = await national.post(
        f"{dossier}/mobilisations",
        {"kind": "external", "resource": "Marché d’ingénierie", "amount_cents": 2_000_000, "lot": "Lot 3"},
        status=201,
    )
    assert mobilised["state"] == "mobilising"
    assert mobilised["mobilisations"][0]["state"] == "proposed"
    after = (await national.get("/envelopes"))["items"][0]
    assert after["available_cents"] == before["available_cents"] - 2_000_000
    accompanied = await national.post(f"{dossier}/accompaniment", {"starts_on": today(), "ends_on": today(210)})
    assert accompanied["state"] == "accompanied"
    planned = await national.post(
        f"{dossier}/milestones", {"title": "Diagnostic remis", "due_on": today(90)}, status=201
    )
    assert planned["created"] == planned["milestones"][0]["id"]
    reached = await national.post(f"{dossier}/milestones/{planned['created']}/reached")
    assert reached["milestones"][0]["reached_on"]
    order = f"{dossier}/mobilisations/{mobilised['created']}"
    for step in ("acceptance", "start", "delivery"):
        await national.post(f"{order}/{step}")
    await national.post(f"{order}/payment", {"amount_cents": 2_000_000}, status=201)
    completed = await national.post(f"{dossier}/completion", {"report": "Le projet est prêt."})
    assert completed["state"] == "completed"
    assert completed["allowed_actions"] == []
    assert await told(database, received) == [
        "escalation.escalation_received.v1",
        "escalation.admissibility_settled.v1",
        "escalation.session_scheduled.v1",
        "escalation.decision_made.v1",
        "escalation.resource_mobilised.v1",
        "escalation.accompaniment_started.v1",
        "escalation.milestone_planned.v1",
        "escalation.milestone_reached.v1",
        *["escalation.resource_progressed.v1"] * 2,
        "escalation.order_booked.v1",
        "escalation.resource_progressed.v1",
        "escalation.order_booked.v1",
        "escalation.accompaniment_completed.v1",
        "escalation.evaluation_requested.v1",
    ]
    assert [step["type"] for step in completed["timeline"]][:2] == [
        "intake.request_submitted.v1",
        "qualification.request_escalated.v1",
    ]


async def test_the_whole_dossier_is_shown(national: Program, received: str) -> None:
    seen = await national.get(f"/escalations/{received}")
    assert seen["state"] == "received"
    assert seen["request"]["contact"]["email"] == "mairie@magny.test"
    assert seen["opinion"] == "Avis favorable du préfet."
    assert seen["evidence"]["providers_tried"][0]["answer"] == "Plan de charge complet."
    assert seen["service"]["phone"] == "01.34.25.26.00"
    assert seen["qualification"]["complexity"] == 4
    assert seen["messages"][0]["text"] == "Voici le plan du bourg."
    assert seen["allowed_actions"] == ["admissibility", "information-request", "return"]
    assert seen["stage"] == "admissibility"
    assert seen["due_on"]


async def test_a_document_is_opened_through_the_dossier_and_whoever_opens_it_is_recorded(
    database: Database,
    national: Program,
    national_agent: Agent,
    at_desk: Person,
    program: Callable[[Agent], Awaitable[Program]],
    received: str,
) -> None:
    document = (await national.get(f"/escalations/{received}"))["documents"][0]
    path = f"/escalations/{received}/documents/{document['id']}"
    assert document["url"] == f"http://escalation.test/api/v1{path}"
    page = f"/demandes/{received}/documents/{document['id']}"
    assert f'href="{page}"' in await at_desk.see(f"/demandes/{received}")
    await at_desk.see(page, status=303)
    answer = await national.ask("GET", path)
    assert answer.status_code == 303
    folder, _, sealed = answer.headers["location"].rpartition("/")
    assert folder == "http://intake.test/documents"
    assert DocumentLinks("d" * 32).read(sealed, at=clock.now()) == UUID(document["id"])
    other = await program(await an_agent(database, "programme", Role.PROGRAMME_AGENT, "france_services"))
    assert (await other.ask("GET", path)).status_code == 404
    assert (await national.ask("GET", f"/escalations/{received}/documents/{received}")).status_code == 404
    rows = await database.fetch("SELECT request_id, document_id, agent_id, email FROM document_access")
    opened = (UUID(received), UUID(document["id"]), national_agent.id, national_agent.email)
    assert [tuple(row.values()) for row in rows] == [opened, opened]


async def test_reading_a_dossier_is_traced_once_a_minute(
    database: Database, national: Program, national_agent: Agent, received: str
) -> None:
    await national.get(f"/escalations/{received}")
    await national.get(f"/escalations/{received}")
    rows = await database.fetch("SELECT agent_id, request_id FROM consultation")
    assert [(row["agent_id"], str(row["request_id"])) for row in rows] == [(national_agent.id, received)]


async def test_a_dossier_is_not_shown_while_its_trace_cannot_be_written(
    national: Program, received: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def gone(*_: object) -> None:
        raise asyncpg.ConnectionDoesNotExistError("connection was closed in the middle of operation")

    monkeypatch.setattr("shared.web.consultation_log.record", gone)
    answer = await national.ask("GET", f"/escalations/{received}")
    assert (answer.status_code, answer.headers["Content-Type"]) == (503, "application/problem+json")
    assert "contact" not in answer.text


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("", 2),
        ("?state=received", 2),
        ("?state=admissible", 0),
        ("?departement=95", 1),
        ("?departement=33", 0),
        ("?programme=france_services", 1),
        ("?q=MAGNY", 1),
        ("?q=meziere", 1),
        ("?q=000123", 1),
        ("?q=100%25", 0),
        ("?overdue=true", 0),
        ("?state=received&departement=78&q=mezieres", 1),
    ],
)
async def test_the_list_is_narrowed_by_its_filters(ear: Ear, national: Program, query: str, found: int) -> None:
    other = a_request("78-2026-000007", title="Une maison à Mézières", kind=RequestKind.PROGRAMME)
    other = other.model_copy(
        update={
            "programme": Programme.FRANCE_SERVICES,
            "applicant": other.applicant.model_copy(update={"name": "Mézières-sur-Seine"}),
        }
    )
    await ear.hears(a_request_escalated(), a_request_escalated(dossier=a_dossier(other), departement="78"))
    listed = await national.get(f"/escalations{query}")
    assert listed["total"] == found
    assert len(listed["items"]) == found


@pytest.mark.parametrize("query", ["?state=lost", "?page=0", "?per_page=500", "?programme=inconnu"])
async def test_a_list_asked_for_wrongly_is_refused(national: Program, query: str) -> None:
    answer = await national.ask("GET", f"/escalations{query}")
    assert answer.status_code == 400, answer.text
    assert answer.json()["errors"][0]["message"]


async def test_nobody_reads_without_a_token(browser: httpx2.AsyncClient, received: str) -> None:
    answer = await browser.get(f"/api/v1/escalations/{received}")
    assert answer.status_code == 401


async def test_an_unknown_dossier_is_not_found(national: Program) -> None:
    answer = await national.ask("GET", f"/escalations/{new_id()}")
    assert answer.status_code == 404
    assert answer.json()["code"] == "no_such_escalation"
    assert (await national.ask("GET", "/escalations/not-an-id")).status_code == 404


async def test_an_illegal_move_tells_the_state_and_what_is_allowed(national: Program, received: str) -> None:
    problem = await national.refused(
        f"/escalations/{received}/accompaniment", {"starts_on": today(), "ends_on": today(210)}, 409
    )
    assert problem["code"] == "illegal_move"
    assert problem["state"] == "received"
    assert problem["allowed_actions"] == ["admissibility", "information-request", "return"]


@pytest.mark.parametrize(
    ("action", "body"),
    [
        ("admissibility", {"opinion": "Oui."}),
        ("information-request", {"question": "Quoi ?"}),
        ("return", {"motive": "Non."}),
        ("mobilisations", {"kind": "internal", "resource": "Cerema"}),
        ("accompaniment", {"starts_on": today(), "ends_on": today(210)}),
        ("milestones", {"title": "Jalon", "due_on": today(90)}),
        ("completion", {"report": "Fini.", "carry_reason": "Le jalon est sans objet."}),
    ],
)
async def test_the_secretary_does_not_do_the_national_agents_work(
    secretary: Program, received: str, action: str, body: Json
) -> None:
    assert (await secretary.refused(f"/escalations/{received}/{action}", body, 403))["code"] == "forbidden"


@pytest.mark.parametrize(
    ("action", "body", "field"),
    [
        ("admissibility", {}, "opinion"),
        ("admissibility", {"opinion": "   "}, "opinion"),
        ("admissibility", {"opinion": "x" * 10_001}, "opinion"),
        ("admissibility", {"opinion": "Oui.", "surprise": 1}, "surprise"),
        ("information-request", {"question": "Quoi ?", "until": "2026-02-30"}, "until"),
        ("information-request", {"question": "Quoi ?", "until": "2020-01-01"}, "until"),
        ("schedule", {"session_id": "demain"}, "session_id"),
        ("schedule", {"session_id": "01990000-0000-7000-8000-000000000001"}, "session_id"),
    ],
)
async def test_a_wrong_field_is_named(national: Program, received: str, action: str, body: Json, field: str) -> None:
    problem = await national.refused(f"/escalations/{received}/{action}", body, 400)
    assert [error["field"] for error in problem["errors"]] == [field]
    assert problem["errors"][0]["message"].endswith(".") or "2027-01-12" in problem["errors"][0]["message"]


async def test_an_accompaniment_cannot_end_before_it_begins(
    national: Program, secretary: Program, received: str
) -> None:
    await a_decided_dossier(national, secretary, received)
    body = {"starts_on": "2027-06-30", "ends_on": "2027-01-04"}
    problem = await national.refused(f"/escalations/{received}/accompaniment", body, 400)
    assert problem["errors"][0]["field"] == "ends_on"


async def test_the_api_describes_itself(browser: httpx2.AsyncClient) -> None:
    described = (await browser.get("/api/v1/openapi.json")).json()
    assert "/api/v1/escalations/{request_id}/milestones/{milestone_id}/reached" in described["paths"]
    told_and_heard = (await browser.get("/asyncapi")).json()
    assert told_and_heard["asyncapi"].startswith("3.")
