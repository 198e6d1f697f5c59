"""How an accompaniment goes: delays, progress, deliverables, the provider's link, the report; by API and on pages."""

import re
from datetime import date, timedelta
from html import unescape
from uuid import UUID

import httpx2
import pytest

from shared import clock
from shared.allowance import Allowance
from shared.clock import new_id
from shared.contracts.fact import Actor
from shared.contracts.intake import ProgressTold
from shared.contracts.vocabulary import Role
from shared.db import Database
from shared.documents import MOST_FILES
from shared.french.dates import short_date_fr
from tests.escalation.desk import Person
from tests.escalation.life import Ear, Json, Program, a_decided_dossier
from tests.escalation.test_api import told
from tests.today import today

pytestmark = pytest.mark.usefixtures("envelope")
PDF = b"%PDF-1.7 a report"


async def an_accompaniment(national: Program, secretary: Program, received: str) -> Json:
    """Work is under way, with a provider and a milestone that is late; gives the dossier."""
    await a_decided_dossier(national, secretary, received)
    dossier = f"/escalations/{received}"
    order = {"kind": "external", "resource": "Atelier des Bourgs", "amount_cents": 500_000}
    await national.post(f"{dossier}/mobilisations", order, status=201)
    await national.post(f"{dossier}/accompaniment", {"starts_on": today(-90), "ends_on": today(400)})
    late = {"title": "Diagnostic", "due_on": today(-45), "deliverable": "Rapport"}
    return await national.post(f"{dossier}/milestones", late, status=201)


async def a_link(national: Program, seen: Json) -> str:
    """The provider is given its link; gives its token."""
    mobilisation = f"/escalations/{seen['request_id']}/mobilisations/{seen['mobilisations'][0]['id']}"
    invited = await national.post(f"{mobilisation}/invitation", {"email": "contact@atelier.test"}, status=201)
    found: str = invited["provider_url"]
    return found.rpartition("/")[2]


def upload(name: str = "rapport.pdf", content: bytes = PDF) -> dict[str, tuple[str, bytes, str]]:
    """Make a file to send."""
    return {"document": (name, content, "application/octet-stream")}


async def test_a_milestone_is_postponed_with_a_motive_and_its_delay_may_be_told_again(
    database: Database, national: Program, secretary: Program, received: str
) -> None:
    seen = await an_accompaniment(national, secretary, received)
    milestone = f"/escalations/{received}/milestones/{seen['created']}"
    for wrong in (today(-45), today(-10)):
        problem = await national.refused(f"{milestone}/postponement", {"due_on": wrong, "motive": "Retard."}, 400)
        assert problem["errors"][0]["field"] == "due_on"
    assert (await national.get("/accompaniments?late=true"))["total"] == 1
    later = str(clock.now().date() + timedelta(days=365))
    moved = await national.post(f"{milestone}/postponement", {"due_on": later, "motive": "Relevés retardés."})
    shown = moved["milestones"][0]
    assert (shown["due_on"], shown["first_due_on"], shown["overdue"]) == (later, today(-45), False)
    assert shown["postponed_for"] == "Relevés retardés."
    assert (await national.get("/accompaniments?late=true"))["total"] == 0
    assert (await told(database, received))[-1] == "escalation.milestone_postponed.v1"
    await national.post(f"{milestone}/reached", {"reached_on": today(-20)})
    refused = await national.refused(f"{milestone}/postponement", {"due_on": "2030-01-01", "motive": "Non."}, 409)
    assert refused["code"] == "milestone_reached"


