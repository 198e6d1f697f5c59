"""The profile of a case's territory: its intercommunalité, what else was asked there, the programmes that cover it."""

from collections.abc import Awaitable, Callable
from datetime import date
from typing import Any

from shared.clock import new_id, now
from shared.contracts import escalation
from shared.contracts.vocabulary import ApplicantKind, Field, Programme, RequestKind
from shared.identity.model import Agent
from shared.messaging.inbox.inbox import Inbox
from tests.qualification.acting import qualified
from tests.qualification.conftest import Browser, Program
from tests.qualification.life import NATIONAL, Life, a_request, in_days, names

EPCI = "200035970"
OFFICIAL_EPCI = "249500513"
COMMUNE = ("commune", "95355", "Magny-en-Vexin")


class Coverage:
    """What the national team tells of one programme in one département."""

    def __init__(self, inbox: Inbox, departement: str = "95") -> None:
        self._life = Life(inbox, new_id(), departement)

    async def tells(self, *territories: tuple[str, str, str], programme: str = "ruralites", **since: Any) -> None:
        """Tell the territories that are covered, all of them."""
        covered = [
            escalation.CoveredTerritory(kind=ApplicantKind(kind), code=code, name=name, **since)
            for kind, code, name in territories
        ]
        await self._life.tell(
            escalation.ProgrammeCoverageSet(
                **self._life.about(now()), programme=Programme(programme), territories=tuple(covered), by=NATIONAL
            )
        )


async def profile(who: Program, life: Life) -> dict[str, Any]:
    """Read the profile."""
    answer = await who.get(f"/cases/{life.request_id}/territory")
    assert answer.status_code == 200, answer.text
    shown: dict[str, Any] = answer.json()
    return shown


async def test_programmes_in_force_are_those_told_last_for_the_territory_or_a_larger_one(
    sat: Program, life: Life, inbox: Inbox
) -> None:
    assert (await profile(sat, life))["programmes"] == []
    ruralites, pvd = Coverage(inbox), Coverage(inbox)
    await ruralites.tells(COMMUNE)
    await pvd.tells(
        ("epci", OFFICIAL_EPCI, "CC Vexin Val de Seine"), programme="petites_villes_de_demain", until=in_days(30)
    )
    assert names((await profile(sat, life))["programmes"], "programme") == ["petites_villes_de_demain", "ruralites"]
    await ruralites.tells(("commune", "95127", "Cergy"))
    assert names((await profile(sat, life))["programmes"], "programme") == ["petites_villes_de_demain"]


async def test_a_programme_that_ended_is_in_force_no_longer(sat: Program, life: Life, inbox: Inbox) -> None:
    await Coverage(inbox).tells(COMMUNE, until=date(2020, 12, 31))
    assert (await profile(sat, life))["programmes"] == []


async def test_the_intercommunalite_is_named_with_its_communes(sat: Program, life: Life) -> None:
    shown = await profile(sat, life)
    assert shown["epci"]["code"] == EPCI
    assert "Marines" in names(shown["communes"], "name")


async def test_other_requests_of_the_territory_come_with_those_of_the_same_field_first(
    sat: Program, life: Life, inbox: Inbox
) -> None:
    same, other, elsewhere = Life(inbox), Life(inbox), Life(inbox)
    await same.submitted(number="95-2026-000002", title="Même champ")
    await other.submitted(number="95-2026-000003", title="Autre champ", fields=(Field.MOBILITE,))
    cergy = a_request().applicant.model_copy(update={"code": "95127", "name": "Cergy", "epci": "249500109"})
    await elsewhere.submitted(number="95-2026-000004", applicant=cergy)
    shown = (await profile(sat, life))["neighbours"]
    assert names(shown, "title") == ["Même champ", "Autre champ"]
    assert names(shown, "same_field") == [True, False]


async def test_a_priority_territory_has_no_neighbours_by_accident(sat: Program, inbox: Inbox) -> None:
    applicant = a_request().applicant.model_copy(
        update={"kind": ApplicantKind.PRIORITY, "code": "", "name": "Plateau", "epci": None}
    )
    lives = [Life(inbox), Life(inbox)]
    for place, one in enumerate(lives):
        await one.submitted(number=f"95-2026-00000{place}", applicant=applicant, kind=RequestKind.TAILORED_SUPPORT)
    shown = await profile(sat, lives[0])
    assert shown["neighbours"] == shown["communes"] == shown["programmes"] == []
    assert shown["epci"] is None


async def test_the_profile_of_another_departement_s_case_does_not_exist(neighbour: Program, life: Life) -> None:
    assert (await neighbour.get(f"/cases/{life.request_id}/territory")).status_code == 404


async def test_the_page_of_a_case_shows_the_programmes_in_force(
    browser: Callable[[Agent], Awaitable[Browser]], sat: Program, life: Life, inbox: Inbox
) -> None:
    agent = await browser(sat.agent)
    page = f"/demandes/{life.request_id}"
    assert "Aucun programme national connu" in (await agent.get(page)).text
    await Coverage(inbox).tells(COMMUNE)
    shown = (await agent.get(page)).text
    assert "Programmes en vigueur" in shown
    assert "Ruralités" in shown


async def test_what_is_qualified_and_proposed_shows_the_programmes_too(
    browser: Callable[[Agent], Awaitable[Browser]], sat: Program, life: Life, inbox: Inbox
) -> None:
    await Coverage(inbox).tells(COMMUNE)
    await qualified(sat, life)
    agent = await browser(sat.agent)
    page = f"/demandes/{life.request_id}"
    assert "Programmes en vigueur" in (await agent.get(f"{page}/qualification")).text
    assert (await agent.get(f"{page}/proposition/programme")).text.count("Il couvre ce territoire.") == 1
