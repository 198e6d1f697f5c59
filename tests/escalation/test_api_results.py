"""Means and results by program: mobilisations, envelopes, milestones, programmes, evaluations, figures."""

from collections.abc import Awaitable, Callable
from uuid import UUID

import pytest

from shared import clock
from shared.clock import new_id
from shared.contracts import intake
from shared.contracts.vocabulary import Programme
from shared.db import Database
from shared.identity.model import Agent, Role
from tests.escalation.conftest import an_agent
from tests.escalation.life import (
    WITHOUT_LIMIT,
    Ear,
    Program,
    a_decided_dossier,
    a_request,
    an_accompanied_dossier,
    directed_to_programme,
)
from tests.today import today


@pytest.mark.usefixtures("envelope")
async def test_a_mobilisation_is_accepted_started_and_delivered(
    national: Program, secretary: Program, received: str
) -> None:
    await a_decided_dossier(national, secretary, received)
    address = f"/escalations/{received}/mobilisations"
    created = (await national.post(address, {"kind": "internal", "resource": "Cerema"}, status=201))["created"]
    problem = await national.refused(f"{address}/{created}/delivery", {}, 409)
    assert problem["state"] == "proposed"
    assert problem["allowed_actions"] == ["acceptance", "decline", "invitation", "cancellation"]
    for action, state in (("acceptance", "accepted"), ("start", "under_way"), ("delivery", "delivered")):
        seen = await national.post(f"{address}/{created}/{action}")
        assert seen["mobilisations"][0]["state"] == state
    assert seen["mobilisations"][0]["allowed_actions"] == ["invitation"], "its provider may still report"
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
    await a_decided_dossier(national, secretary, received, **WITHOUT_LIMIT)
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
    await a_decided_dossier(national, secretary, received, amount_cents=4_000)
    body = {"kind": "external", "resource": "Marché", "amount_cents": 4_000}
    await national.post(f"/escalations/{received}/mobilisations", body, status=201)
    address = f"/envelopes/{opened['id']}/amount"
    assert (await secretary.refused(address, {"amount_cents": 3_999}, 409))["code"] == "envelope_committed"
    assert (await secretary.post(address, {"amount_cents": 4_000}))["available_cents"] == 0


async def test_a_milestone_is_reached_once(national: Program, secretary: Program, received: str) -> None:
    await an_accompanied_dossier(national, secretary, received)
    address = f"/escalations/{received}/milestones"
    early = await national.refused(address, {"title": "Trop tôt", "due_on": today(-1)}, 400)
    assert early["errors"][0]["field"] == "due_on"
    created = (await national.post(address, {"title": "Étude", "due_on": today(90)}, status=201))["created"]
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
    assert [row["request_id"] for row in await database.fetch("SELECT request_id FROM consultation")] == [request_id]
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
