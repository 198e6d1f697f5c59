"""The bound file of a session: asked for, made beside the service, with a table of contents, and made again."""

import asyncio
import io
import signal
from typing import Any
from uuid import UUID

import pytest
from pypdf import PdfReader

from services.escalation.main import binder_of
from services.escalation.settings import Settings
from services.escalation.web import binding
from services.escalation.web.binding import Binder
from shared.db import Database
from shared.identity.model import Role
from shared.territory.territories import Territories
from shared.web import pdf
from tests.escalation.conftest import PUBLIC_URL
from tests.escalation.desk import Person
from tests.escalation.life import Ear, Program
from tests.escalation.test_papers import a_session_of


@pytest.fixture
def binder(settings: Settings, database: Database, territories: Territories) -> Binder:
    """What makes the files."""
    return binder_of(settings, database, territories)


@pytest.fixture
async def planned(ear: Ear, national: Program, secretary: Program) -> tuple[str, list[str]]:
    """A session has two dossiers on its agenda; gives its address and theirs."""
    return await a_session_of(2, ear, national, secretary, members=[{"name": "Mme Durand", "role": "chair"}])


async def test_the_file_holds_the_agenda_with_pages_and_each_sheet_in_order(
    planned: tuple[str, list[str]], binder: Binder, national: Program, at_desk: Person
) -> None:
    session, (first, second) = planned
    await national.post(f"{session}/file")
    await binder.run_once()
    made = await national.get(f"{session}/file")
    paper = await at_desk.file(session.replace("/sessions", "/comite") + "/dossier-de-seance.pdf")
    reader = PdfReader(io.BytesIO(paper))
    assert (made["state"], made["current"]) == ("ready", True)
    assert (made["pages"], made["size"]) == (len(reader.pages), len(paper))
    texts = [page.extract_text() for page in reader.pages]
    numbers = [(await national.get(f"/escalations/{one}"))["number"] for one in (first, second)]
    begins = [next(at for at, text in enumerate(texts) if f"dossier {number}" in text) for number in numbers]
    assert 0 < begins[0] < begins[1]
    contents = texts[0].replace("\n", " ")
    for number, at in zip(numbers, begins, strict=True):
        assert contents.partition(number)[2].lstrip(" .").startswith(str(at + 1))
    assert "Mme Durand, présidence" in contents
    assert f"page 1 sur {len(texts)}" in contents
    root = reader.root_object
    assert root["/MarkInfo"]["/Marked"]  # type: ignore[index] # a dictionary of the PDF
    assert reader.outline


async def test_links_of_a_paper_lead_to_pages_of_the_service(
    planned: tuple[str, list[str]], binder: Binder, national: Program, secretary: Program, at_desk: Person
) -> None:
    session, requests = planned
    page = session.replace("/sessions", "/comite")
    decision = {"request_id": requests[1], "outcome": "granted", "motive": "Vu."}
    await secretary.post(f"{session}/decisions", decision, status=201)
    await national.post(f"{session}/file")
    await binder.run_once()
    for paper in ("dossier-de-seance.pdf", f"dossiers/{requests[0]}/fiche.pdf"):
        reader = PdfReader(io.BytesIO(await at_desk.file(f"{page}/{paper}")))
        notes = [note.get_object() for one in reader.pages for note in one.get("/Annots", [])]
        leads = {note["/A"]["/URI"] for note in notes if "/URI" in note.get("/A", {})}
        assert f"{PUBLIC_URL}/demandes/{requests[1]}" in leads
        assert all(link.startswith(f"{PUBLIC_URL}/demandes/") for link in leads)


