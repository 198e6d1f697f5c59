"""Minutes of a session: a draft that is remarked on, approved by somebody named, and then frozen."""

import asyncio
from datetime import timedelta
from html import unescape
from typing import Any
from uuid import UUID

import pytest

from services.escalation.domain.minutes import ApproveMinutes, ApprovingSession, Minutes
from services.escalation.domain.refusals import MinutesApproved, SessionOpen
from shared import calendar, clock
from shared.clock import new_id
from shared.db import Database
from shared.errors import Forbidden, Invalid
from tests.escalation.desk import Person
from tests.escalation.life import Ear, Json, Program
from tests.escalation.test_domain import AT, NATIONAL, SECRETARY, SESSION_ID, TODAY
from tests.escalation.test_papers import a_session_of

CHAIR = {"name": "Mme Durand", "role": "chair", "alternate": "M. Petit"}
NEXT = ApprovingSession(new_id(), TODAY, ("M. Suivant",))


def minutes(*, closed_days_ago: int | None = 5, chairs: tuple[str, ...] = ("Mme Durand", "M. Petit")) -> Minutes:
    """The minutes of a session that was closed some days ago, or is still open."""
    closed_on = None if closed_days_ago is None else TODAY - timedelta(days=closed_days_ago)
    return Minutes(SESSION_ID, closed_on, chairs)


def approve(one: Minutes, *, within: ApprovingSession | None = None, **more: Any) -> None:
    """Approve them as the secretary records it."""
    command = ApproveMinutes(**{"approved_by": "Mme Durand", **more})
    one.approve(command, within=within, today=TODAY, by=SECRETARY, at=AT)


def test_the_chair_approves_or_an_alternate_on_a_day_since_the_closing() -> None:
    for approved_by, days in (("Mme Durand", 0), ("M. Petit", 5)):
        one = minutes()
        approve(one, approved_by=approved_by, approved_on=TODAY - timedelta(days=days))
        assert one.approval
        assert (one.approval.approved_by, one.approval.approved_on) == (approved_by, TODAY - timedelta(days=days))


def test_the_day_of_an_approval_in_session_is_that_of_the_session() -> None:
    one = minutes()
    approve(one, way="next_session", within=NEXT, approved_by="M. Suivant", in_session=NEXT.id)
    assert one.approval
    assert (one.approval.in_session, one.approval.approved_on) == (NEXT.id, NEXT.held_on)


@pytest.mark.parametrize(
    ("more", "field"),
    [
        ({"approved_by": "M. Inconnu"}, "approved_by"),
        ({"approved_on": TODAY + timedelta(days=1)}, "approved_on"),
        ({"approved_on": TODAY - timedelta(days=6)}, "approved_on"),
        ({"way": "next_session"}, "in_session"),
        ({"within": NEXT}, "in_session"),
        ({"way": "next_session", "within": ApprovingSession(SESSION_ID, TODAY, ())}, "in_session"),
        ({"way": "next_session", "within": ApprovingSession(NEXT.id, TODAY - timedelta(days=6), ())}, "in_session"),
        ({"way": "next_session", "within": ApprovingSession(NEXT.id, TODAY + timedelta(days=1), ())}, "in_session"),
        ({"way": "next_session", "within": NEXT}, "approved_by"),
    ],
)
def test_an_approval_that_cannot_be_is_refused_at_its_field(more: Json, field: str) -> None:
    with pytest.raises(Invalid) as refused:
        approve(minutes(), **more)
    assert [error.field for error in refused.value.errors] == [field]


def test_minutes_of_an_open_session_are_neither_remarked_on_nor_approved() -> None:
    with pytest.raises(SessionOpen):
        minutes(closed_days_ago=None).remark(by=SECRETARY)
    with pytest.raises(SessionOpen):
        approve(minutes(closed_days_ago=None))