async def test_progress_and_deliverables_come_from_the_team_and_by_the_providers_link(
    database: Database, browser: httpx2.AsyncClient, national: Program, secretary: Program, received: str
) -> None:
    seen = await an_accompaniment(national, secretary, received)
    dossier = f"/escalations/{received}"
    await national.post(f"{dossier}/progress", {"text": "Réunion de lancement tenue.", "percent": 10}, status=201)
    token = await a_link(national, seen)
    link = f"/api/v1/provider-links/{token}"
    view = (await browser.get(link)).json()
    assert view["milestones"][0]["title"] == "Diagnostic"
    assert "evidence" not in view
    said = {"text": "Entretiens faits.", "percent": 40, "milestone_id": seen["created"]}
    assert (await browser.post(f"{link}/progress", json=said)).status_code == 201
    data = {"milestone_id": seen["created"]}
    handed = await browser.post(f"{link}/deliverables", files=upload("../Rapport final.exe"), data=data)
    assert handed.status_code == 201, handed.text
    now = await national.get(dossier)
    assert [(one["team"], one["percent"]) for one in now["progress"]] == [("provider", 40), ("national", 10)]
    file = now["deliverables"][0]
    assert (file["name"], file["author"], file["milestone"]) == (
        "Rapport final.exe.pdf",
        "Atelier des Bourgs",
        "Diagnostic",
    )
    sent = await national.ask("GET", f"{dossier}/deliverables/{file['id']}")
    assert sent.content == PDF
    assert sent.headers["content-disposition"].startswith("attachment")
    assert (await told(database, received))[-3:] == [
        "escalation.provider_invited.v1",
        "escalation.progress_reported.v1",
        "escalation.deliverable_added.v1",
    ]
    listed = (await national.get("/accompaniments"))["items"][0]
    assert (listed["percent"], listed["told_by"], listed["told_at"]) == (
        10,
        "Atelier des Bourgs",
        now["progress"][0]["at"],
    )


async def test_what_the_applicant_tells_stands_with_what_the_others_tell(
    ear: Ear, at_desk: Person, national: Program, secretary: Program, received: str
) -> None:
    seen = await an_accompaniment(national, secretary, received)
    await national.post(f"/escalations/{received}/progress", {"text": "Lancement tenu.", "percent": 10}, status=201)
    by_a_colleague = Actor(role=Role.APPLICANT, name="Dominique Petit")
    about = {"request_id": UUID(received), "departement": "95"}
    await ear.hears(
        ProgressTold(**about, at=clock.now(), report_id=new_id(), text="Deux réunions tenues.", percent=30),
        ProgressTold(
            **about,
            at=clock.now(),
            report_id=new_id(),
            milestone_id=UUID(seen["created"]),
            milestone="Diagnostic",
            text="Le conseil a délibéré.",
            by=by_a_colleague,
        ),
    )
    now = await national.get(f"/escalations/{received}")
    assert [(one["team"], one["author"], one["milestone"], one["percent"]) for one in now["progress"]] == [
        ("applicant", "Dominique Petit", "Diagnostic", None),
        ("applicant", "Secrétariat de mairie", None, 30),
        ("national", "National", None, 10),
    ]
    assert [(step["type"], step["team"], step["detail"]) for step in now["timeline"][-2:]] == [
        ("intake.progress_told.v1", "applicant", "Deux réunions tenues."),
        ("intake.progress_told.v1", "applicant", "Le conseil a délibéré."),
    ]
    assert "pour la collectivité, Diagnostic" in await at_desk.see(f"/demandes/{received}")
    await national.post(f"/escalations/{received}/completion", {"report": "Fini.", "carry_reason": "Repris."})
    crossed = ProgressTold(**about, at=clock.now(), report_id=new_id(), text="Écrit avant de savoir.")
    await ear.hears(crossed)
    assert (await national.get(f"/escalations/{received}"))["progress"][0]["text"] == "Écrit avant de savoir."
    await ear.hears(crossed.model_copy(update={"request_id": new_id()}))


async def test_a_link_that_was_replaced_opens_nothing(
    browser: httpx2.AsyncClient, national: Program, secretary: Program, received: str
) -> None:
    seen = await an_accompaniment(national, secretary, received)
    first, second = [await a_link(national, seen) for _ in range(2)]
    said = {"text": "Avance."}
    for gone in (first, "not-a-link", second[:-2] + "xx"):
        assert (await browser.get(f"/api/v1/provider-links/{gone}")).status_code == 404
        assert (await browser.post(f"/api/v1/provider-links/{gone}/progress", json=said)).status_code == 404
    assert (await browser.post(f"/api/v1/provider-links/{second}/progress", json=said)).status_code == 201
    await national.post(f"/escalations/{received}/completion", {"report": "Fini.", "carry_reason": "Repris."})
    over = await browser.post(f"/api/v1/provider-links/{second}/progress", json=said)
    assert (over.status_code, over.json()["state"]) == (409, "completed")


