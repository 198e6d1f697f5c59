"""A decision as an object of its own: votes, reserve, signature, register, paper; corrected only by a new one."""

import re
from collections.abc import Awaitable, Callable
from datetime import timedelta

from services.escalation.handlers import handlers
from services.escalation.settings import Settings
from services.escalation.usecases.recording import day
from shared import clock
from shared.clock import new_id
from shared.contracts import intake
from shared.contracts.escalation import DecisionCorrected, ReserveLifted
from shared.db import Database
from tests.escalation.desk import Person
from tests.escalation.life import Ear, Json, Program, a_decided_dossier, a_request_escalated, a_scheduled_dossier
from tests.paper import words_of
from tests.rebuilt import FreshDatabases, Overheard, assert_it_shows_what_was_told
from tests.today import today

NEW = {"outcome": "granted", "motive": "Le foncier est maîtrisé.", "amount_cents": 900}
WITH_RESERVE = {"reserve": "Délibération attendue.", "reserve_until": "2027-03-31"}


async def made(national: Program, request_id: str) -> list[Json]:
    """Give the decisions on a dossier."""
    found: list[Json] = (await national.get(f"/escalations/{request_id}"))["decisions"]
    return found


async def told(database: Database, wire_type: str) -> int:
    """Count the events of a type."""
    number: int = await database.fetchval("SELECT count(*) FROM journal WHERE type = $1", wire_type)
    return number


async def test_a_decision_says_who_voted_how_who_signs_and_how_to_appeal(
    national: Program, secretary: Program, received: str
) -> None:
    members = [{"name": "ANCT", "role": "chair"}, "Anah", {"name": "Cerema", "role": "advisory"}]
    planned = {"held_on": today(), "title": "Comité", "members": members, "quorum": 2}
    session = await secretary.post("/sessions", planned, status=201)
    assert session["roles"] == {"ANCT": "chair", "Cerema": "advisory"}
    await national.post(f"/escalations/{received}/admissibility", {"opinion": "Oui."})
    await national.post(f"/escalations/{received}/schedule", {"session_id": session["id"]})
    path = f"/sessions/{session['id']}"
    body = {"request_id": received, "outcome": "granted", "motive": "Vu.", "signatory": "Pour le comité, sa présidence"}
    await secretary.post(f"{path}/attendance", {"present": ["ANCT", "Cerema"]})
    assert (await secretary.refused(f"{path}/decisions", body, 409))["code"] == "quorum_missing"
    await secretary.post(f"{path}/attendance", {"present": ["ANCT", "Anah", "Cerema"]})
    crowd = {**body, "votes": {"in_favour": 2, "against": 1}}
    assert (await secretary.refused(f"{path}/decisions", crowd, 400))["errors"][0]["field"] == "votes"
    decided = await secretary.post(
        f"{path}/decisions", {**body, "votes": {"in_favour": 1, "against": 0, "abstained": 1}}, status=201
    )
    assert decided["votes"] == {"in_favour": 1, "against": 0, "abstained": 1}
    assert decided["signatory"] == "Pour le comité, sa présidence"
    assert "tribunal administratif" in decided["appeal"]
    on_paper = words_of(await national.ask("GET", f"/decisions/{decided['id']}/document.pdf"))
    for shown in ("CSP-2026-0001", "1 pour", "sa présidence", "Voies de recours", "tribunal administratif"):
        assert shown in on_paper, shown


async def test_a_reserve_waits_in_the_register_until_it_is_lifted_once(
    database: Database, national: Program, secretary: Program, received: str
) -> None:
    await a_decided_dossier(national, secretary, received, "granted_with_reserve", **WITH_RESERVE)
    waiting = await national.get("/decisions?standing_reserve=true")
    assert [one["reserve_until"] for one in waiting["items"]] == ["2027-03-31"]
    decision = waiting["items"][0]
    assert decision["allowed_actions"] == ["reserve-lifting"]
    path = f"/decisions/{decision['id']}/reserve-lifting"
    tomorrow = {"motive": "Reçue.", "lifted_on": str(clock.now().date() + timedelta(days=2))}
    assert (await national.refused(path, tomorrow, 400))["errors"][0]["field"] == "lifted_on"
    lifted = await national.post(path, {"motive": "La délibération est reçue."})
    assert lifted["reserve_lifted_by"]["role"] == "national_agent"
    assert lifted["reserve_lifted_on"]
    assert (await national.get("/decisions?standing_reserve=true"))["total"] == 0
    assert (await national.get("/decisions"))["total"] == 1
    assert (await national.refused(path, {"motive": "Encore."}, 409))["code"] == "no_reserve"
    assert await told(database, ReserveLifted.wire_type) == 1


async def test_a_decision_that_a_withdrawal_made_void_waits_for_nothing(
    ear: Ear, at_committee: Person, national: Program, secretary: Program, received: str
) -> None:
    alike = a_request_escalated(number="95-2026-000124")
    await ear.hears(alike)
    void = str(alike.request_id)
    await a_decided_dossier(national, secretary, void, "granted_with_reserve", **WITH_RESERVE)
    assert len((await national.get(f"/escalations/{received}"))["similar"]) == 1
    await ear.hears(
        intake.RequestWithdrawn(request_id=alike.request_id, departement="95", at=clock.now(), motive="Abandonné.")
    )
    assert (await national.get("/decisions?standing_reserve=true"))["items"] == []
    assert (await national.get("/decisions?standing_reserve=true"))["total"] == 0
    (decision,) = (await national.get("/decisions"))["items"]
    assert decision["void"]
    assert (await national.get(f"/escalations/{received}"))["similar"] == []
    for path in ("/decisions", f"/demandes/{void}", f"/decisions/{decision['id']}"):
        assert "sans effet" in (await at_committee.see(path)).lower(), path
    assert "à lever" not in (await at_committee.see("/decisions")).split("<table")[1].lower()


