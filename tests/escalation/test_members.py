"""The standing members of the committee: the list that the secretary keeps, and the sessions that take it over."""

from collections.abc import Awaitable, Callable
from datetime import date, timedelta
from html import unescape

import pytest

from services.escalation.domain.members import StandingMember
from shared import clock
from shared.db import Database
from shared.errors import Invalid
from shared.identity.model import Agent, Role
from tests.escalation.conftest import an_agent
from tests.escalation.desk import Person
from tests.escalation.life import Json, Program

TODAY = clock.now().date()
LIST = "/committee-members"
PAGE = "/comite/membres"


def a_member(name: str = "Mme Durand", **more: object) -> Json:
    """Somebody sits in the committee since last year."""
    return {"name": name, "valid_from": str(TODAY - timedelta(days=400)), **more}


@pytest.mark.parametrize(
    ("more", "field"),
    [
        ({"valid_from": date(1999, 1, 1)}, "valid_from"),
        ({"valid_until": TODAY - timedelta(days=401)}, "valid_until"),
        ({"alternate": "mme durand"}, "alternate"),
    ],
)
def test_what_cannot_be_of_a_member_is_refused_at_its_field(more: Json, field: str) -> None:
    with pytest.raises(Invalid) as refused:
        StandingMember(**a_member(**more)).check(today=TODAY)
    assert [error.field for error in refused.value.errors] == [field]


async def test_a_new_session_takes_over_the_members_in_office_on_its_day(secretary: Program) -> None:
    await secretary.post(LIST, a_member("Mme Durand", role="chair", alternate="M. Petit"), status=201)
    await secretary.post(LIST, a_member("Cerema", role="advisory"), status=201)
    await secretary.post(LIST, a_member("M. Ancien", valid_until=str(TODAY - timedelta(days=1))), status=201)
    await secretary.post(LIST, {"name": "Mme Future", "valid_from": str(TODAY + timedelta(days=1))}, status=201)
    session = await secretary.post("/sessions", {"held_on": str(TODAY), "quorum": 1}, status=201)
    assert session["members"] == ["Mme Durand", "Cerema"]
    assert session["roles"] == {"Mme Durand": "chair", "Cerema": "advisory"}
    assert session["alternates"] == {"Mme Durand": "M. Petit"}
    tomorrow = await secretary.post("/sessions", {"held_on": str(TODAY + timedelta(days=1))}, status=201)
    assert tomorrow["members"] == ["Mme Durand", "Mme Future", "Cerema"]


async def test_a_session_whose_members_are_given_takes_nobody_over(secretary: Program) -> None:
    await secretary.post(LIST, a_member(), status=201)
    given = await secretary.post("/sessions", {"held_on": str(TODAY), "members": ["Anah"]}, status=201)
    nobody = await secretary.post("/sessions", {"held_on": str(TODAY), "members": []}, status=201)
    assert (given["members"], nobody["members"]) == (["Anah"], [])


async def test_the_quorum_cannot_exceed_the_standing_members_who_vote(secretary: Program) -> None:
    await secretary.post(LIST, a_member(), status=201)
    problem = await secretary.refused("/sessions", {"held_on": str(TODAY), "quorum": 2}, 400)
    assert [error["field"] for error in problem["errors"]] == ["quorum"]


async def test_the_list_has_nobody_twice_at_a_time(secretary: Program) -> None:
    until = TODAY - timedelta(days=30)
    await secretary.post(LIST, a_member(valid_until=str(until)), status=201)
    problem = await secretary.refused(LIST, a_member("mme durand"), 409)
    assert problem["code"] == "member_listed"
    assert f"au {until:%d/%m/%Y}" in problem["detail"]
    again = {"name": "Mme Durand", "valid_from": str(until + timedelta(days=1))}
    await secretary.post(LIST, again, status=201)
    assert (await secretary.get(LIST))["total"] == 2
    assert (await secretary.get(f"{LIST}?on={until}"))["total"] == 1


async def test_the_secretary_alone_keeps_the_list_and_others_read_it(national: Program, secretary: Program) -> None:
    await national.refused(LIST, a_member(), 403)
    made = await secretary.post(LIST, a_member(), status=201)
    assert made["allowed_actions"] == ["members"]
    found = (await national.get(LIST))["items"]
    assert [(one["name"], one["in_office"], one["allowed_actions"]) for one in found] == [("Mme Durand", True, [])]
    await national.refused(f"{LIST}/{made['id']}", a_member(), 403)


async def test_the_list_is_kept_from_its_page(at_committee: Person, at_desk: Person) -> None:
    assert "La liste est vide" in await at_committee.see(PAGE)
    wrong = await at_committee.send(PAGE, PAGE, **a_member(role="chair", valid_until="2020-01-01"))
    assert wrong.status_code == 400
    assert "Mme Durand" in wrong.text
    await at_committee.send(PAGE, PAGE, **a_member(role="chair", alternate="M. Petit"))
    shown = await at_desk.see(PAGE)
    for said in ("Mme Durand", "présidence", "M. Petit", "En exercice"):
        assert said in shown
    assert f'action="{PAGE}"' not in shown
    made = await at_committee.send("/comite", "/comite", title="Séance", held_on=str(TODAY))
    assert "Mme Durand" in await at_committee.see(made.headers["location"])


async def test_who_saves_a_sheet_that_a_colleague_changed_reads_who_and_when_and_keeps_what_was_typed(
    database: Database,
    at_committee: Person,
    person: Callable[[Agent], Awaitable[Person]],
    secretary: Program,
) -> None:
    made = await secretary.post(LIST, a_member(), status=201)
    sheet = f"{PAGE}/{made['id']}"
    seen = await at_committee.hidden(sheet, sheet)
    colleague = await person(await an_agent(database, "renaud", Role.COMMITTEE_SECRETARY))
    await colleague.send(sheet, sheet, **a_member(role="voting", alternate="M. Renaud"))
    stale = await at_committee.post(sheet, **seen, **a_member(role="chair", alternate="M. Petit"))
    assert stale.status_code == 409
    assert "Renaud a modifié cette fiche le" in unescape(stale.text)
    assert 'value="M. Petit"' in unescape(stale.text)
    assert (await secretary.get(f"{LIST}/{made['id']}"))["alternate"] == "M. Renaud"
    again = await at_committee.send(sheet, sheet, **a_member(role="chair", alternate="M. Petit"))
    assert again.headers["location"] == PAGE
    assert (await secretary.get(f"{LIST}/{made['id']}"))["alternate"] == "M. Petit"
