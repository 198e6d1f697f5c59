"""The territory beside a dossier: its intercommunalité, the other dossiers from there, the programmes that cover it."""

from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest

from shared import clock
from shared.contracts.vocabulary import ApplicantKind, Field, Programme
from shared.db import Database
from shared.identity.model import Agent, Role
from tests.escalation.conftest import an_agent
from tests.escalation.desk import Person
from tests.escalation.life import Ear, Program, a_dossier, a_request, a_request_escalated, a_scheduled_dossier

EPCI = "249500513"
MAGNY = a_request().applicant.model_copy(update={"epci": EPCI})


def escalated(number: str, *, days_ago: int = 0, departement: str = "95", **changes: Any) -> Any:
    """A request from Magny-en-Vexin that came up so many days ago."""
    dossier = a_dossier(a_request(number, **{"applicant": MAGNY, **changes}))
    return a_request_escalated(dossier=dossier, departement=departement, at=clock.now() - timedelta(days=days_ago))


async def profile_of(who: Program, request_id: str | UUID) -> dict[str, Any]:
    """Read the profile."""
    return await who.get(f"/escalations/{request_id}/territory")


@pytest.fixture
async def here(ear: Ear) -> str:
    """A dossier from Magny-en-Vexin."""
    fact = escalated("95-2026-000123")
    await ear.hears(fact)
    return str(fact.request_id)


async def test_the_intercommunalite_is_named_with_its_communes(national: Program, here: str) -> None:
    shown = await profile_of(national, here)
    assert shown["population"] == 5779
    assert shown["epci"]["code"] == EPCI
    assert "Genainville" in [commune["name"] for commune in shown["communes"]]


async def test_other_dossiers_from_there_come_with_those_of_the_same_field_first_then_the_latest(
    ear: Ear, national: Program, here: str
) -> None:
    other_field = escalated("95-2026-000124", fields=(Field.MOBILITE,))
    old, recent = escalated("95-2026-000125", days_ago=40), escalated("95-2026-000126", days_ago=4)
    cergy = MAGNY.model_copy(update={"code": "95127", "name": "Cergy", "epci": "249500109"})
    await ear.hears(other_field, old, recent, escalated("95-2026-000127", applicant=cergy))
    shown = (await profile_of(national, here))["neighbours"]
    assert [(one["number"], one["same_field"]) for one in shown] == [
        ("95-2026-000126", True),
        ("95-2026-000125", True),
        ("95-2026-000124", False),
    ]


async def test_an_intercommunalite_is_seen_with_the_dossiers_of_its_communes(
    ear: Ear, national: Program, here: str
) -> None:
    epci = MAGNY.model_copy(update={"kind": ApplicantKind.EPCI, "code": EPCI, "name": "Vexin", "epci": None})
    fact = escalated("95-2026-000124", applicant=epci)
    await ear.hears(fact)
    shown = await profile_of(national, fact.request_id)
    assert [one["request_id"] for one in shown["neighbours"]] == [here]
    assert shown["epci"]["code"] == EPCI


async def test_a_priority_territory_has_no_neighbours_by_accident(ear: Ear, national: Program) -> None:
    plateau = MAGNY.model_copy(update={"kind": ApplicantKind.PRIORITY, "code": "", "name": "Plateau", "epci": None})
    first, second = (escalated(f"95-2026-00012{place}", applicant=plateau) for place in (4, 5))
    await ear.hears(first, second)
    shown = await profile_of(national, first.request_id)
    assert shown["neighbours"] == shown["communes"] == shown["programmes"] == []
    assert shown["epci"] is None


async def test_programmes_are_those_in_force_that_cover_it_or_what_it_belongs_to(national: Program, here: str) -> None:
    assert (await profile_of(national, here))["programmes"] == []
    await national.post(f"/programmes/{Programme.RURALITES}/territories/import", {"table": f"Code\n{EPCI}\n"})
    ended = {"table": "Code;Depuis;Jusqu’au\n95355;01/01/2019;31/12/2020\n"}
    assert (await national.post(f"/programmes/{Programme.PETITES_VILLES_DE_DEMAIN}/territories/import", ended))["added"]
    assert [one["programme"] for one in (await profile_of(national, here))["programmes"]] == ["ruralites"]


async def test_nobody_reads_the_territory_of_a_dossier_that_he_does_not_see(
    database: Database, program: Callable[[Agent], Awaitable[Program]], here: str
) -> None:
    team = await program(await an_agent(database, "ruralites", Role.PROGRAMME_AGENT, Programme.RURALITES.value))
    assert (await team.ask("GET", f"/escalations/{here}/territory")).status_code == 404


async def test_who_read_it_is_traced(database: Database, national: Program, here: str) -> None:
    await profile_of(national, here)
    assert await database.fetchval("SELECT count(*) FROM consultation WHERE request_id = $1", UUID(here)) == 1


async def test_the_dossiers_page_shows_it_and_leads_to_the_public_profile(
    ear: Ear, at_desk: Person, national: Program, here: str
) -> None:
    await ear.hears(escalated("95-2026-000124", title="Une halle pour les producteurs"))
    page = await at_desk.see(f"/demandes/{here}")
    assert "Profil du territoire" in page
    assert "Aucun programme national connu ne couvre ce territoire." in page
    assert "Une halle pour les producteurs" in page
    assert '/territoires/commune/95355"' in page
    await national.post(f"/programmes/{Programme.RURALITES}/territories/import", {"table": f"Code\n{EPCI}\n"})
    assert "Aucun programme national connu" not in await at_desk.see(f"/demandes/{here}")


async def test_a_form_that_is_shown_again_still_shows_it(at_desk: Person, here: str) -> None:
    page = f"/demandes/{here}"
    answer = await at_desk.send(page, f"{page}/renvoi", motive=" ")
    assert answer.status_code == 400
    assert "Profil du territoire" in answer.text


async def test_the_preparation_sheet_shows_it_without_the_list_of_communes(
    at_desk: Person, national: Program, secretary: Program, here: str
) -> None:
    session = await a_scheduled_dossier(national, secretary, here)
    sheet = f"/comite/{session}/dossiers/{here}/fiche"
    assert "Profil du territoire" in await at_desk.see(sheet)
    paper = await at_desk.paper(f"{sheet}.pdf")
    assert "Profil du territoire" in paper
    assert "Genainville" not in paper