async def test_a_decision_without_reserve_has_none_to_lift(
    national: Program, secretary: Program, received: str
) -> None:
    await a_decided_dossier(national, secretary, received)
    [decision] = await made(national, received)
    await national.refused(f"/decisions/{decision['id']}/reserve-lifting", {"motive": "Reçue."}, 409)


async def test_a_closed_session_is_corrected_only_by_a_new_decision_that_names_the_old_one(
    database: Database, national: Program, secretary: Program, received: str
) -> None:
    session_id = await a_decided_dossier(national, secretary, received, "refused")
    await secretary.post(f"/sessions/{session_id}/closing")
    minutes = await national.get(f"/sessions/{session_id}/minutes")
    [old] = await made(national, received)
    assert (await secretary.get(f"/decisions/{old['id']}"))["allowed_actions"] == ["correction"]
    await national.refused(f"/decisions/{old['id']}/correction", NEW, 403)
    new = await secretary.post(f"/decisions/{old['id']}/correction", NEW, status=201)
    today, number = day(clock.now()), new["number"]
    assert re.fullmatch(rf"CSP-{today.year}-\d{{4}}", number)
    assert (new["corrects"], new["decided_on"]) == ("CSP-2026-0001", str(today))
    assert (await national.get(f"/escalations/{received}"))["state"] == "granted"
    seen = await made(national, received)
    assert [(one["number"], one["outcome"], one["replaced_by"]) for one in seen] == [
        ("CSP-2026-0001", "refused", number),
        (number, "granted", None),
    ]
    after = await national.get(f"/sessions/{session_id}/minutes")
    assert [one["motive"] for one in after["decisions"]] == [one["motive"] for one in minutes["decisions"]]
    assert after["decisions"][0]["outcome"] == "refused"
    assert (await secretary.refused(f"/decisions/{old['id']}/correction", NEW, 409))["code"] == "decision_replaced"
    assert await told(database, DecisionCorrected.wire_type) == 1
    was = "SELECT body::jsonb #>> '{data,was,outcome}' FROM journal WHERE type = $1"
    assert await database.fetchval(was, DecisionCorrected.wire_type) == "refused"
    again = await secretary.post(f"/decisions/{new['id']}/correction", {**NEW, "amount_cents": 1}, status=201)
    assert again["corrects"] == number


async def test_what_is_under_way_goes_on_under_the_new_decision(
    national: Program, secretary: Program, received: str
) -> None:
    await a_decided_dossier(national, secretary, received)
    await national.post(
        f"/escalations/{received}/mobilisations", {"kind": "internal", "resource": "Cerema"}, status=201
    )
    [old] = await made(national, received)
    refusal = {"outcome": "refused", "motive": "Non."}
    problem = await secretary.refused(f"/decisions/{old['id']}/correction", refusal, 400)
    assert problem["errors"][0]["field"] == "outcome"
    await secretary.post(f"/decisions/{old['id']}/correction", NEW, status=201)
    assert (await national.get(f"/escalations/{received}"))["state"] == "mobilising"


async def test_a_deferral_is_not_corrected_but_heard_again(
    national: Program, secretary: Program, received: str
) -> None:
    await a_decided_dossier(national, secretary, received, "deferred")
    [deferral] = await made(national, received)
    assert deferral["allowed_actions"] == []
    await secretary.refused(f"/decisions/{deferral['id']}/correction", NEW, 409)
    await secretary.refused(f"/decisions/{new_id()}/correction", NEW, 404)
    again = await a_scheduled_again(national, secretary, received)
    assert again["state"] == "scheduled"


async def a_scheduled_again(national: Program, secretary: Program, request_id: str) -> Json:
    """The deferred dossier comes on the next agenda."""
    session = await secretary.post("/sessions", {"held_on": "2027-01-14", "title": "Comité de janvier"}, status=201)
    return await national.post(f"/escalations/{request_id}/schedule", {"session_id": session["id"]})


async def test_decisions_are_rebuilt_with_their_corrections_and_lifted_reserves(
    database: Database,
    settings: Settings,
    national: Program,
    secretary: Program,
    database_url: Callable[[str], Awaitable[str]],
    fresh_database: FreshDatabases,
) -> None:
    others = await Database.connect(await database_url("shared"), name="others")
    ear = Ear(database, settings.durations)
    ear.inbox = Overheard(database, handlers(settings.durations), others)
    fact = a_request_escalated()
    await ear.hears(fact)
    dossier = str(fact.request_id)
    session_id = await a_scheduled_dossier(national, secretary, dossier)
    body = {"request_id": dossier, "outcome": "refused", "motive": "Non.", "votes": {"in_favour": 0, "against": 0}}
    decided = await secretary.post(f"/sessions/{session_id}/decisions", body, status=201)
    corrected = {"outcome": "granted_with_reserve", "motive": "Oui.", **WITH_RESERVE}
    new = await secretary.post(f"/decisions/{decided['id']}/correction", corrected, status=201)
    await national.post(f"/decisions/{new['id']}/reserve-lifting", {"motive": "Reçue."})
    await assert_it_shows_what_was_told(
        "escalation", {"escalation": database, "others": others}, fresh_database, rows=8
    )
    await others.close()