def test_the_national_agent_remarks_and_the_secretary_alone_approves() -> None:
    assert minutes().allowed_actions(NATIONAL) == ["remarks"]
    assert minutes().allowed_actions(SECRETARY) == ["remarks", "approval"]
    assert minutes().remark(by=NATIONAL).name == NATIONAL.name
    with pytest.raises(Forbidden):
        minutes().approve(ApproveMinutes(approved_by="Mme Durand"), within=None, today=TODAY, by=NATIONAL, at=AT)


def test_approved_minutes_say_who_approved_them_and_when_to_whoever_would_change_them() -> None:
    one = minutes()
    approve(one)
    assert one.allowed_actions(SECRETARY) == []
    for again in (lambda: approve(one), lambda: one.remark(by=NATIONAL)):
        with pytest.raises(MinutesApproved) as refused:
            again()
        assert "Mme Durand" in refused.value.detail
        assert SECRETARY.name in refused.value.detail


@pytest.fixture
async def closed(ear: Ear, national: Program, secretary: Program) -> tuple[str, str]:
    """A session granted one dossier and is closed; gives its address and the dossier."""
    session, (request_id,) = await a_session_of(1, ear, national, secretary, members=[CHAIR])
    decision = {"request_id": request_id, "outcome": "granted", "motive": "Besoin avéré.", "amount_cents": 5_000_00}
    await secretary.post(f"{session}/decisions", decision, status=201)
    await secretary.post(f"{session}/closing")
    return session, request_id


async def test_minutes_are_a_draft_after_the_closing_and_final_once_approved(
    closed: tuple[str, str], national: Program, secretary: Program
) -> None:
    session, _ = closed
    draft = await secretary.get(f"{session}/minutes")
    assert (draft["draft"], draft["state"], draft["allowed_actions"]) == (False, "to_approve", ["remarks", "approval"])
    remarked = await national.post(
        f"{session}/minutes/remarks", {"text": "Le maire était entendu.", "author": "Cerema"}, status=201
    )
    assert [(one["author"], one["text"]) for one in remarked["remarks"]] == [("Cerema", "Le maire était entendu.")]
    approved = await secretary.post(f"{session}/minutes/approval", {"approved_by": "M. Petit"})
    assert (approved["state"], approved["allowed_actions"]) == ("approved", [])
    assert approved["approval"]["approved_by"] == "M. Petit"
    assert approved["approval"]["approved_on"] == str(calendar.today(calendar.PARIS, clock.now()))
    assert len(approved["remarks"]) == 1
    problem = await national.refused(f"{session}/minutes/remarks", {"text": "Trop tard."}, 409)
    assert problem["code"] == "minutes_approved"
    assert "M. Petit" in problem["detail"]


async def test_approved_minutes_stay_as_they_were_and_name_what_replaced_a_decision(
    closed: tuple[str, str], secretary: Program, at_committee: Person
) -> None:
    session, _ = closed
    approved = await secretary.post(f"{session}/minutes/approval", {"approved_by": "Mme Durand"})
    decision = approved["items"][0]["decision"]
    corrected = await secretary.post(
        f"/decisions/{decision['id']}/correction",
        {"outcome": "granted", "motive": "Corrigé.", "amount_cents": 4_000_00},
        status=201,
    )
    later = await secretary.get(f"{session}/minutes")
    assert later["replaced"] == {decision["number"]: corrected["number"]}
    assert later["items"][0]["decision"]["replaced_by"] is None
    assert later["amount_cents"] == 5_000_00
    page = await at_committee.see(session.replace("/sessions", "/comite") + "/compte-rendu")
    assert "Depuis la séance, la décision" in page
    assert corrected["number"] in page


