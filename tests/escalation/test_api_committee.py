"""The committee by program: sessions, agendas, decisions, minutes."""

from typing import Any
from uuid import UUID

import pytest

from shared import clock
from shared.clock import new_id
from shared.contracts import notifications
from shared.db import Database
from tests.escalation.life import (
    Ear,
    Json,
    Program,
    a_decided_dossier,
    a_request_escalated,
    a_scheduled_dossier,
)
from tests.paper import words_of
from tests.today import today


async def test_the_national_agent_does_not_do_the_secretarys_work(
    national: Program, secretary: Program, received: str
) -> None:
    await national.refused("/sessions", {"held_on": today(), "title": "Comité"}, 403)
    session_id = await a_scheduled_dossier(national, secretary, received)
    decision = {"request_id": received, "outcome": "granted", "motive": "Oui."}
    await national.refused(f"/sessions/{session_id}/decisions", decision, 403)
    await national.refused(f"/sessions/{session_id}/closing", {}, 403)


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
    assert (problem["code"], problem["state"]) == ("already_decided", "granted")
    assert "Secretaire a enregistré la décision CSP-" in problem["detail"]


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


async def test_a_session_to_come_decides_nothing_and_says_when(
    national: Program, secretary: Program, received: str
) -> None:
    body = {"held_on": today(1), "title": "Comité", "members": ["ANRU"]}
    session = await secretary.post("/sessions", body, status=201)
    assert session["allowed_actions"] == ["agenda", "recusals", "recusal-removal"]
    await national.post(f"/escalations/{received}/admissibility", {"opinion": "Oui."})
    await national.post(f"/escalations/{received}/schedule", {"session_id": session["id"]})
    decision = {"request_id": received, "outcome": "granted", "motive": "Oui."}
    for action, said, field in (
        ("attendance", {"present": ["ANRU"]}, "present"),
        ("decisions", decision, "outcome"),
        ("closing", {}, "held_on"),
    ):
        problem = await secretary.refused(f"/sessions/{session['id']}/{action}", said, 400)
        assert [error["field"] for error in problem["errors"]] == [field]
        assert "se tient le" in problem["errors"][0]["message"]
    assert (await national.get(f"/escalations/{received}"))["state"] == "scheduled"


@pytest.mark.usefixtures("envelope")
async def test_absurd_decisions_are_refused_at_their_field(
    national: Program, secretary: Program, received: str
) -> None:
    path = f"/sessions/{await a_scheduled_dossier(national, secretary, received)}/decisions"
    grant = {"request_id": received, "outcome": "granted", "motive": "Oui."}
    for outcome, said, field in (
        ("granted", {"votes": {"in_favour": 0, "against": 2}}, "votes"),
        ("refused", {"votes": {"in_favour": 2, "against": 0}}, "votes"),
        ("refused", {"amount_cents": 500_000}, "amount_cents"),
        ("refused", {"support_types": ["amo_publique"]}, "support_types"),
        ("deferred", {"amount_cents": 777}, "amount_cents"),
        ("returned", {"amount_cents": 777}, "amount_cents"),
        ("granted", {"amount_cents": 1_000_000_000_00}, "amount_cents"),
        ("granted", {"amount_cents": 2_000_000_01}, "amount_cents"),
        ("granted", {"amount_cents": 1_000_000_01}, "amount_cents"),
    ):
        problem = await secretary.refused(path, {**grant, "outcome": outcome, **said}, 400)
        assert [error["field"] for error in problem["errors"]] == [field], said
    reason = {"override_reason": "Crédits du plan de relance, notifiés en décembre."}
    made = await secretary.post(path, {**grant, "amount_cents": 2_000_000_01, **reason}, status=201)
    assert made["override_reason"] == reason["override_reason"]
    minutes = await national.get(f"/sessions/{made['session_id']}/minutes")
    assert minutes["decisions"][0]["override_reason"] == reason["override_reason"]
    on_paper = words_of(await national.ask("GET", f"/decisions/{made['id']}/document.pdf"))
    assert "Crédits du plan de relance" in on_paper


async def test_closing_needs_no_body(secretary: Program) -> None:
    session = await secretary.post("/sessions", {"held_on": today(), "title": "Comité"}, status=201)
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
    body = {"held_on": today(), "title": "Comité", "members": ["ANRU", "Anah", "Cerema"], "quorum": 2}
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
        ({"held_on": today(), "title": ""}, "title"),
        ({"held_on": today(), "title": "Comité", "members": ["Anah"], "quorum": 2}, "quorum"),
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
