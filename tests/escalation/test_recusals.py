"""Conflicts of interest: a member withdraws from a dossier, voters and quorum follow, and the papers say so."""

import asyncio
from html import unescape

import pytest

from services.escalation.domain.committee import NewVotes, Session, Verdict
from services.escalation.domain.moves import State
from services.escalation.domain.refusals import QuorumMissing, SessionClosed
from shared.clock import new_id
from shared.contracts.vocabulary import CommitteeOutcome
from shared.db import Database
from shared.errors import Forbidden, Invalid
from tests.escalation.desk import Person
from tests.escalation.life import Ear, Program
from tests.escalation.test_domain import AT, LIMIT, NATIONAL, SECRETARY, TODAY, a_session, an_escalation
from tests.escalation.test_papers import a_session_of

MEMBERS = [{"name": "Mme Durand", "role": "chair"}, "Anah", "ANRU"]


def session() -> Session:
    """Two of three voting members are there, as many as the quorum."""
    return a_session(members=("A", "B", "C"), quorum=2, present=("A", "B"))


def verdict(outcome: CommitteeOutcome = CommitteeOutcome.GRANTED, *, in_favour: int | None = None) -> Verdict:
    """What is decided, by a vote or without."""
    votes = None if in_favour is None else NewVotes(in_favour=in_favour, against=0)
    return Verdict(outcome=outcome, motive="Vu.", votes=votes)


def decide(one: Session, what: Verdict) -> object:
    """Decide on the dossier."""
    return one.decide(
        DOSSIER, what, decision_id=new_id(), number="CSP-2026-0001", limit=LIMIT, by=SECRETARY, today=TODAY
    )


DOSSIER = an_escalation(State.SCHEDULED)


def test_who_withdraws_neither_votes_nor_makes_the_quorum_of_that_dossier_alone() -> None:
    one = session()
    one.recuse(DOSSIER.request_id, "A", by=SECRETARY)
    assert one.voters_on(DOSSIER.request_id) == ["B"]
    assert one.voters_on(new_id()) == ["A", "B"]
    with pytest.raises(QuorumMissing) as refused:
        decide(one, verdict())
    assert "sans compter les déports" in refused.value.detail
    one.attend(["A", "B", "C"], by=SECRETARY, today=TODAY, at=AT)
    with pytest.raises(Invalid) as too_many:
        decide(one, verdict(in_favour=3))
    assert [error.field for error in too_many.value.errors] == ["votes"]
    made = decide(one, verdict(in_favour=2))
    assert (made.recused, made.voters) == (("A",), 2)  # type: ignore[attr-defined] # of the decision


def test_a_dossier_without_a_quorum_can_only_be_deferred() -> None:
    one = session()
    one.recuse(DOSSIER.request_id, "A", by=SECRETARY)
    for outcome in CommitteeOutcome:
        if outcome not in {CommitteeOutcome.DEFERRED, CommitteeOutcome.GRANTED_WITH_RESERVE}:
            with pytest.raises(QuorumMissing):
                decide(one, verdict(outcome))
    decide(one, verdict(CommitteeOutcome.DEFERRED))


def test_who_takes_part_after_all_votes_again() -> None:
    one = session()
    one.recuse(DOSSIER.request_id, "A", by=SECRETARY)
    one.take_back_recusal(DOSSIER.request_id, "A", by=SECRETARY)
    assert one.voters_on(DOSSIER.request_id) == ["A", "B"]
    with pytest.raises(Invalid):
        one.take_back_recusal(DOSSIER.request_id, "A", by=SECRETARY)


def test_a_recusal_is_of_a_member_once_noted_by_the_secretary_while_the_session_is_open() -> None:
    one = session()
    with pytest.raises(Invalid):
        one.recuse(DOSSIER.request_id, "Inconnu", by=SECRETARY)
    one.recuse(DOSSIER.request_id, "A", by=SECRETARY)
    with pytest.raises(Invalid):
        one.recuse(DOSSIER.request_id, "A", by=SECRETARY)
    with pytest.raises(Forbidden):
        one.recuse(DOSSIER.request_id, "B", by=NATIONAL)
    one.close(undecided=[], by=SECRETARY, today=TODAY, at=AT)
    with pytest.raises(SessionClosed):
        one.recuse(DOSSIER.request_id, "B", by=SECRETARY)


