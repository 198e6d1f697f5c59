"""The figures are about all requests, whoever answers them; evaluations stand beside their decision and their cost."""

import re
from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest

from shared import clock
from shared.clock import new_id
from shared.contracts import intake, qualification
from shared.contracts.fact import Fact
from shared.contracts.vocabulary import EvaluationRound, Programme, SupportType
from shared.db import Database
from shared.identity.model import Agent, Role
from tests.escalation.conftest import an_agent
from tests.escalation.desk import Person
from tests.escalation.life import (
    DELEGATE,
    FILED_AT,
    Ear,
    Program,
    a_decided_dossier,
    a_request,
    a_request_escalated,
    directed_to_programme,
)

CAUE = qualification.Provider(id=new_id(), name="CAUE du Val-d’Oise", email="caue95@cousu.test")
SERVICE = qualification.Service(name="SAT 95", email="sat95@cousu.test", phone="01 00 00 00 00")


def filed(request_id: UUID, **changes: Any) -> intake.RequestSubmitted:
    return intake.RequestSubmitted(request_id=request_id, departement="95", at=FILED_AT, request=a_request(**changes))


def registered(request_id: UUID, departement: str = "95", days: int = 1) -> qualification.RequestRegistered:
    return qualification.RequestRegistered(
        request_id=request_id,
        departement=departement,
        at=FILED_AT + timedelta(days=days),
        number="95-2026-000123",
        service=SERVICE,
        due_on=FILED_AT.date(),
    )


def supported(request_id: UUID, days: int = 3) -> qualification.SupportedLocally:
    return qualification.SupportedLocally(
        request_id=request_id,
        departement="95",
        at=FILED_AT + timedelta(days=days),
        support_types=(SupportType.INGENIERIE_PROJET,),
        amount_cents=1_200_000,
        motive="Étude prise en charge.",
        by=DELEGATE,
    )


def oriented(request_id: UUID, days: int = 2) -> qualification.OrientedLocally:
    return qualification.OrientedLocally(
        request_id=request_id,
        departement="95",
        at=FILED_AT + timedelta(days=days),
        orientation_id=new_id(),
        provider=CAUE,
        until=FILED_AT.date(),
        motive="Il a la compétence.",
        by=DELEGATE,
        dossier=a_request_escalated().dossier,
    )


def declined(request_id: UUID, days: int = 4) -> qualification.OrientationDeclined:
    return qualification.OrientationDeclined(
        request_id=request_id,
        departement="95",
        at=FILED_AT + timedelta(days=days),
        orientation_id=new_id(),
        provider=CAUE,
        motive="Plan de charge complet.",
    )


def evaluated(
    request_id: UUID, satisfaction: int = 5, asked: EvaluationRound = EvaluationRound.COMPLETION
) -> intake.EvaluationSubmitted:
    request = a_request()
    return intake.EvaluationSubmitted(
        request_id=request_id,
        departement="95",
        at=clock.now(),
        number=request.number,
        applicant=request.applicant,
        fields=request.fields,
        need_met=4,
        progress=3,
        satisfaction=satisfaction,
        round=asked,
    )


async def overview(program: Program) -> dict[str, Any]:
    found: dict[str, Any] = (await program.get("/statistics"))["all_requests"]
    return found


async def test_every_request_is_counted_once_by_what_became_of_it(
    ear: Ear, national: Program, secretary: Program, received: str
) -> None:
    local, programme, waiting, given_up = (new_id() for _ in range(4))
    await ear.hears(*(filed(one) for one in (UUID(received), local, programme, waiting, given_up)))
    await ear.hears(registered(local), supported(local), directed_to_programme(programme))
    asked = intake.RequestWithdrawn(request_id=given_up, departement="95", at=clock.now(), motive="Abandonné.")
    await ear.hears(asked)
    assert (await overview(national))["outcomes"]["withdrawn"] == 0, "nobody has accepted it yet"
    await ear.hears(
        qualification.WithdrawalAccepted(
            request_id=given_up, departement="95", at=clock.now(), withdrawn_at=asked.at, motive=asked.motive
        )
    )
    await a_decided_dossier(national, secretary, received, amount_cents=700)
    found = await overview(national)
    told = {outcome: count for outcome, count in found["outcomes"].items() if count}
    assert told == {"local": 1, "programme": 1, "national_granted": 1, "departement_pending": 1, "withdrawn": 1}
    assert found["requests"] == 5
    assert found["by_departement"] == {"95": 5}
    assert found["share_answered_locally"] == 0.333
    assert found["registration"] == {"count": 1, "median_days": 1.0, "p90_days": 1.0}
    assert found["money"]["local_support_cents"] == 1_200_000
    assert found["money"]["granted_cents"] == 700


