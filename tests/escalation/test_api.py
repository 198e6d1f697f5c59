"""The API as a stranger's program uses it, over a real database."""

from collections.abc import Awaitable, Callable
from typing import Any
from uuid import UUID

import httpx2
import pytest

from shared import clock
from shared.clock import new_id
from shared.contracts import intake, notifications
from shared.contracts.vocabulary import Programme, RequestKind
from shared.db import Database
from shared.identity.model import Agent, Role
from shared.links import Links
from tests.escalation.conftest import an_agent
from tests.escalation.life import (
    Ear,
    Json,
    Program,
    a_decided_dossier,
    a_dossier,
    a_request,
    a_request_escalated,
    a_scheduled_dossier,
    an_accompanied_dossier,
    directed_to_programme,
)


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
    accompanied = await national.post(f"{dossier}/accompaniment", {"starts_on": "2027-01-04", "ends_on": "2027-06-30"})
    assert accompanied["state"] == "accompanied"
    planned = await national.post(
        f"{dossier}/milestones", {"title": "Diagnostic remis", "due_on": "2027-03-01"}, status=201
    )
    assert planned["created"] == planned["milestones"][0]["id"]
    reached = await national.post(f"{dossier}/milestones/{planned['created']}/reached")
    assert reached["milestones"][0]["reached_on"]
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


async def test_a_document_is_reached_by_a_link_that_intake_can_read(national: Program, received: str) -> None:
    document = (await national.get(f"/escalations/{received}"))["documents"][0]
    address, _, token = document["url"].rpartition("/")
    assert address == "http://intake.test/documents"
    assert Links("d" * 32, "document").read(token) == (UUID(document["id"]), 1)


async def test_reading_a_dossier_is_traced_once_a_minute(
    database: Database, national: Program, national_agent: Agent, received: str
) -> None:
    await national.get(f"/escalations/{received}")
    await national.get(f"/escalations/{received}")
    rows = await database.fetch("SELECT agent_id, request_id FROM consultation")
    assert [(row["agent_id"], str(row["request_id"])) for row in rows] == [(national_agent.id, received)]


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
        f"/escalations/{received}/accompaniment", {"starts_on": "2027-01-04", "ends_on": "2027-06-30"}, 409
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
        ("accompaniment", {"starts_on": "2027-01-04", "ends_on": "2027-06-30"}),
        ("milestones", {"title": "Jalon", "due_on": "2027-03-01"}),
        ("completion", {"report": "Fini."}),
    ],
)
async def test_the_secretary_does_not_do_the_national_agents_work(
    secretary: Program, received: str, action: str, body: Json
) -> None:
    assert (await secretary.refused(f"/escalations/{received}/{action}", body, 403))["code"] == "forbidden"


async def test_the_national_agent_does_not_do_the_secretarys_work(
    national: Program, secretary: Program, received: str
) -> None:
    await national.refused("/sessions", {"held_on": "2026-12-10", "title": "Comité"}, 403)
    session_id = await a_scheduled_dossier(national, secretary, received)
    decision = {"request_id": received, "outcome": "granted", "motive": "Oui."}
    await national.refused(f"/sessions/{session_id}/decisions", decision, 403)
    await national.refused(f"/sessions/{session_id}/closing", {}, 403)


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


async def test_a_reserve_goes_with_its_outcome_and_only_with_it(
    national: Program, secretary: Program, received: str
) -> None:
    session_id = await a_scheduled_dossier(national, secretary, received)
    decision = {"request_id": received, "outcome": "granted_with_reserve", "motive": "Oui."}
    problem = await secretary.refused(f"/sessions/{session_id}/decisions", decision, 400)
    assert problem["errors"][0]["field"] == "reserve"
    lonely = {"request_id": received, "outcome": "granted", "motive": "Oui.", "reserve": "Délibération."}
    await secretary.refused(f"/sessions/{session_id}/decisions", lonely, 400)
    made = await secretary.post(
        f"/sessions/{session_id}/decisions", {**decision, "reserve": "Délibération."}, status=201
    )
    assert made["number"] == "CSP-2026-0001"
    assert made["signed_by"]["role"] == "committee_secretary"