@pytest.mark.parametrize(
    ("content", "status", "code"),
    [(b"MZ a program", 415, "file_type_not_accepted"), (b"", 400, "invalid"), (PDF + b"0" * 10_485_760, 413, None)],
)
async def test_a_file_that_is_not_accepted_is_refused(
    browser: httpx2.AsyncClient,
    national: Program,
    secretary: Program,
    received: str,
    content: bytes,
    status: int,
    code: str | None,
) -> None:
    await an_accompaniment(national, secretary, received)
    path = f"/api/v1/escalations/{received}/deliverables"
    answer = await browser.post(path, files=upload(content=content), headers=national.headers)
    assert answer.status_code == status, answer.text
    assert code in {None, answer.json()["code"]}


async def test_the_accompaniment_is_followed_on_its_pages(
    at_desk: Person, national: Program, secretary: Program, received: str
) -> None:
    seen = await an_accompaniment(national, secretary, received)
    listed = (await at_desk.see("/accompagnements?late=1")).replace("\u00a0", " ")
    assert "1 jalon en retard" in listed
    assert "Aucune" in listed
    page = f"/demandes/{received}"
    await at_desk.send(page, f"{page}/avancement", text="Entretiens faits.", percent="40")
    wrong = await at_desk.send(page, f"{page}/avancement", **{"avancement.text": "Trop.", "avancement.percent": "140"})
    assert wrong.status_code == 400
    assert "Trop." in wrong.text
    milestone = f"{page}/jalons/{seen['created']}"
    refused = await at_desk.send(
        milestone, f"{milestone}/report", **{"report.due_on": today(-60), "report.motive": "Retard."}
    )
    assert refused.status_code == 400
    assert "Retard." in refused.text
    await at_desk.send(
        milestone, f"{milestone}/report", **{"report.due_on": today(300), "report.motive": "Relevés retardés."}
    )
    assert "Relevés retardés." in await at_desk.see(milestone)
    first = short_date_fr(date.fromisoformat(today(-45)))
    assert f"d’abord le {first}" in " ".join((await at_desk.see(page)).split())
    assert "projet" in await at_desk.see(f"{page}/bilan-a-imprimer")
    await at_desk.send(page, f"{page}/bilan", report="Le projet est prêt.", carry_reason="Le rapport suit.")
    on_paper = await at_desk.paper(f"{page}/bilan.pdf")
    for shown in ("Bilan de l’accompagnement", "Le projet est prêt.", "Atelier des Bourgs", "Diagnostic"):
        assert shown in on_paper, shown


async def test_a_provider_tells_and_hands_in_on_its_own_page(
    browser: httpx2.AsyncClient, at_desk: Person, national: Program, secretary: Program, received: str
) -> None:
    seen = await an_accompaniment(national, secretary, received)
    order = f"/demandes/{received}/mobilisations/{seen['mobilisations'][0]['id']}"
    await at_desk.send(order, f"{order}/lien", email="contact@atelier.test")
    shown = await at_desk.see(order)
    assert "mailto:contact@atelier.test" in shown
    link = re.search(r'href="http://escalation\.test(/prestataires/[^"]+)"', shown)
    assert link
    browser.cookies.clear()  # of a page that stood open for days, the browser has forgotten them
    page = unescape((await browser.get(link[1])).text)
    assert "Atelier des Bourgs, dites ici où en est l’accompagnement." in page
    assert "Plan de charge complet." not in page
    form = re.search(r'<form[^>]*action="[^"]+/livrables".*?</form>', page, re.DOTALL)
    assert form
    hidden = dict(re.findall(r'<input type="hidden" name="([\w.]+)" value="([^"]*)"', form[0]))
    nothing = await browser.post(f"{link[1]}/livrables", data=hidden, files={"document": ("", b"", "")})
    assert nothing.status_code == 400
    assert "Choisissez un fichier" in unescape(nothing.text)
    sent = await browser.post(f"{link[1]}/livrables", data={**hidden, "milestone_id": seen["created"]}, files=upload())
    assert sent.status_code == 303
    assert (await national.get(f"/escalations/{received}"))["deliverables"][0]["name"] == "rapport.pdf"


