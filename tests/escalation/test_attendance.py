"""Who attends a session: present, represented by the alternate, excused; quorum and voters follow."""

from collections.abc import Awaitable, Callable, Sequence
from html import unescape
from typing import Any

import pytest

from services.escalation.domain.committee import MemberRole, NewVotes, Session, Verdict
from services.escalation.domain.moves import State
from services.escalation.domain.refusals import AttendanceChanged, SessionClosed
from shared.contracts.vocabulary import CommitteeOutcome
from shared.db import Database
from shared.errors import Invalid
from shared.identity.model import Agent, Role
from tests.escalation.conftest import an_agent
from tests.escalation.desk import Person
from tests.escalation.life import Ear, Program
from tests.escalation.test_domain import AT, LIMIT, SECRETARY, TODAY, a_session, an_escalation
from tests.escalation.test_papers import a_session_of

MEMBERS = [
    {"name": "Mme Durand", "role": "chair", "alternate": "M. Petit"},
    {"name": "Anah"},
    {"name": "ANRU"},
    {"name": "Cerema", "role": "advisory", "alternate": "Mme Roche"},
]


def session(**more: Any) -> Session:
    """A session with a chair who has an alternate, two voting members and one who advises."""
    return a_session(
        members=("Mme Durand", "Anah", "ANRU", "Cerema"),
        roles={"Mme Durand": MemberRole.CHAIR, "Cerema": MemberRole.ADVISORY},
        alternates={"Mme Durand": "M. Petit", "Cerema": "Mme Roche"},
        **more,
    )


def note(one: Session, present: Sequence[str] = (), **more: Any) -> None:
    """Note who attends."""
    one.attend(present, **more, by=SECRETARY, today=TODAY, at=AT)


def test_who_is_represented_votes_as_if_present() -> None:
    one = session(quorum=2)
    note(one, ["Anah"], represented=["Mme Durand", "Cerema"], excused=["ANRU"])
    assert one.voters == ["Mme Durand", "Anah"]
    one.check_may_decide(an_escalation(State.SCHEDULED), SECRETARY, today=TODAY)
    one.check(Verdict(outcome=CommitteeOutcome.GRANTED, motive="Vu.", votes=NewVotes(in_favour=2, against=0)), LIMIT)
    with pytest.raises(Invalid):
        one.check(
            Verdict(outcome=CommitteeOutcome.GRANTED, motive="Vu.", votes=NewVotes(in_favour=3, against=0)), LIMIT
        )


@pytest.mark.parametrize(
    ("groups", "field"),
    [
        ({"present": ["Inconnu"]}, "present"),
        ({"represented": ["Inconnu"]}, "represented"),
        ({"excused": ["Inconnu"]}, "excused"),
        ({"represented": ["Anah"]}, "represented"),
        ({"present": ["Mme Durand"], "represented": ["Mme Durand"]}, "represented"),
        ({"present": ["Anah"], "excused": ["Anah"]}, "represented"),
    ],
)
def test_an_attendance_that_contradicts_itself_is_refused(groups: dict[str, list[str]], field: str) -> None:
    one = session()
    with pytest.raises(Invalid) as refused:
        note(one, groups.pop("present", []), **groups)
    assert [error.field for error in refused.value.errors] == [field]
    assert (one.present, one.represented, one.excused, one.attended_at) == ((), (), (), None)


def test_an_attendance_that_a_colleague_noted_meanwhile_is_not_overwritten_unseen() -> None:
    one = session()
    first = one.attendance_version
    note(one, ["Anah"], seen=first)
    with pytest.raises(AttendanceChanged) as refused:
        note(one, ["ANRU"], seen=first)
    assert SECRETARY.name in refused.value.detail
    note(one, ["ANRU"], seen=one.attendance_version)
    note(one, ["ANRU", "Anah"])
    assert one.present == ("ANRU", "Anah")


def test_a_closed_session_says_who_closed_it_and_when() -> None:
    one = session()
    one.close(undecided=[], by=SECRETARY, today=TODAY, at=AT)
    with pytest.raises(SessionClosed) as refused:
        note(one, ["Anah"])
    assert SECRETARY.name in refused.value.detail


async def test_attendance_is_noted_by_program_in_three_groups(ear: Ear, national: Program, secretary: Program) -> None:
    address, _ = await a_session_of(1, ear, national, secretary, members=MEMBERS, quorum=2)
    body = {"present": ["Anah"], "represented": ["Mme Durand"], "excused": ["ANRU"]}
    noted = await secretary.post(f"{address}/attendance", body)
    assert (noted["present"], noted["represented"], noted["excused"]) == (["Anah"], ["Mme Durand"], ["ANRU"])
    assert (noted["voters"], noted["attended_by"]["role"]) == (2, "committee_secretary")
    again = await secretary.refused(f"{address}/attendance", {**body, "seen": "never"}, 409)
    assert again["code"] == "attendance_changed"
    only = await secretary.post(f"{address}/attendance", {"present": ["Anah"]})
    assert (only["present"], only["represented"], only["voters"]) == (["Anah"], [], 1)


async def test_attendance_is_noted_from_the_page_and_stands_in_the_minutes(
    ear: Ear, national: Program, secretary: Program, at_committee: Person
) -> None:
    address, (request_id,) = await a_session_of(1, ear, national, secretary, members=MEMBERS, quorum=2)
    page = address.replace("/sessions", "/comite")
    await at_committee.send(
        page,
        f"{page}/presence",
        **{"seats.0.presence": "represented", "seats.1.presence": "present", "seats.2.presence": "excused"},
    )
    shown = await at_committee.see(page)
    assert "2\u00a0votants présents ou représentés\u00a0; quorum de\u00a02" in shown
    assert '<option value="represented" selected>Représentation par M. Petit</option>' in shown
    decision = {"request_id": request_id, "outcome": "granted", "motive": "Vu."}
    await secretary.post(f"{address}/decisions", decision, status=201)
    await secretary.post(f"{address}/closing")
    paper = await at_committee.paper(f"{page}/compte-rendu.pdf")
    for said in (
        "En séance : Anah, voix délibérative.",
        "Par suppléance : Mme Durand (siège : M. Petit), présidence.",
        "Absences excusées : ANRU, voix délibérative.",
        "Absences : Cerema, voix consultative.",
        "2 étaient présents ou représentés",
    ):
        assert "".join(said.split()) in "".join(paper.split()), said


async def test_who_notes_the_attendance_on_a_stale_page_reads_who_noted_it_and_keeps_the_choices(
    ear: Ear,
    national: Program,
    secretary: Program,
    at_committee: Person,
    database: Database,
    person: Callable[[Agent], Awaitable[Person]],
) -> None:
    address, _ = await a_session_of(1, ear, national, secretary, members=MEMBERS)
    page = address.replace("/sessions", "/comite")
    seen = await at_committee.hidden(page, f"{page}/presence")
    colleague = await person(await an_agent(database, "renaud", Role.COMMITTEE_SECRETARY))
    await colleague.send(page, f"{page}/presence", **{"seats.1.presence": "present"})
    stale = await at_committee.post(f"{page}/presence", **seen, **{"seats.0.presence": "represented"})
    assert stale.status_code == 409
    shown = unescape(stale.text)
    assert "Renaud a noté les présences le" in shown
    assert '<option value="represented" selected>Représentation par M. Petit</option>' in shown
    assert (await secretary.get(address))["present"] == ["Anah"]
