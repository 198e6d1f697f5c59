"""The programmes: what they cover, checked code by code and told to each département; and their teams' moves."""

from collections.abc import Awaitable, Callable
from datetime import date
from typing import Any
from uuid import UUID

import pytest

from services.escalation.web.coverage_tables import coverage_lines
from shared import coverage
from shared.clock import new_id
from shared.contracts.escalation import ProgrammeCoverageSet, coverage_id
from shared.contracts.vocabulary import ApplicantKind, Programme
from shared.db import Database
from shared.errors import Invalid
from shared.identity.model import Agent, Role
from shared.tables import Result
from shared.territory.territories import Territories
from tests.escalation.conftest import an_agent
from tests.escalation.life import Ear, Program, directed_to_programme

PVD = Programme.PETITES_VILLES_DE_DEMAIN
ADDRESS = f"/programmes/{PVD.value}"
TABLE = "Type;Code;Nom;Depuis le;Jusqu’au\ncommune;95355;Magny-en-Vexin;01/01/2021;31/12/2026\nEPCI;249500109;;;\n"


@pytest.fixture
async def team(database: Database, program: Callable[[Agent], Awaitable[Program]]) -> Program:
    """The team of one programme."""
    return await program(await an_agent(database, "programme", Role.PROGRAMME_AGENT, PVD.value))


async def told(database: Database, wire_type: str) -> list[dict[str, Any]]:
    rows = await database.fetch(
        "SELECT subject, body::jsonb AS body FROM journal WHERE type = $1 ORDER BY position", wire_type
    )
    return [{"subject": row["subject"], **row["body"]} for row in rows]


def test_each_line_is_checked_against_the_official_codes(territories: Territories) -> None:
    table = (
        "Type;Code;Nom;Depuis le;Jusqu’au\n"
        "commune;95355;Magny-en-Vexin;01/01/2021;31/12/2026\n"
        "commune;95355;Cergy;;\n"
        "commune;95999;;;\n"
        ";95;;;\n"
        "région;11;Île-de-France;;\n"
        "commune;95127;;2026-05-01;2026-01-01\n"
        "canton;95127;;;\n"
        "commune;95000;;;\n"
    )
    lines = coverage_lines(table.encode(), territories)
    assert [line.number for line in lines] == list(range(2, 10))
    assert [line.item is not None for line in lines] == [True, False, False, False, True, False, False, False]
    why = {line.number: line.errors[0].message for line in lines if line.errors}
    assert "Magny-en-Vexin" in why[3]
    assert "Aucune commune" in why[4]
    assert "Précisez le type" in why[5]
    assert "précède" in why[7]
    assert "Type inconnu" in why[8]
    assert "code postal" in why[9]
    assert lines[4].item is not None
    assert len(lines[4].item.departements) == 8


@pytest.mark.parametrize("kind", ["commune", ""])
def test_a_zero_that_a_spreadsheet_took_away_is_told(territories: Territories, kind: str) -> None:
    (line,) = coverage_lines(f"Type;Code;Nom\n{kind};1001;L'Abergement-Clémenciat\n".encode(), territories)
    assert [error.field for error in line.errors] == ["code"]
    assert "écrivez 01001" in line.errors[0].message


def test_a_table_without_codes_is_refused(territories: Territories) -> None:
    with pytest.raises(Invalid):
        coverage_lines(b"Nom;Ville\nMagny;x\n", territories)


def test_published_lists_are_read_as_they_are(territories: Territories) -> None:
    lines = coverage_lines(b"insee_com,lib_com\n95355,Magny-en-Vexin\n", territories)
    assert lines[0].item is not None
    assert lines[0].item.territory.kind is ApplicantKind.COMMUNE


async def test_each_departement_whose_list_changed_is_told_all_of_it(database: Database, national: Program) -> None:
    report = await national.post(f"{ADDRESS}/territories/import", {"table": TABLE})
    assert (report["added"], report["refused"]) == (2, 0)
    events = await told(database, "escalation.programme_coverage_set.v1")
    assert events[0]["subject"] == str(coverage_id(PVD, events[0]["departement"]))
    of_95 = next(event for event in events if event["departement"] == "95")
    assert {one["code"] for one in of_95["data"]["territories"]} == {"95355", "249500109"}
    again = await national.post(f"{ADDRESS}/territories/import", {"table": TABLE})
    assert again["unchanged"] == 2
    assert len(await told(database, "escalation.programme_coverage_set.v1")) == len(events)


async def test_only_looking_changes_nothing(database: Database, national: Program) -> None:
    report = await national.post(f"{ADDRESS}/territories/import", {"table": TABLE, "only_look": True})
    assert report["added"] == 2
    assert (await national.get(f"{ADDRESS}/territories"))["total"] == 0
    assert await told(database, "escalation.programme_coverage_set.v1") == []


async def test_a_whole_list_takes_out_what_is_not_in_it_unless_a_line_is_refused(national: Program) -> None:
    await national.post(f"{ADDRESS}/territories/import", {"table": TABLE})
    wrong = {"table": "Code\n95127\n95999\n", "replace": True}
    assert (await national.post(f"{ADDRESS}/territories/import", wrong))["refused"] == 1
    assert (await national.get(f"{ADDRESS}/territories"))["total"] == 3
    whole = {"table": "Code\n95127\n95127\n", "replace": True}
    report = await national.post(f"{ADDRESS}/territories/import", whole)
    assert [line["result"] for line in report["lines"]] == [Result.UNCHANGED, Result.REFUSED]
    await national.post(f"{ADDRESS}/territories/import", {"table": "Code\n95127\n", "replace": True})
    left = await national.get(f"{ADDRESS}/territories")
    assert [item["code"] for item in left["items"]] == ["95127"]