async def test_a_closed_link_says_whom_to_ask_and_gives_back_what_was_typed(
    browser: httpx2.AsyncClient, national: Program, secretary: Program, received: str
) -> None:
    seen = await an_accompaniment(national, secretary, received)
    first, second = [f"/prestataires/{await a_link(national, seen)}" for _ in range(2)]
    opened = await browser.get(second)
    assert opened.headers["x-robots-tag"] == "noindex, nofollow"
    old = await browser.get(first)
    assert (old.status_code, old.headers["referrer-policy"]) == (404, "no-referrer")
    for said in ("Ce lien est fermé", "Un lien plus récent a été donné à Atelier des Bourgs", "mailto:national@"):
        assert said in unescape(old.text), said
    typed = await browser.post(f"{first}/avancement", data={"text": "Les <relevés> sont faits."})
    assert typed.status_code == 404
    assert "Rien n’a été enregistré." in unescape(typed.text)
    assert "Les &lt;relevés&gt; sont faits." in typed.text
    broken = await browser.get(second[:-3])
    assert broken.status_code == 404
    assert "Ce lien n’ouvre aucune page" in unescape(broken.text)
    assert "Atelier des Bourgs" not in broken.text
    mobilisation = f"/escalations/{received}/mobilisations/{seen['mobilisations'][0]['id']}"
    await national.post(f"{mobilisation}/decline")
    assert "a décliné cette intervention" in unescape((await browser.get(second)).text)
    handed = await browser.post(f"{second}/livrables", data={}, files=upload())
    assert handed.status_code == 404


async def test_the_secret_of_a_link_is_kept_nowhere(
    browser: httpx2.AsyncClient, database: Database, national: Program, secretary: Program, received: str
) -> None:
    token = await a_link(national, await an_accompaniment(national, secretary, received))
    page = f"/prestataires/{token}"
    sent = await browser.post(f"{page}/avancement", data={"text": "Avance.", "_form_key": "a-key"})
    assert (sent.status_code, sent.headers["location"]) == (303, page)
    again = await browser.post(f"{page}/avancement", data={"text": "Avance.", "_form_key": "a-key"})
    assert again.headers["location"] == page
    assert await database.fetchval("SELECT count(*) FROM form_submission WHERE location LIKE $1", f"%{token}%") == 0
    assert len((await national.get(f"/escalations/{received}"))["progress"]) == 1


async def test_a_provider_says_so_much_in_a_day_and_the_team_may_still_write(
    database: Database, browser: httpx2.AsyncClient, national: Program, secretary: Program, received: str
) -> None:
    seen = await an_accompaniment(national, secretary, received)
    token = await a_link(national, seen)
    said = {"text": "Entretiens faits."}
    assert (await browser.post(f"/api/v1/provider-links/{token}/progress", json=said)).status_code == 201
    async with database.transaction() as tx:
        await tx.execute(
            """
            INSERT INTO progress (id, request_id, at, team, author, text)
            SELECT gen_random_uuid(), request_id, at, team, author, text FROM progress, generate_series(2, $1)
            """,
            Allowance().texts_a_day,
        )
    refused = await browser.post(f"/api/v1/provider-links/{token}/progress", json=said)
    assert (refused.status_code, refused.json()["code"]) == (429, "too_many_texts")
    await national.post(f"/escalations/{received}/progress", {"text": "Réunion tenue."}, status=201)


async def test_a_dossier_has_so_many_deliverables_and_no_more(
    database: Database, national: Program, secretary: Program, received: str, browser: httpx2.AsyncClient
) -> None:
    link = f"/api/v1/provider-links/{await a_link(national, await an_accompaniment(national, secretary, received))}"
    assert (await browser.post(f"{link}/deliverables", files=upload())).status_code == 201
    async with database.transaction() as tx:
        await tx.execute(
            """
            INSERT INTO deliverable (id, request_id, at, team, author, name, media_type, size, sha256, content)
            SELECT gen_random_uuid(), request_id, at, team, author, name, media_type, size, sha256, content
            FROM deliverable, generate_series(2, $1)
            """,
            MOST_FILES,
        )
    refused = await browser.post(f"{link}/deliverables", files=upload())
    assert (refused.status_code, refused.json()["code"]) == (409, "too_many_documents")