async def test_the_next_session_approves_the_minutes_of_the_one_before(
    closed: tuple[str, str], secretary: Program
) -> None:
    session, _ = closed
    body = {"held_on": str(calendar.today(calendar.PARIS, clock.now())), "title": "La suivante", "members": ["Anah"]}
    following = await secretary.post("/sessions", body, status=201)
    approval = {"way": "next_session", "approved_by": "Mme Durand", "in_session": following["id"]}
    approved = await secretary.post(f"{session}/minutes/approval", approval)
    assert approved["approval"]["session_title"] == "La suivante"
    unknown = {**approval, "in_session": str(new_id())}
    other = await secretary.post("/sessions", body, status=201)
    await secretary.post(f"/sessions/{other['id']}/closing")
    problem = await secretary.refused(f"/sessions/{other['id']}/minutes/approval", unknown, 400)
    assert [error["field"] for error in problem["errors"]] == ["in_session"]


async def test_the_paper_is_marked_as_a_draft_and_then_as_approved(
    closed: tuple[str, str], at_committee: Person
) -> None:
    page = closed[0].replace("/sessions", "/comite")
    before = await at_committee.paper(f"{page}/compte-rendu.pdf")
    assert "PROJET" in before
    assert "n’est pas encore approuvé" in before
    await at_committee.send(page, f"{page}/remarque", **{"remarque.text": "Le maire était entendu."})
    wrong = await at_committee.send(page, f"{page}/approbation", **{"approbation.approved_by": "M. Inconnu"})
    assert wrong.status_code == 400
    assert "M. Inconnu" in wrong.text
    assert "Mme Durand ou M. Petit" in unescape(wrong.text)
    await at_committee.send(page, f"{page}/approbation", **{"approbation.approved_by": "Mme Durand"})
    after = await at_committee.paper(f"{page}/compte-rendu.pdf")
    assert "APPROUVÉ LE" in after
    assert "PROJET" not in after
    for said in ("Compte rendu approuvé le", "par Mme Durand", "Remarques sur le projet", "Le maire était entendu."):
        assert said in after
    shown = await at_committee.see(page)
    assert f'action="{page}/remarque"' not in shown
    assert "Il ne change plus." in shown


async def test_who_remarks_from_a_page_that_stayed_open_reads_who_approved_and_keeps_the_remark(
    closed: tuple[str, str], at_committee: Person, secretary: Program
) -> None:
    session, _ = closed
    page = session.replace("/sessions", "/comite")
    seen = await at_committee.hidden(page, f"{page}/remarque")
    await secretary.post(f"{session}/minutes/approval", {"approved_by": "Mme Durand"})
    stale = await at_committee.post(f"{page}/remarque", **seen, **{"remarque.text": "Une remarque longue à écrire."})
    assert stale.status_code == 409
    shown = unescape(stale.text)
    assert "par Mme Durand" in shown
    assert "Une remarque longue à écrire." in shown


async def test_a_remark_and_the_approval_at_once_agree_about_what_is_frozen(
    closed: tuple[str, str], national: Program, secretary: Program
) -> None:
    session, _ = closed
    remarked, approved = await asyncio.gather(
        national.ask("POST", f"{session}/minutes/remarks", {"text": "Le maire était entendu."}),
        secretary.ask("POST", f"{session}/minutes/approval", {"approved_by": "Mme Durand"}),
    )
    assert approved.status_code == 200
    assert remarked.status_code in {201, 409}
    assert len((await secretary.get(f"{session}/minutes"))["remarks"]) == (remarked.status_code == 201)


async def test_the_day_of_closing_is_that_of_paris_also_at_the_end_of_a_year(
    closed: tuple[str, str], secretary: Program, database: Database
) -> None:
    session, _ = closed
    await database.fetch(
        """
        UPDATE committee_session SET held_on = '2025-12-31', closed_at = '2025-12-31T23:30:00Z'
        WHERE id = $1
        RETURNING id
        """,
        UUID(session.rpartition("/")[2]),
    )
    approval = {"approved_by": "Mme Durand", "approved_on": "2025-12-31"}
    problem = await secretary.refused(f"{session}/minutes/approval", approval, 400)
    assert "1er\u00a0janvier 2026" in problem["errors"][0]["message"]
    approved = await secretary.post(f"{session}/minutes/approval", {**approval, "approved_on": "2026-01-01"})
    assert approved["approval"]["approved_on"] == "2026-01-01"
