"""The département sees what its own applicants say of the result, beside what it answered and paid."""

from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from shared.clock import new_id
from shared.contracts import escalation, intake
from shared.contracts.vocabulary import CommitteeOutcome, EvaluationRound, Field
from shared.identity.model import Agent
from shared.messaging.inbox.inbox import Inbox
from tests.qualification.acting import ESCALATION, ORIENTATION, answered
from tests.qualification.conftest import Browser, Program
from tests.qualification.life import NATIONAL, Life, a_request
from tests.qualification.test_dashboard import SUPPORT


def said(life: Life, satisfaction: int, asked: EvaluationRound = EvaluationRound.COMPLETION) -> Any:
    request = a_request()
    return intake.EvaluationSubmitted(
        **life.about(),
        number=request.number,
        applicant=request.applicant,
        fields=request.fields,
        need_met=4,
        progress=3,
        satisfaction=satisfaction,
        comment="L’étude est utilisée chaque semaine.",
        round=asked,
    )


@pytest.fixture
async def lives(inbox: Inbox, sat: Program, delegate: Program) -> list[Life]:
    """One request answered by a provider, one on the envelope (evaluated twice), one by the committee."""
    found = [Life(inbox) for _ in range(3)]
    outcomes: list[dict[str, Any]] = [ORIENTATION, SUPPORT, ESCALATION]
    for place, (life, outcome) in enumerate(zip(found, outcomes, strict=True)):
        await life.submitted(number=f"95-2026-{place:06d}")
        await answered(sat, delegate, life, outcome)
    local, paid, national = found
    await national.tell(
        escalation.DecisionMade(
            **national.about(),
            decision=escalation.Decision(
                id=new_id(),
                session_id=new_id(),
                number="CSP-2026-0001",
                outcome=CommitteeOutcome.GRANTED,
                motive="Projet structurant.",
                decided_on=national.about()["at"].date(),
                signed_by=NATIONAL,
            ),
        )
    )
    for life, satisfaction in ((local, 5), (paid, 3), (national, 1)):
        await life.tell(said(life, satisfaction))
    await paid.tell(said(paid, 4, EvaluationRound.SIX_MONTHS))
    return found


@pytest.mark.usefixtures("lives")
async def test_each_answer_stands_beside_what_was_answered_and_paid(sat: Program) -> None:
    shown = (await sat.get("/evaluations")).json()
    assert shown["total"] == 4
    by_answer = {(item["answer"], item["round"]): item for item in shown["items"]}
    assert by_answer["oriented_locally", "completion"]["provider"] == "CAUE du Val-d’Oise"
    assert by_answer["supported_locally", "six_months"]["cost_cents"] == SUPPORT["amount_cents"]
    assert "Projet structurant." in by_answer["escalated", "completion"]["decision"]
    assert by_answer["escalated", "completion"]["cost_cents"] is None


@pytest.mark.usefixtures("lives")
async def test_results_are_compared_by_answer_territory_field_provider_and_round(sat: Program) -> None:
    async def by(dimension: str, **narrowed: str) -> dict[str, tuple[int, float, int]]:
        groups = (await sat.get("/evaluations/results", params={"by": dimension, **narrowed})).json()
        return {group["name"]: (group["count"], group["satisfaction"], group["cost_cents"]) for group in groups}

    paid = SUPPORT["amount_cents"]
    assert await by("answer") == {
        "Soutenue par le département": (2, 3.5, paid),
        "Transmise à l’équipe nationale": (1, 1.0, 0),
        "Orientée vers un acteur local": (1, 5.0, 0),
    }
    assert await by("provider") == {"CAUE du Val-d’Oise": (1, 5.0, 0)}
    assert await by("round", round="six_months") == {"Six mois après": (1, 4.0, paid)}
    assert list((await by("territory")).values()) == [(4, 3.25, paid)]
    assert list((await by("field", field=Field.REVITALISATION_COMMERCIALE)).values()) == [(4, 3.25, paid)]
    assert await by("field", field=Field.NUMERIQUE) == {}
    assert await by("programme") == {}
    assert (await sat.get("/evaluations/results", params={"by": "nothing"})).status_code == 400


@pytest.mark.usefixtures("lives")
async def test_another_departement_sees_none_of_them(neighbour: Program) -> None:
    assert (await neighbour.get("/evaluations")).json()["total"] == 0
    assert (await neighbour.get("/evaluations", params={"departement": "95"})).json()["total"] == 0
    assert (await neighbour.get("/evaluations/results", params={"by": "answer"})).json() == []


@pytest.mark.usefixtures("lives")
async def test_the_page_compares_and_lists_them(browser: Callable[[Agent], Awaitable[Browser]], sat: Program) -> None:
    page = (await (await browser(sat.agent)).get("/tableau-de-bord/evaluations?compare=provider")).text
    assert "Résultats par acteur local" in page
    assert "L’étude est utilisée chaque semaine." in page
    assert "4\u00a0avis" in page


async def test_the_page_says_what_will_come_while_there_are_none(
    browser: Callable[[Agent], Awaitable[Browser]], sat: Program
) -> None:
    assert "Leurs avis apparaîtront ici" in (await (await browser(sat.agent)).get("/tableau-de-bord/evaluations")).text