async def test_a_file_is_asked_for_once_and_made_once_by_whatever_copy_of_the_service(
    planned: tuple[str, list[str]],
    binder: Binder,
    national: Program,
    secretary: Program,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    made = []

    async def typeset(html: str, *, address: str) -> pdf.Paper:
        made.append((html, address))
        await asyncio.sleep(0.2)
        return pdf.Paper(b"%PDF-", 3)

    monkeypatch.setattr(binding, "typeset", typeset)
    session, _ = planned
    await national.post(f"{session}/file")
    again = await secretary.post(f"{session}/file")
    assert (again["state"], again["asked_by"]["role"]) == ("pending", Role.NATIONAL_AGENT)
    await asyncio.gather(binder.run_once(), binder.run_once())
    assert len(made) == 1
    assert (await national.get(f"{session}/file"))["pages"] == 3


async def test_a_file_says_that_the_agenda_has_changed_and_is_made_again(
    planned: tuple[str, list[str]],
    binder: Binder,
    secretary: Program,
    at_committee: Person,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async def typeset(_: str, *, address: str) -> pdf.Paper:
        return pdf.Paper(address.encode(), 3)

    monkeypatch.setattr(binding, "typeset", typeset)
    session, requests = planned
    page = session.replace("/sessions", "/comite")
    await at_committee.send(page, f"{page}/dossier-de-seance")
    assert "En préparation" in await at_committee.see(page)
    await at_committee.see(f"{page}/dossier-de-seance.pdf", status=409)
    await binder.run_once()
    shown = await at_committee.see(page)
    assert "3\u00a0pages" in shown
    assert "L’ordre du jour a changé depuis." not in shown
    await secretary.post(f"{session}/agenda", {"request_id": requests[1], "direction": "up"})
    assert "L’ordre du jour a changé depuis." in await at_committee.see(page)
    assert (await secretary.post(f"{session}/file"))["state"] == "pending"
    assert await at_committee.file(f"{page}/dossier-de-seance.pdf") == PUBLIC_URL.encode()
    await binder.run_once()
    assert (await secretary.get(f"{session}/file"))["current"] is True


async def test_a_file_that_cannot_be_made_says_so_and_can_be_asked_for_again(
    planned: tuple[str, list[str]],
    binder: Binder,
    secretary: Program,
    at_committee: Person,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async def typeset(_: str, *, address: str) -> pdf.Paper:
        raise pdf.TypesettingFailed(address)

    monkeypatch.setattr(binding, "typeset", typeset)
    session, _ = planned
    await secretary.post(f"{session}/file")
    await binder.run_once()
    assert (await secretary.get(f"{session}/file"))["state"] == "failed"
    assert "La préparation a échoué" in await at_committee.see(session.replace("/sessions", "/comite"))
    assert (await secretary.post(f"{session}/file"))["state"] == "pending"


async def test_what_a_service_began_and_left_is_begun_again(
    database: Database,
    planned: tuple[str, list[str]],
    binder: Binder,
    secretary: Program,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async def typeset(_: str, *, address: str) -> pdf.Paper:
        return pdf.Paper(address.encode(), 1)

    monkeypatch.setattr(binding, "typeset", typeset)
    session, _ = planned
    await secretary.post(f"{session}/file")
    await database.fetch("UPDATE session_file SET begun_at = now() - interval '9 minutes' RETURNING session_id")
    await binder.run_once()
    assert (await secretary.get(f"{session}/file"))["state"] == "pending"
    await database.fetch("UPDATE session_file SET begun_at = now() - interval '11 minutes' RETURNING session_id")
    await binder.run_once()
    assert (await secretary.get(f"{session}/file"))["state"] == "ready"


async def test_whoever_opens_the_file_has_read_each_of_its_dossiers(
    database: Database, planned: tuple[str, list[str]], binder: Binder, national: Program, at_desk: Person
) -> None:
    session, requests = planned
    await national.post(f"{session}/file")
    await binder.run_once()
    path = session.replace("/sessions", "/comite") + "/dossier-de-seance.pdf"
    await at_desk.file(path)
    rows = await database.fetch("SELECT request_id FROM consultation WHERE path = $1", path)
    assert {row["request_id"] for row in rows} == {UUID(one) for one in requests}


async def test_a_session_without_dossiers_has_no_file(secretary: Program) -> None:
    session = await secretary.post("/sessions", {"held_on": "2026-11-02", "members": []}, status=201)
    assert (await secretary.get(f"/sessions/{session['id']}/file"))["allowed_actions"] == []
    problem = await secretary.refused(f"/sessions/{session['id']}/file", {}, 409)
    assert problem["code"] == "agenda_empty"


async def test_a_document_that_takes_too_long_fails_by_name_and_leaves_no_process(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    begun = []
    create = asyncio.create_subprocess_exec

    async def noted(*args: Any, **kwargs: Any) -> asyncio.subprocess.Process:
        begun.append(await create(*args, **kwargs))
        return begun[0]

    monkeypatch.setattr(asyncio, "create_subprocess_exec", noted)
    monkeypatch.setattr(pdf, "LONGEST", 0.01)
    with pytest.raises(pdf.TypesettingFailed):
        await pdf.typeset("<p>Long", address=PUBLIC_URL)
    assert [process.returncode for process in begun] == [-signal.SIGKILL]