async def test_only_what_is_on_the_agenda_is_decided(
    ear: Ear, national: Program, secretary: Program, received: str
) -> None:
    session_id = await a_scheduled_dossier(national, secretary, received)
    other = a_request_escalated(number="95-2026-000124")
    await ear.hears(other)
    decision = {"request_id": str(other.request_id), "outcome": "granted", "motive": "Oui."}
    problem = await secretary.refused(f"/sessions/{session_id}/decisions", decision, 409)
    assert problem["state"] == "received"
    await a_scheduled_dossier(national, secretary, str(other.request_id))
    assert (await secretary.refused(f"/sessions/{session_id}/decisions", decision, 409))["code"] == "not_on_agenda"
    unknown = {**decision, "request_id": str(new_id())}
    assert (await secretary.refused(f"/sessions/{session_id}/decisions", unknown, 400))["errors"]


async def test_a_second_decision_is_refused(national: Program, secretary: Program, received: str) -> None:
    session_id = await a_decided_dossier(national, secretary, received)
    decision = {"request_id": received, "outcome": "refused", "motive": "Non."}
    problem = await secretary.refused(f"/sessions/{session_id}/decisions", decision, 409)
    assert problem["state"] == "granted"


async def test_a_session_closes_once_when_all_is_decided_and_then_does_not_change(
    ear: Ear, national: Program, secretary: Program, received: str
) -> None:
    session_id = await a_scheduled_dossier(national, secretary, received)
    problem = await secretary.refused(f"/sessions/{session_id}/closing", {}, 409)
    assert problem["code"] == "dossiers_undecided"
    assert problem["undecided"] == ["95-2026-000123"]
    decision = {"request_id": received, "outcome": "granted", "motive": "Oui."}
    await secretary.post(f"/sessions/{session_id}/decisions", decision, status=201)
    closed = await secretary.post(f"/sessions/{session_id}/closing")
    assert closed["state"] == "closed"
    assert closed["allowed_actions"] == []
    assert (await secretary.refused(f"/sessions/{session_id}/closing", {}, 409))["code"] == "session_closed"
    assert (await secretary.refused(f"/sessions/{session_id}/decisions", decision, 409))["state"] == "closed"
    await secretary.refused(f"/sessions/{session_id}/attendance", {"present": []}, 409)
    other = a_request_escalated(number="95-2026-000124")
    await ear.hears(other)
    await national.post(f"/escalations/{other.request_id}/admissibility", {"opinion": "Oui."})
    await national.refused(f"/escalations/{other.request_id}/schedule", {"session_id": session_id}, 409)


async def test_closing_needs_no_body(secretary: Program) -> None:
    session = await secretary.post("/sessions", {"held_on": "2026-12-10", "title": "Comité"}, status=201)
    assert (await secretary.ask("POST", f"/sessions/{session['id']}/closing")).status_code == 200


async def test_the_minutes_tell_each_decision_in_the_order_of_the_agenda(
    ear: Ear, national: Program, secretary: Program, received: str
) -> None:
    session_id = await a_scheduled_dossier(national, secretary, received)
    second = a_request_escalated(number="95-2026-000124")
    await ear.hears(second)
    await national.post(f"/escalations/{second.request_id}/admissibility", {"opinion": "Oui."})
    await national.post(f"/escalations/{second.request_id}/schedule", {"session_id": session_id})
    moved = await secretary.post(
        f"/sessions/{session_id}/agenda", {"request_id": str(second.request_id), "direction": "up"}
    )
    assert [item["number"] for item in moved["agenda"]] == ["95-2026-000124", "95-2026-000123"]
    for request_id, outcome, amount in ((received, "granted", 500), (str(second.request_id), "refused", 0)):
        await secretary.post(
            f"/sessions/{session_id}/decisions",
            {"request_id": request_id, "outcome": outcome, "motive": "Vu.", "amount_cents": amount},
            status=201,
        )
    minutes = await national.get(f"/sessions/{session_id}/minutes")
    assert minutes["draft"] is True
    assert [item["decision"]["number"] for item in minutes["items"]] == ["CSP-2026-0002", "CSP-2026-0001"]
    assert minutes["amount_cents"] == 500
    await secretary.post(f"/sessions/{session_id}/closing")
    assert (await national.get(f"/sessions/{session_id}/minutes"))["draft"] is False


