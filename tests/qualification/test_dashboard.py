"""The département's figures: what came, what waits, how long it took, what was answered locally."""

import re
from collections.abc import Awaitable, Callable
from html import unescape
from typing import Any

import pytest

from shared.contracts import intake
from shared.db import Database
from shared.identity.model import Agent
from shared.messaging.inbox.inbox import Inbox
from tests.qualification.acting import ESCALATION, ORIENTATION, answered, done, qualified
from tests.qualification.conftest import Browser, Program
from tests.qualification.life import Life, long_ago

SUPPORT: dict[str, Any] = {
    "outcome": "local_support",
    "motive": "Utile.",
    "support_types": ["ingenierie_projet"],
    "amount_cents": 10_000,
}


@pytest.fixture
async def lives(inbox: Inbox, sat: Program, delegate: Program) -> list[Life]:
    """Five requests of this year: one answered by a provider, one by the envelope, one escalated, two that wait."""
    found = [Life(inbox) for _ in range(5)]
    for place, life in enumerate(found):
        await life.submitted(number=f"95-2026-{place:06d}")
    for life, outcome in zip(found, (ORIENTATION, SUPPORT, ESCALATION), strict=False):
        await answered(sat, delegate, life, outcome)
    await qualified(sat, found[3])
    return found


@pytest.mark.usefixtures("lives")
async def test_what_came_and_what_was_answered_locally_are_counted(sat: Program) -> None:
    shown = (await sat.get("/dashboard")).json()
    assert shown["total"] == {"cases": 5, "answered": 3, "local": 2}
    assert shown["outcomes"] == {"oriented_locally": 1, "supported_locally": 1, "escalated": 1}
    assert [month["cases"] for month in shown["inflow"]] == [0] * 11 + [5]
    assert shown["fields"] == [{"field": "revitalisation_commerciale", "cases": 5, "answered": 3, "local": 2}]
    (territory,) = shown["territories"]
    assert territory["code"] == "200035970"
    assert territory["name"], "an intercommunalité is named from the official list"


@pytest.mark.usefixtures("lives")
async def test_each_stage_has_its_median_and_its_ninetieth_percentile(sat: Program, database: Database) -> None:
    async with database.transaction() as tx:
        await tx.execute("UPDATE case_file SET opened_at = opened_at - interval '4 days'")
    delays = {delay["stage"]: delay for delay in (await sat.get("/dashboard")).json()["delays"]}
    assert set(delays) == {"start_examination", "qualify"}
    assert delays["start_examination"]["cases"] == 4
    assert delays["qualify"]["cases"] == 3
    assert 4 <= delays["start_examination"]["median_days"] <= delays["start_examination"]["p90_days"] < 4.1


async def test_what_waits_is_counted_by_state_and_age_whenever_it_came(
    sat: Program, inbox: Inbox, lives: list[Life]
) -> None:
    old = Life(inbox)
    await old.submitted(number="95-2026-000099", at=long_ago(120))
    await done(sat, lives[4], "messages", {"text": "Bonjour."})
    shown = (await sat.get("/dashboard", params={"months": 3})).json()
    stock = {each["state"]: each["ages"] for each in shown["stock"]}
    assert stock["registered"] == [1, 0, 0, 1]
    assert stock["under_examination"] == [1, 0, 0, 0]
    assert shown["total"]["cases"] == 5, "it came before the three months"


async def test_what_was_withdrawn_waits_no_longer_and_is_no_answer(sat: Program, lives: list[Life]) -> None:
    await lives[4].tell(intake.RequestWithdrawn(**lives[4].about(), motive="Le projet est reporté."))
    shown = (await sat.get("/dashboard")).json()
    assert shown["total"]["answered"] == 3
    assert sum(sum(each["ages"]) for each in shown["stock"]) == 1


@pytest.mark.usefixtures("lives")
async def test_what_is_left_of_the_envelope_is_told_of_ones_own_departements(sat: Program, neighbour: Program) -> None:
    shown = (await sat.get("/dashboard")).json()["envelope"]
    assert shown["amount_cents"] == 5_000_000
    assert shown["committed_cents"] == 10_000
    shown = (await neighbour.get("/dashboard")).json()["envelope"]
    assert shown["committed_cents"] == 0
    assert (await neighbour.get("/dashboard", params={"departement": "95"})).json()["envelope"] is None


@pytest.mark.usefixtures("lives")
async def test_another_departement_counts_nothing_of_it(neighbour: Program) -> None:
    for asked in ({}, {"departement": "95"}):
        shown = (await neighbour.get("/dashboard", params=asked)).json()
        assert shown["total"]["cases"] == 0
        assert sum(sum(each["ages"]) for each in shown["stock"]) == 0
        assert shown["fields"] == shown["territories"] == shown["delays"] == []


async def test_impossible_periods_are_refused(sat: Program) -> None:
    for months in ("0", "121", "douze"):
        assert (await sat.get("/dashboard", params={"months": months})).status_code == 400


@pytest.mark.usefixtures("lives")
async def test_the_page_says_in_sentences_and_tables_what_it_draws(
    browser: Callable[[Agent], Awaitable[Browser]], sat: Program
) -> None:
    page = await (await browser(sat.agent)).get("/tableau-de-bord")
    assert page.status_code == 200
    text = re.sub(r"\s+", " ", unescape(re.sub(r"<[^>]+>", " ", page.text)))
    assert "5 demandes sur la période" in text
    assert "67 % des réponses sont locales" in text
    assert "2 demandes sans réponse aujourd’hui, dont 0 depuis plus de 30 jours" in text
    assert re.search(r"Reste sur l’enveloppe \d{4} 49 900 € sur 50 000 €", text)
    assert page.text.count('<svg class="chart-bars"') == 4
    assert page.text.count("Voir les chiffres en tableau") == 4


async def test_an_empty_departement_is_told_that_figures_will_come(
    browser: Callable[[Agent], Awaitable[Browser]], sat: Program
) -> None:
    page = await (await browser(sat.agent)).get("/tableau-de-bord")
    assert page.status_code == 200
    assert "Les chiffres apparaîtront" in page.text