async def test_figures_and_evaluations_count_the_decision_that_stands(
    ear: Ear, national: Program, secretary: Program, received: str
) -> None:
    session_id = await a_decided_dossier(national, secretary, received, amount_cents=5_000_000)
    await secretary.post(f"/sessions/{session_id}/closing")
    [old] = (await national.get("/decisions"))["items"]
    less = {"outcome": "granted", "motive": "Montant revu.", "amount_cents": 3_000_000}
    new = await secretary.post(f"/decisions/{old['id']}/correction", less, status=201)
    await ear.hears(filed(UUID(received)), evaluated(UUID(received)))
    figures = await national.get("/statistics")
    assert figures["granted_cents"] == figures["all_requests"]["money"]["granted_cents"] == 3_000_000
    assert figures["outcomes"] == {"granted": 1}
    [said] = (await national.get("/evaluations"))["items"]
    assert (said["decision_number"], said["granted_cents"]) == (new["number"], 3_000_000)


@pytest.mark.parametrize("latest_first", [False, True])
async def test_the_latest_answer_counts_in_whatever_order_it_is_heard(
    database: Database, ear: Ear, national: Program, *, latest_first: bool
) -> None:
    request_id = new_id()
    facts: list[Fact] = [oriented(request_id), declined(request_id), supported(request_id, days=6)]
    if latest_first:
        facts.reverse()
    await ear.hears(*facts, filed(request_id))
    assert (await overview(national))["outcomes"]["local"] == 1
    row = await database.fetchrow("SELECT outcome, provider, first_answer_at FROM followed")
    assert row is not None
    assert (row["outcome"], row["provider"]) == ("local_support", None)
    assert row["first_answer_at"] == FILED_AT + timedelta(days=2)


async def test_a_declined_orientation_waits_again_at_the_departement(ear: Ear, national: Program) -> None:
    request_id = new_id()
    await ear.hears(filed(request_id), oriented(request_id), declined(request_id))
    assert (await overview(national))["outcomes"]["departement_pending"] == 1


async def test_a_request_counts_where_it_was_taken_last(ear: Ear, national: Program) -> None:
    request_id = new_id()
    await ear.hears(registered(request_id, "78", days=5), registered(request_id, days=1), filed(request_id))
    assert (await overview(national))["by_departement"] == {"78": 1}


async def test_a_programmes_team_counts_its_own_requests(
    ear: Ear, database: Database, program: Callable[[Agent], Awaitable[Program]]
) -> None:
    mine, other = new_id(), new_id()
    await ear.hears(filed(mine), filed(other), directed_to_programme(mine))
    team = await program(await an_agent(database, "programme", Role.PROGRAMME_AGENT, "petites_villes_de_demain"))
    assert (await overview(team))["requests"] == 1


@pytest.mark.parametrize(
    ("asked", "requests"),
    [
        ("", 3),
        ("?region=11", 2),
        ("?departement=78", 1),
        ("?departement=13", 1),
        ("?region=93&departement=95", 0),
        ("?region=99", 0),
        ("?programme=petites_villes_de_demain", 1),
        ("?programme=petites_villes_de_demain&departement=78", 0),
    ],
)
async def test_figures_are_given_of_a_region_a_departement_or_a_programme(
    ear: Ear, national: Program, asked: str, requests: int
) -> None:
    here, near, far = (new_id() for _ in range(3))
    await ear.hears(*(filed(one) for one in (here, near, far)))
    await ear.hears(directed_to_programme(here), registered(near, "78"), registered(far, "13"))
    assert (await national.get(f"/statistics{asked}"))["all_requests"]["requests"] == requests


async def test_a_programmes_team_cannot_ask_for_more_than_it_sees(
    ear: Ear, database: Database, program: Callable[[Agent], Awaitable[Program]]
) -> None:
    await ear.hears(filed(new_id()))
    team = await program(await an_agent(database, "programme", Role.PROGRAMME_AGENT, "petites_villes_de_demain"))
    for asked in ("", "?departement=95", "?programme=france_services"):
        assert (await team.get(f"/statistics{asked}"))["all_requests"]["requests"] == 0
    assert (await team.ask("GET", "/statistics?programme=nothing")).status_code == 400