async def test_a_recusal_stands_in_the_session_the_decision_and_its_correction(
    ear: Ear, national: Program, secretary: Program
) -> None:
    address, (request_id,) = await a_session_of(1, ear, national, secretary, members=MEMBERS, quorum=1)
    await secretary.post(f"{address}/attendance", {"present": ["Mme Durand", "Anah"]})
    noted = await secretary.post(f"{address}/recusals", {"request_id": request_id, "member": "Anah"})
    (item,) = noted["agenda"]
    assert [(one["member"], one["declared"]) for one in item["recusals"]] == [("Anah", True)]
    assert (noted["voters"], item["voters"]) == (2, 1)
    decision = {"request_id": request_id, "outcome": "granted", "motive": "Vu."}
    made = await secretary.post(f"{address}/decisions", decision, status=201)
    assert (made["recused"], made["voters"]) == (["Anah"], 1)
    late = await secretary.refused(f"{address}/recusals", {"request_id": request_id, "member": "ANRU"}, 409)
    assert late["code"] == "already_decided"
    assert made["number"] in late["detail"]
    back = {"request_id": request_id, "member": "Anah"}
    assert (await secretary.refused(f"{address}/recusal-removal", back, 409))["code"] == "already_decided"
    corrected = await secretary.post(
        f"/decisions/{made['id']}/correction", {"outcome": "refused", "motive": "Revu."}, status=201
    )
    assert corrected["recused"] == ["Anah"]


async def test_a_recusal_is_of_a_dossier_of_the_agenda_and_may_be_noted_before_the_day(
    ear: Ear, national: Program, secretary: Program, received: str
) -> None:
    address, (request_id,) = await a_session_of(1, ear, national, secretary, days_ago=-7, members=MEMBERS)
    other = {"request_id": received, "member": "Anah"}
    assert (await secretary.refused(f"{address}/recusals", other, 409))["code"] == "not_on_agenda"
    noted = {"request_id": request_id, "member": "Anah", "declared": False}
    assert (await secretary.post(f"{address}/recusals", noted))["agenda"][0]["recusals"][0]["declared"] is False
    await secretary.refused(f"{address}/recusals", noted, 400)
    removed = await secretary.post(f"{address}/recusal-removal", {"request_id": request_id, "member": "Anah"})
    assert removed["agenda"][0]["recusals"] == []


async def test_a_recusal_is_noted_on_the_page_of_the_decision_and_printed(
    ear: Ear, national: Program, secretary: Program, at_committee: Person, database: Database
) -> None:
    address, (request_id,) = await a_session_of(1, ear, national, secretary, members=MEMBERS, quorum=1)
    await secretary.post(f"{address}/attendance", {"present": ["Mme Durand", "Anah"]})
    page = address.replace("/sessions", "/comite")
    form = f"{page}/dossiers/{request_id}"
    nobody = await at_committee.send(form, f"{form}/deport", **{"deport.declared": "true"})
    assert nobody.status_code == 400
    await at_committee.send(form, f"{form}/deport", **{"deport.member": "Anah", "deport.declared": "false"})
    shown = await at_committee.see(form)
    assert "intérêt relevé par le secrétariat" in shown
    assert "1\u00a0votant présent ou représenté" in shown
    await at_committee.send(form, f"{form}/deport-retire")
    assert "Aucun déport n’est noté." in await at_committee.see(form)
    await at_committee.send(form, f"{form}/deport", **{"deport.member": "Anah", "deport.declared": "true"})
    await at_committee.send(form, form, outcome="granted", motive="Vu.")
    await secretary.post(f"{address}/closing")
    minutes = "".join((await at_committee.paper(f"{page}/compte-rendu.pdf")).split())
    assert "Déport:Anah(intérêtdéclaré).1votantsurcedossier." in minutes
    decision = await database.fetchval("SELECT id FROM decision")
    paper = await at_committee.paper(f"/decisions/{decision}/decision.pdf")
    assert "Sans prendre part à la délibération ni au vote Anah" in paper
    assert "Déports" in unescape(await at_committee.see(f"/demandes/{request_id}"))


async def test_a_recusal_and_the_decision_at_once_agree_about_who_withdrew(
    ear: Ear, national: Program, secretary: Program
) -> None:
    address, requests = await a_session_of(4, ear, national, secretary, members=MEMBERS, quorum=1)
    await secretary.post(f"{address}/attendance", {"present": ["Mme Durand", "Anah"]})
    for request_id in requests:
        decision = {"request_id": request_id, "outcome": "granted", "motive": "Vu."}
        recusal = {"request_id": request_id, "member": "Anah"}
        noted, made = await asyncio.gather(
            secretary.ask("POST", f"{address}/recusals", recusal),
            secretary.ask("POST", f"{address}/decisions", decision),
        )
        assert made.status_code == 201
        assert noted.status_code in {200, 409}
        assert made.json()["recused"] == (["Anah"] if noted.status_code == 200 else [])
