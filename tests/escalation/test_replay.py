"""What the national team shows is what was told, also where its clock went back."""

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from itertools import pairwise
from uuid import UUID

import httpx2
import pytest

from services.escalation.handlers import handlers
from services.escalation.settings import Settings
from services.escalation.usecases import due_dates
from shared.clock import new_id
from shared.contracts import intake, qualification
from shared.db import Database
from tests.escalation.life import SAT, Ear, Json, Program, a_decided_dossier, a_request_escalated
from tests.rebuilt import BEHIND, FreshDatabases, Overheard, assert_it_shows_what_was_told, moments_told
from tests.today import today
from tests.wrong_clock import set_clock

SHARES = [
    {"kind": "anct", "financer": "ANCT", "amount_cents": 10_000},
    {"kind": "applicant", "financer": "Commune", "amount_cents": 5_000},
]


async def _is_delivered_and_paid(national: Program, mobilisation: str) -> None:
    await national.post(f"{mobilisation}/acceptance")
    await national.post(f"{mobilisation}/start")
    await national.post(f"{mobilisation}/part-delivery", {"amount_cents": 4_000, "reference": "PV 1"}, status=201)
    await national.post(f"{mobilisation}/payment", {"amount_cents": 3_000}, status=201)
    await national.post(f"{mobilisation}/delivery", {"delivered_cents": 9_000})


async def _is_followed(national: Program, browser: httpx2.AsyncClient, dossier: str, seen: Json) -> None:
    later = {"due_on": today(90), "motive": "Relevés retardés."}
    await national.post(f"{dossier}/milestones/{seen['created']}/postponement", later)
    mobilisation = f"{dossier}/mobilisations/{seen['mobilisations'][0]['id']}"
    await national.post(f"{mobilisation}/invitation", {"email": "contact@atelier.test"}, status=201)
    file = {"document": ("rapport.pdf", b"%PDF-1.7", "application/pdf")}
    sent = await browser.post(f"/api/v1{dossier}/deliverables", files=file, headers=national.headers)
    assert sent.status_code == 201, sent.text


@pytest.mark.usefixtures("envelope")
async def test_a_dossier_is_rebuilt_alike_though_the_clock_went_back_while_it_was_led(
    database: Database,
    settings: Settings,
    browser: httpx2.AsyncClient,
    national: Program,
    secretary: Program,
    database_url: Callable[[str], Awaitable[str]],
    fresh_database: FreshDatabases,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    others = await Database.connect(await database_url("shared"), name="others")
    ear = Ear(database, settings.durations)
    ear.inbox = Overheard(database, handlers(settings.durations), others)
    dossier = new_id()
    came_at = datetime.now(UTC)
    await ear.hears(a_request_escalated(dossier, at=came_at))
    set_clock(monkeypatch, -BEHIND)
    settled_by = (await national.get(f"/escalations/{dossier}"))["due_on"]
    async with database.transaction() as tx:
        at = datetime.fromisoformat(f"{settled_by}T09:00Z")
        assert await due_dates.remind_of_stages(tx, durations=settings.durations, at=at) == 1
    await national.post(f"/escalations/{dossier}/information-request", {"question": "Le foncier ?"})
    await ear.hears(
        qualification.NationalQuestionAnswered(
            request_id=UUID(str(dossier)), departement="95", at=datetime.now(UTC), text="Maîtrisé.", by=SAT
        )
    )
    await a_decided_dossier(national, secretary, str(dossier))
    for action, body in (
        ("mobilisations", {"kind": "external", "resource": "Marché", "amount_cents": 10_000, "lot": "Lot 3"}),
        ("financing", {"total_cents": 15_000, "shares": SHARES}),
        ("accompaniment", {"starts_on": today(-2), "ends_on": today(200)}),
        ("milestones", {"title": "Diagnostic", "due_on": today(60), "deliverable": "Rapport"}),
        ("progress", {"text": "Entretiens faits.", "percent": 40}),
        ("dates", {"starts_on": today(-2), "ends_on": today(220), "motive": "Les relevés sont retardés."}),
        ("completion", {"report": "Le projet est prêt.", "carry_reason": "Le solde reste à payer."}),
    ):
        answer = await national.ask("POST", f"/escalations/{dossier}/{action}", body)
        assert answer.status_code in {200, 201}, answer.text
        if action == "milestones":
            await _is_followed(national, browser, f"/escalations/{dossier}", answer.json())
            async with database.transaction() as tx:
                at = datetime.fromisoformat(f"{today(90)}T09:00Z")  # its last day
                assert await due_dates.remind_of_milestones(tx, durations=settings.durations, at=at) == 1
        if action == "progress":
            about = {"request_id": UUID(str(dossier)), "departement": "95", "at": datetime.now(UTC)}
            await ear.hears(intake.ProgressTold(**about, report_id=new_id(), text="Deux réunions tenues."))
        if action == "mobilisations":
            await _is_delivered_and_paid(national, f"/escalations/{dossier}/mobilisations/{answer.json()['created']}")
    told = await moments_told(database)
    assert len(told) == 24
    assert all(before < after for before, after in pairwise([came_at, *told]))
    await assert_it_shows_what_was_told(
        "escalation", {"escalation": database, "others": others}, fresh_database, rows=39
    )
    await others.close()
