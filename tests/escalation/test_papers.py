"""The committee's papers: how many pages they take, and what stands on them."""

import io
import re
from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Any

import pytest
from pypdf import PageObject, PdfReader

from shared import clock
from tests.escalation.desk import Person
from tests.escalation.life import Ear, Program, a_request_escalated

CURVE = re.compile(rb"[\d.-]+ [\d.-]+ [\d.-]+ [\d.-]+ [\d.-]+ [\d.-]+ c\s")
"""A curve in the content of a PDF's page: letters are no curves there, drawings are."""
Paper = Callable[[Person, str], Awaitable[list[PageObject]]]


@pytest.fixture
def paper() -> Paper:
    """Open a PDF, and give its pages."""

    async def pages(person: Person, path: str) -> list[PageObject]:
        return list(PdfReader(io.BytesIO(await person.file(path))).pages)

    return pages


async def a_session_of(
    count: int, ear: Ear, national: Program, secretary: Program, *, days_ago: int = 0, **more: Any
) -> tuple[str, list[str]]:
    """A session of some days ago has so many dossiers on its agenda; gives both."""
    held_on = clock.now().date() - timedelta(days=days_ago)
    session = await secretary.post("/sessions", {"held_on": str(held_on), "title": "Comité", **more}, status=201)
    requests = []
    for place in range(count):
        fact = a_request_escalated(number=f"{days_ago + 10}-2026-{place + 1:06d}")
        await ear.hears(fact)
        requests.append(str(fact.request_id))
        await national.post(f"/escalations/{fact.request_id}/admissibility", {"opinion": "Oui."})
        await national.post(f"/escalations/{fact.request_id}/schedule", {"session_id": session["id"]})
    return f"/sessions/{session['id']}", requests


async def test_minutes_hold_several_decisions_a_page_and_signatures_never_stand_alone(
    ear: Ear, national: Program, secretary: Program, at_committee: Person, paper: Paper
) -> None:
    members = [{"name": "Mme Durand", "role": "chair"}]
    session, requests = await a_session_of(15, ear, national, secretary, members=members)
    for request_id in requests:
        decision = {"request_id": request_id, "outcome": "granted", "motive": "Besoin avéré.", "amount_cents": 5_000_00}
        await secretary.post(f"{session}/decisions", decision, status=201)
    await secretary.post(f"{session}/closing")
    pages = await paper(at_committee, session.replace("/sessions", "/comite") + "/compte-rendu.pdf")
    assert len(pages) <= 3
    last = pages[-1].extract_text()
    assert "Nom et signature" in last
    assert "Motif" in last


async def test_no_drawing_of_the_page_stands_black_on_the_preparation_sheet(
    ear: Ear, national: Program, secretary: Program, at_committee: Person, paper: Paper
) -> None:
    session, requests = await a_session_of(2, ear, national, secretary)
    await secretary.post(
        f"{session}/decisions", {"request_id": requests[1], "outcome": "granted", "motive": "Vu."}, status=201
    )
    pages = await paper(at_committee, f"{session.replace('/sessions', '/comite')}/dossiers/{requests[0]}/fiche.pdf")
    assert "Accompagnement accordé" in " ".join(" ".join(page.extract_text() for page in pages).split())
    for page in pages:
        content = page.get_contents()
        assert content is not None
        assert not CURVE.search(content.get_data())


async def test_the_register_begins_with_what_was_decided_last(ear: Ear, national: Program, secretary: Program) -> None:
    for days_ago in (0, 40):
        session, (request_id,) = await a_session_of(1, ear, national, secretary, days_ago=days_ago)
        decision = {"request_id": request_id, "outcome": "granted", "motive": "Vu."}
        await secretary.post(f"{session}/decisions", decision, status=201)
    found = [item["decided_on"] for item in (await secretary.get("/decisions"))["items"]]
    assert found == sorted(found, reverse=True)
    assert len(set(found)) == 2