async def test_a_quorum_must_be_met_before_anything_is_decided(
    national: Program, secretary: Program, received: str
) -> None:
    await national.post(f"/escalations/{received}/admissibility", {"opinion": "Recevable."})
    body = {"held_on": "2026-12-10", "title": "Comité", "members": ["ANRU", "Anah", "Cerema"], "quorum": 2}
    session = await secretary.post("/sessions", body, status=201)
    await secretary.post(f"/escalations/{received}/schedule", {"session_id": session["id"]})
    decision = {"request_id": received, "outcome": "granted", "motive": "Oui."}
    address = f"/sessions/{session['id']}"
    assert (await secretary.refused(f"{address}/decisions", decision, 409))["code"] == "quorum_missing"
    await secretary.refused(f"{address}/attendance", {"present": ["Inconnu"]}, 400)
    await secretary.post(f"{address}/attendance", {"present": ["ANRU", "Cerema"]})
    await secretary.post(f"{address}/decisions", decision, status=201)


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"held_on": "2026-02-30", "title": "Comité"}, "held_on"),
        ({"held_on": "1999-02-03", "title": "Comité"}, "held_on"),
        ({"held_on": "2099-02-03", "title": "Comité"}, "held_on"),
        ({"title": "Comité"}, "held_on"),
        ({"held_on": "2026-12-10", "title": ""}, "title"),
        ({"held_on": "2026-12-10", "title": "Comité", "members": ["Anah"], "quorum": 2}, "quorum"),
    ],
)
async def test_a_session_needs_a_plausible_date_and_a_title(secretary: Program, body: Json, field: str) -> None:
    problem = await secretary.refused("/sessions", body, 400)
    assert [error["field"] for error in problem["errors"]] == [field]


async def test_a_deferred_dossier_comes_back_on_another_agenda(
    national: Program, secretary: Program, received: str
) -> None:
    first = await a_decided_dossier(national, secretary, received, "deferred")
    assert (await national.get(f"/escalations/{received}"))["state"] == "deferred"
    again = await national.refused(f"/escalations/{received}/schedule", {"session_id": first}, 409)
    assert again["code"] == "already_on_agenda"
    session = await secretary.post("/sessions", {"held_on": "2027-01-14", "title": "Janvier"}, status=201)
    back = await national.post(f"/escalations/{received}/schedule", {"session_id": session["id"]})
    assert back["state"] == "scheduled"
    assert len(back["sessions"]) == 2


@pytest.mark.usefixtures("envelope")
async def test_a_mobilisation_is_accepted_started_and_delivered(
    national: Program, secretary: Program, received: str
) -> None:
    await a_decided_dossier(national, secretary, received)
    address = f"/escalations/{received}/mobilisations"
    created = (await national.post(address, {"kind": "internal", "resource": "Cerema"}, status=201))["created"]
    problem = await national.refused(f"{address}/{created}/delivery", {}, 409)
    assert problem["state"] == "proposed"
    assert problem["allowed_actions"] == ["acceptance", "decline"]
    for action, state in (("acceptance", "accepted"), ("start", "under_way"), ("delivery", "delivered")):
        seen = await national.post(f"{address}/{created}/{action}")
        assert seen["mobilisations"][0]["state"] == state
    assert seen["mobilisations"][0]["allowed_actions"] == []
    assert (await national.ask("POST", f"{address}/{new_id()}/acceptance")).status_code == 404