async def test_an_evaluation_stands_beside_its_decision_and_what_it_cost(
    ear: Ear, national: Program, secretary: Program, received: str, envelope: None
) -> None:
    del envelope
    await ear.hears(filed(UUID(received)))
    await a_decided_dossier(national, secretary, received, amount_cents=5_000_000)
    for resource, cents in (("Cerema", 2_000_000), ("Marché d’ingénierie", 1_000_000)):
        body = {"kind": "external", "resource": resource, "amount_cents": cents}
        await national.post(f"/escalations/{received}/mobilisations", body, status=201)
    await ear.hears(evaluated(UUID(received)), evaluated(UUID(received), 3, EvaluationRound.SIX_MONTHS))
    assert [item["cost_cents"] for item in (await national.get("/evaluations"))["items"]] == [0, 0]
    cerema, market = (await national.get(f"/escalations/{received}"))["mobilisations"]
    for order, delivered in ((cerema, 1_500_000), (market, 1_000_000)):
        address = f"/escalations/{received}/mobilisations/{order['id']}"
        for step in ("acceptance", "start"):
            await national.post(f"{address}/{step}")
        await national.post(f"{address}/part-delivery", {"amount_cents": delivered}, status=201)
    listed = await national.get("/evaluations")
    assert listed["total"] == 2
    shown = listed["items"][0]
    assert shown["decision_number"].startswith("CSP-")
    assert (shown["granted_cents"], shown["cost_cents"]) == (5_000_000, 2_500_000)
    assert shown["providers"] == ["Cerema", "Marché d’ingénierie"]
    assert [item["round"] for item in listed["items"]] == ["six_months", "completion"]
    by_provider = await results(national, "provider")
    assert {row["value"]: (row["count"], row["satisfaction"], row["cost_cents"]) for row in by_provider} == {
        "Cerema": (2, 4.0, 2_500_000),
        "Marché d’ingénierie": (2, 4.0, 2_500_000),
    }
    assert (await national.get("/evaluations?provider=Cerema&round=six_months"))["total"] == 1
    dossier = await national.get(f"/escalations/{received}")
    assert [said["round"] for said in dossier["evaluations"]] == ["six_months", "completion"]


async def results(program: Program, by: str) -> list[dict[str, Any]]:
    answer = await program.ask("GET", f"/evaluations/results?by={by}")
    assert answer.status_code == 200, answer.text
    found: list[dict[str, Any]] = answer.json()
    return found


async def test_results_are_compared_by_territory_field_programme_and_provider(ear: Ear, national: Program) -> None:
    local, paid, directed = new_id(), new_id(), new_id()
    await ear.hears(*(filed(one) for one in (local, paid, directed)))
    await ear.hears(oriented(local), supported(paid), directed_to_programme(directed))
    await ear.hears(evaluated(local, 5), evaluated(paid, 3), evaluated(directed, 1))
    assert [(row["value"], row["count"]) for row in await results(national, "departement")] == [("95", 3)]
    by_field = {row["value"]: row["count"] for row in await results(national, "field")}
    assert by_field == {"habitat": 3, "revitalisation_commerciale": 3}
    by_programme = await results(national, "programme")
    assert [(row["value"], row["satisfaction"]) for row in by_programme] == [(Programme.PETITES_VILLES_DE_DEMAIN, 1.0)]
    assert [(row["value"], row["satisfaction"]) for row in await results(national, "provider")] == [(CAUE.name, 5.0)]
    assert [row["cost_cents"] for row in await results(national, "round")] == [1_200_000]
    assert (await national.ask("GET", "/evaluations/results?by=nothing")).status_code == 400


async def test_the_compared_results_name_what_has_no_value_and_add_up(ear: Ear, at_desk: Person) -> None:
    paid, directed = new_id(), new_id()
    await ear.hears(filed(paid), filed(directed), supported(paid), directed_to_programme(directed))
    await ear.hears(evaluated(paid, 3), evaluated(paid, 5, EvaluationRound.SIX_MONTHS), evaluated(directed, 1))
    for by, rows in {
        "programme": [("Petites Villes de Demain", "1", "1,0"), ("Sans programme", "2", "4,0"), ("Total", "3", "3,0")],
        "provider": [("Sans prestataire connu", "3", "3,0"), ("Total", "3", "3,0")],
        "departement": [("Val-d’Oise (95)", "3", "3,0"), ("Total", "3", "3,0")],
    }.items():
        table = (await at_desk.see(f"/evaluations?by={by}")).split("<tbody")[1].split("</tbody>")[0]
        seen = [re.findall(r"data-label=[^>]*>([^<]*)<", row) for row in table.split("</tr>")[:-1]]
        assert [(row[0], row[1], row[4]) for row in seen] == rows
        assert seen[-1][5] == "12\u00a0000\u00a0€"


async def test_two_answers_of_one_request_disturb_no_programmes_list(ear: Ear, national: Program) -> None:
    request_id = new_id()
    await ear.hears(evaluated(request_id), evaluated(request_id, 3, EvaluationRound.SIX_MONTHS))
    await ear.hears(directed_to_programme(request_id))
    row = next(one for one in (await national.get("/programmes"))["items"] if one["requests"])
    assert (row["requests"], row["evaluated"], row["satisfaction"]) == (1, 1, 4.0)