async def test_a_territory_is_taken_out_and_its_departement_is_told(database: Database, national: Program) -> None:
    await national.post(f"{ADDRESS}/territories/import", {"table": "Code\n95355\n"})
    assert (await national.ask("DELETE", f"{ADDRESS}/territories/commune/95355")).status_code == 204
    assert (await national.ask("DELETE", f"{ADDRESS}/territories/commune/95355")).status_code == 404
    last = (await told(database, "escalation.programme_coverage_set.v1"))[-1]
    assert last["departement"] == "95"
    assert last["data"]["territories"] == []


async def test_a_listener_remembers_the_latest_list_and_finds_who_covers_a_territory(
    database: Database, national: Program, territories: Territories
) -> None:
    await national.post(f"{ADDRESS}/territories/import", {"table": TABLE})
    magny = territories.find("commune", "95355")
    cergy = territories.find("commune", "95127")
    assert magny
    assert cergy
    assert [one.code for one in await coverage.covering(database, magny)] == ["95355"]
    assert [one.code for one in await coverage.covering(database, cergy)] == ["249500109"]
    assert await coverage.covered_inside(database, ["95355"], [], date(2026, 11, 25)) == {PVD.value: 1}
    of_95 = next(
        event["data"]
        for event in await told(database, "escalation.programme_coverage_set.v1")
        if event["departement"] == "95"
    )
    empty = ProgrammeCoverageSet.model_validate({**of_95, "territories": ()})
    async with database.transaction() as tx:
        await coverage.store(tx, empty)
    assert await coverage.covering(database, magny) == []


async def test_a_team_keeps_its_own_programme_and_no_other(team: Program, secretary: Program) -> None:
    body = {"purpose": "Pour les petites centralités.", "starts_on": "2020-10-01", "ends_on": "2026-12-31"}
    written = await put(team, ADDRESS, body)
    assert written["purpose"] == body["purpose"]
    assert [member["email"] for member in written["team"]] == ["programme@cousu.test"]
    assert written["budgets"] == []
    assert (await team.ask("PUT", "/programmes/france_services", body)).status_code == 404
    assert (await team.ask("GET", "/programmes/france_services/territories")).status_code == 404
    assert (await secretary.ask("PUT", ADDRESS, body)).status_code == 403
    await secretary.refused(f"{ADDRESS}/territories/import", {"table": TABLE}, 403)
    backwards = await team.ask("PUT", ADDRESS, {**body, "ends_on": "2020-01-01"})
    assert backwards.json()["errors"][0]["field"] == "ends_on"


async def put(program: Program, path: str, body: object) -> Any:
    answer = await program.ask("PUT", path, body)
    assert answer.status_code == 200, answer.text
    return answer.json()


async def test_a_request_is_taken_up_and_seen_through_and_the_applicant_is_asked(
    database: Database, ear: Ear, team: Program
) -> None:
    request_id = new_id()
    await ear.hears(directed_to_programme(request_id))
    address = f"{ADDRESS}/requests/{request_id}"
    early = await team.refused(f"{address}/completion", {"report": "Déjà ?"}, 409)
    assert early["allowed_actions"] == ["take-up", "decline"]
    taken = await team.post(f"{address}/take-up", {"interlocutor": "Cheffe de projet"})
    assert (taken["state"], taken["interlocutor"]) == ("taken_up", "Cheffe de projet")
    done = await team.post(f"{address}/completion", {"report": "La convention est signée."})
    assert (done["state"], done["answer"], done["allowed_actions"]) == ("completed", "La convention est signée.", [])
    assert await counted(team) == {"requests": 1, "open": 0, "completed": 1, "declined": 0}
    types = [row["type"] for row in await database.fetch("SELECT type FROM journal ORDER BY position")]
    assert types == [
        "escalation.programme_request_taken_up.v1",
        "escalation.programme_request_completed.v1",
        "escalation.evaluation_requested.v1",
    ]


async def counted(program: Program) -> dict[str, int]:
    """Give what became of the programme's requests, as the list of programmes shows it."""
    (row,) = (await program.get("/programmes"))["items"]
    return {name: row[name] for name in ("requests", "open", "completed", "declined")}


async def test_a_declined_request_goes_back_and_may_be_directed_again(ear: Ear, team: Program) -> None:
    request_id: UUID = new_id()
    await ear.hears(directed_to_programme(request_id))
    address = f"{ADDRESS}/requests/{request_id}"
    declined = await team.post(f"{address}/decline", {"motive": "Elle n’est pas lauréate."})
    assert (declined["state"], declined["answer"]) == ("declined", "Elle n’est pas lauréate.")
    await team.refused(f"{address}/take-up", {"interlocutor": "Moi"}, 409)
    assert await counted(team) == {"requests": 1, "open": 0, "completed": 0, "declined": 1}
    await ear.hears(directed_to_programme(request_id))
    listed = (await team.get(f"{ADDRESS}/requests"))["items"]
    assert [(item["state"], item["answer"]) for item in listed] == [("directed", None)]


async def test_nobody_else_answers_for_a_programme(
    ear: Ear, secretary: Program, database: Database, program: Callable[[Agent], Awaitable[Program]]
) -> None:
    request_id = new_id()
    await ear.hears(directed_to_programme(request_id))
    await secretary.refused(f"{ADDRESS}/requests/{request_id}/take-up", {"interlocutor": "Moi"}, 403)
    other = await program(await an_agent(database, "autre", Role.PROGRAMME_AGENT, Programme.FRANCE_SERVICES.value))
    await other.refused(f"{ADDRESS}/requests/{request_id}/take-up", {"interlocutor": "Moi"}, 404)
    path = f"/programmes/france_services/requests/{request_id}/take-up"
    await other.refused(path, {"interlocutor": "Moi"}, 404)