@pytest.mark.usefixtures("envelope")
async def test_what_is_declined_goes_back_to_the_envelope(national: Program, secretary: Program, received: str) -> None:
    await a_decided_dossier(national, secretary, received)
    address = f"/escalations/{received}/mobilisations"
    body = {"kind": "external", "resource": "Marché", "amount_cents": 3_000_000}
    created = (await national.post(address, body, status=201))["created"]
    assert (await national.get("/envelopes"))["items"][0]["committed_cents"] == 3_000_000
    await national.post(f"{address}/{created}/decline")
    assert (await national.get("/envelopes"))["items"][0]["committed_cents"] == 0


@pytest.mark.usefixtures("envelope")
async def test_an_envelope_never_gives_more_than_it_holds(national: Program, secretary: Program, received: str) -> None:
    await a_decided_dossier(national, secretary, received)
    available = (await national.get("/envelopes"))["items"][0]["available_cents"]
    body = {"kind": "external", "resource": "Marché", "amount_cents": available + 1}
    problem = await national.refused(f"/escalations/{received}/mobilisations", body, 409)
    assert problem["code"] == "envelope_exceeded"
    assert problem["available_cents"] == available
    assert (await national.get(f"/escalations/{received}"))["state"] == "granted"


@pytest.mark.parametrize("amount", [-1, 1.5, "mille", 10**15])
async def test_an_amount_is_a_whole_number_of_cents(
    national: Program, secretary: Program, received: str, amount: object
) -> None:
    await a_decided_dossier(national, secretary, received)
    body = {"kind": "external", "resource": "Marché", "amount_cents": amount}
    problem = await national.refused(f"/escalations/{received}/mobilisations", body, 400)
    assert problem["errors"][0]["field"] == "amount_cents"


async def test_without_an_envelope_nothing_is_committed(national: Program, secretary: Program, received: str) -> None:
    await a_decided_dossier(national, secretary, received)
    body = {"kind": "external", "resource": "Marché", "amount_cents": 100}
    assert (await national.refused(f"/escalations/{received}/mobilisations", body, 409))["code"] == "no_envelope"


async def test_the_secretary_opens_and_resizes_envelopes(national: Program, secretary: Program, received: str) -> None:
    year = clock.now().year
    opened = await secretary.post("/envelopes", {"year": year, "amount_cents": 5_000}, status=201)
    assert opened["available_cents"] == 5_000
    again = await secretary.refused("/envelopes", {"year": year, "amount_cents": 1}, 409)
    assert again["code"] == "envelope_exists"
    await national.refused("/envelopes", {"year": year + 1, "amount_cents": 1}, 403)
    await a_decided_dossier(national, secretary, received)
    body = {"kind": "external", "resource": "Marché", "amount_cents": 4_000}
    await national.post(f"/escalations/{received}/mobilisations", body, status=201)
    address = f"/envelopes/{opened['id']}/amount"
    assert (await secretary.refused(address, {"amount_cents": 3_999}, 409))["code"] == "envelope_committed"
    assert (await secretary.post(address, {"amount_cents": 4_000}))["available_cents"] == 0


async def test_a_milestone_is_reached_once(national: Program, secretary: Program, received: str) -> None:
    await an_accompanied_dossier(national, secretary, received)
    address = f"/escalations/{received}/milestones"
    early = await national.refused(address, {"title": "Trop tôt", "due_on": "2026-12-01"}, 400)
    assert early["errors"][0]["field"] == "due_on"
    created = (await national.post(address, {"title": "Étude", "due_on": "2027-03-01"}, status=201))["created"]
    await national.refused(f"{address}/{created}/reached", {"reached_on": "2099-01-01"}, 400)
    await national.post(f"{address}/{created}/reached")
    assert (await national.refused(f"{address}/{created}/reached", {}, 409))["code"] == "milestone_reached"


async def test_a_programmes_team_sees_its_requests_and_no_others(
    database: Database,
    ear: Ear,
    received: str,
    program: Callable[[Agent], Awaitable[Program]],
) -> None:
    request_id = new_id()
    await ear.hears(directed_to_programme(request_id), directed_to_programme(new_id(), Programme.FRANCE_SERVICES))
    team = await program(await an_agent(database, "programme", Role.PROGRAMME_AGENT, "petites_villes_de_demain"))
    listed = await team.get("/programmes/petites_villes_de_demain/requests")
    assert [item["request_id"] for item in listed["items"]] == [str(request_id)]
    assert [row["programme"] for row in (await team.get("/programmes"))["items"]] == ["petites_villes_de_demain"]
    assert (await team.ask("GET", "/programmes/france_services/requests")).status_code == 404
    assert (await team.ask("GET", f"/escalations/{received}")).status_code == 404
    assert (await team.get("/escalations"))["total"] == 0
    assert (await team.ask("GET", "/sessions")).status_code == 403


async def test_the_five_programmes_are_listed_with_their_counts(ear: Ear, national: Program) -> None:
    await ear.hears(directed_to_programme(new_id()))
    listed = await national.get("/programmes")
    assert listed["total"] == 5
    counts = {row["programme"]: row["requests"] for row in listed["items"]}
    assert counts["petites_villes_de_demain"] == 1
    assert counts["action_coeur_de_ville"] == 0
    assert (await national.ask("GET", "/programmes/inconnu/requests")).status_code == 404


async def test_evaluations_and_figures_tell_what_came_of_it(
    ear: Ear, national: Program, secretary: Program, received: str
) -> None:
    await a_decided_dossier(national, secretary, received, amount_cents=700)
    await ear.hears(an_evaluation(UUID(received)))
    assert (await national.get("/evaluations"))["items"][0]["impact"] == "Deux commerces ont rouvert."
    assert (await national.get("/evaluations?departement=33"))["total"] == 0
    figures = await national.get("/statistics")
    assert figures["by_state"] == {"granted": 1}
    assert figures["by_field"] == {"habitat": 1, "revitalisation_commerciale": 1}
    assert figures["outcomes"] == {"granted": 1}
    assert figures["granted_cents"] == 700
    assert figures["delays"]["admissibility"]["count"] == 1
    assert figures["delays"]["accompaniment"]["median_days"] is None
    assert figures["evaluations"]["satisfaction"] == 5


def an_evaluation(request_id: UUID) -> intake.EvaluationSubmitted:
    """The applicant is content."""
    return intake.EvaluationSubmitted(
        request_id=request_id,
        departement="95",
        at=clock.now(),
        number="95-2026-000123",
        applicant=a_request().applicant,
        need_met=5,
        progress=4,
        satisfaction=5,
        impact="Deux commerces ont rouvert.",
    )


async def test_a_decision_knows_when_the_applicant_was_told(
    database: Database, ear: Ear, national: Program, secretary: Program, received: str
) -> None:
    await a_decided_dossier(national, secretary, received)
    event_id = await database.fetchval("SELECT event_id FROM decision")

    def delivered(audience: Any) -> notifications.DeliverySucceeded:
        return notifications.DeliverySucceeded(
            request_id=UUID(received),
            departement="95",
            at=clock.now(),
            delivery_id=new_id(),
            event_id=event_id,
            audience=audience,
            template="decision_made",
        )

    await ear.hears(delivered("departement"))
    assert (await national.get(f"/escalations/{received}"))["decisions"][0]["notified_at"] is None
    await ear.hears(delivered("applicant"))
    assert (await national.get(f"/escalations/{received}"))["decisions"][0]["notified_at"]


async def test_the_api_describes_itself(browser: httpx2.AsyncClient) -> None:
    described = (await browser.get("/api/v1/openapi.json")).json()
    assert "/api/v1/escalations/{request_id}/milestones/{milestone_id}/reached" in described["paths"]
    told_and_heard = (await browser.get("/asyncapi")).json()
    assert told_and_heard["asyncapi"].startswith("3.")
