"""The queue as an agent works with it: whose turn it is, what the national team asks, who wrote, and the filters."""

from collections.abc import Awaitable, Callable
from datetime import timedelta

import pytest

from shared.calendar import today
from shared.clock import new_id, now
from shared.contracts import escalation, intake
from shared.contracts.vocabulary import Field, RequestKind
from shared.db import Database
from shared.identity.model import Agent, Role
from shared.messaging.inbox.inbox import Inbox
from tests.qualification.acting import ESCALATION, ORIENTATION, answered, done
from tests.qualification.conftest import Browser, Program, Programs
from tests.qualification.life import NATIONAL, Life, names

SignIn = Callable[[Agent], Awaitable[Browser]]


async def asked(life: Life, *, days: int = 5) -> None:
    """The national team asks something, to be answered so many days from now."""
    until = today("95", now()) + timedelta(days=days)
    await life.tell(
        escalation.InformationRequested(**life.about(), question="Quel calendrier ?", until=until, by=NATIONAL)
    )


async def titles(sat: Program, query: str = "") -> list[str]:
    """List the queue by its titles."""
    answer = await sat.get(f"/cases{query}")
    assert answer.status_code == 200, answer.text
    return names(answer.json()["items"], "title")


async def test_what_waits_for_the_service_comes_before_what_waits_for_others(
    sat: Program, delegate: Program, life: Life, inbox: Inbox
) -> None:
    await answered(sat, delegate, life, ORIENTATION)
    await Life(inbox).submitted(number="95-2026-000002", title="Vient d’arriver")
    assert await titles(sat) == ["Vient d’arriver", "Redonner vie au centre-bourg"]


async def test_what_is_late_comes_first_then_whom_nobody_answered_and_the_urgent_before_the_others(
    sat: Program, delegate: Program, life: Life, inbox: Inbox, database: Database
) -> None:
    over, theirs, silent, ours, urgent, late, late_and_urgent = others = [Life(inbox) for _ in range(7)]
    titles_of = ("Fini", "Chez d’autres", "Sans réponse", "À instruire", "Urgent", "En retard", "En retard et urgent")
    for n, (other, title) in enumerate(zip(others, titles_of, strict=True), start=2):
        await other.submitted(number=f"95-2026-{n:06}", title=title)
    await answered(sat, delegate, over, {"outcome": "refusal", "motive": "Hors du champ."})
    await answered(sat, delegate, theirs, ORIENTATION)
    await done(sat, silent, "examination")
    await done(sat, silent, "information-request", {"items": ["Un plan"]})
    await answered(sat, delegate, life, ESCALATION)
    await asked(life, days=-3)
    async with database.transaction() as tx:
        await tx.execute(
            "UPDATE case_file SET answer_until = current_date - 9 WHERE request_id = $1", silent.request_id
        )
        for case, days, urgency in ((ours, 9, 1), (urgent, 20, 4), (late, -9, 1), (late_and_urgent, -2, 4)):
            await tx.execute(
                "UPDATE case_file SET due_on = current_date + $2::integer,"
                " qualification = jsonb_build_object('urgency', $3::integer) WHERE request_id = $1",
                case.request_id,
                days,
                urgency,
            )
    whole = await titles(sat)
    assert whole == [
        "En retard et urgent",
        "Redonner vie au centre-bourg",
        "En retard",
        "Sans réponse",
        "Urgent",
        "À instruire",
        "Chez d’autres",
        "Fini",
    ]
    assert await titles(sat, "?overdue=true") == whole[:3]
    for size in (1, 3, 5):
        pages = [await titles(sat, f"?per_page={size}&page={n}") for n in range(1, 10)]
        assert [title for page in pages for title in page] == whole
    assert await titles(sat, "?sort=urgency") != whole
    assert await titles(sat, "?q=e&per_page=4") == [title for title in whole if title != "Fini"][:4]


async def test_pages_follow_each_other_from_what_is_under_way_to_what_is_over(
    sat: Program, delegate: Program, life: Life, inbox: Inbox
) -> None:
    others = [Life(inbox) for _ in range(4)]
    for n, other in enumerate(others, start=2):
        await other.submitted(number=f"95-2026-00000{n}", title=f"Projet {n}")
    for over in (life, others[1]):
        await answered(sat, delegate, over, {"outcome": "refusal", "motive": "Hors du champ."})
    whole = await titles(sat)
    assert whole == ["Projet 2", "Projet 4", "Projet 5", "Redonner vie au centre-bourg", "Projet 3"]
    for size in (1, 2, 3):
        pages = [await titles(sat, f"?per_page={size}&page={n}") for n in range(1, 7)]
        assert [title for page in pages for title in page] == whole
        assert all(len(page) == size for page in pages[: 5 // size])


@pytest.mark.usefixtures("life")
async def test_a_search_takes_what_was_typed_as_it_is(sat: Program, inbox: Inbox) -> None:
    await Life(inbox).submitted(number="95-2026-000002", title="100 % solaire")
    assert await titles(sat, "?q=SOLAIRE") == ["100 % solaire"]
    assert await titles(sat, "?q=centre+bourg") == ["Redonner vie au centre-bourg"]
    for nothing in ("%25", "_", "%5C", "sol_ire", "sol%25"):
        assert "Redonner vie au centre-bourg" not in await titles(sat, f"?q={nothing}")
    assert await titles(sat, "?q=sol_ire") == []


@pytest.mark.usefixtures("life")
async def test_a_search_finds_any_part_of_what_was_filed_however_short_and_wherever_one_may_look(
    sat: Program, neighbour: Program, program: Programs, inbox: Inbox
) -> None:
    await Life(inbox).submitted(number="95-2026-000002", title="Été")
    everywhere = await program("audit", Role.AUDITOR)
    both = await program("interdepartemental", Role.SAT_AGENT, "78", "95")
    for who in (sat, both, everywhere):
        for part in ("Été", "é", "té", "2026-000002", "2 été", "été ma"):
            assert "Été" in await titles(who, f"?q={part}"), (who.agent.name, part)
        assert await titles(who, "?q=ntre-bou") == ["Redonner vie au centre-bourg"]
        assert await titles(who, "?q=étés") == []
        assert await titles(who, "?q=été&departement=95") == ["Été"]
    assert await titles(neighbour, "?q=été") == []
    assert await titles(neighbour, "?q=été&departement=95") == []


async def test_a_question_of_the_national_team_is_seen_in_the_queue_until_it_is_answered(
    sat: Program, delegate: Program, life: Life, inbox: Inbox, browser: SignIn
) -> None:
    await answered(sat, delegate, life, ESCALATION)
    await Life(inbox).submitted(number="95-2026-000002", title="Vient d’arriver")
    assert await titles(sat, "?question=true") == []
    await asked(life)
    assert await titles(sat) == ["Redonner vie au centre-bourg", "Vient d’arriver"]
    assert await titles(sat, "?question=true") == ["Redonner vie au centre-bourg"]
    page = (await (await browser(sat.agent)).get("/?question=true")).text
    assert "Questions de l’équipe nationale (1)" in page
    assert "Question à laquelle répondre" in page
    assert "Dans 5\u00a0jours" in page
    await done(sat, life, "answer", {"text": "En mars."})
    assert await titles(sat, "?question=true") == []


async def test_a_question_that_stays_unanswered_past_its_day_is_late(
    sat: Program, delegate: Program, life: Life
) -> None:
    await answered(sat, delegate, life, ESCALATION)
    await asked(life, days=-3)
    assert await titles(sat, "?overdue=true") == ["Redonner vie au centre-bourg"]
    assert (await sat.get(f"/cases/{life.request_id}")).json()["overdue"] is True


async def test_an_applicant_who_does_not_answer_in_time_gives_the_turn_back(
    sat: Program, life: Life, inbox: Inbox, browser: SignIn, database: Database
) -> None:
    await done(sat, life, "examination")
    await done(sat, life, "information-request", {"items": ["Un plan"]})
    await Life(inbox).submitted(number="95-2026-000002", title="Vient d’arriver")
    assert await titles(sat) == ["Vient d’arriver", "Redonner vie au centre-bourg"]
    async with database.transaction() as tx:
        await tx.execute("UPDATE case_file SET answer_until = current_date - 9 WHERE state = 'awaiting_information'")
        await tx.execute("UPDATE case_file SET due_on = due_on + 90 WHERE state = 'registered'")
    assert await titles(sat) == ["Redonner vie au centre-bourg", "Vient d’arriver"]
    page = await browser(sat.agent)
    assert "Pas de réponse du demandeur" in (await page.get("/")).text
    assert "Le demandeur n’a pas répondu à temps" in (await page.get(f"/demandes/{life.request_id}")).text


async def test_the_applicant_is_given_a_year_at_most(sat: Program, life: Life) -> None:
    await done(sat, life, "examination")
    wanted = {"items": ["Un plan"], "until": "2099-12-31"}
    answer = await sat.post(f"/cases/{life.request_id}/information-request", wanted)
    assert answer.status_code == 400
    assert answer.json()["errors"][0]["message"] == "Choisissez une date dans les douze mois qui viennent."


async def test_the_queue_says_that_the_applicant_wrote_last(sat: Program, life: Life, browser: SignIn) -> None:
    page = await browser(sat.agent)
    assert "Message du demandeur" not in (await page.get("/")).text
    await life.tell(intake.MessagePosted(**life.about(), message_id=new_id(), text="Avez-vous bien reçu ?"))
    assert "Message du demandeur" in (await page.get("/")).text
    await done(sat, life, "messages", {"text": "Oui, merci."})
    assert "Message du demandeur" not in (await page.get("/")).text


@pytest.mark.usefixtures("life")
async def test_the_queue_is_filtered_by_kind_field_and_colleague(
    sat: Program, delegate: Program, inbox: Inbox, browser: SignIn
) -> None:
    other = Life(inbox)
    await other.submitted(
        number="95-2026-000002",
        title="Le projet du Vexin",
        kind=RequestKind.TERRITORIAL_PROJECT,
        fields=(Field.CONCERTATION,),
        support_types=(),
    )
    await done(sat, other, "assignment", {"email": delegate.agent.email})
    assert await titles(sat, "?kind=territorial_project") == ["Le projet du Vexin"]
    assert await titles(sat, "?field=concertation") == ["Le projet du Vexin"]
    assert await titles(sat, "?field=habitat") == []
    assert await titles(sat, f"?assignee={delegate.agent.email}") == ["Le projet du Vexin"]
    page = (await (await browser(sat.agent)).get("/?state=registered")).text
    assert f'<option value="{delegate.agent.email}">' in page
    assert '<a class="tag" href="/?state=registered" aria-current="true">' in page


async def test_a_filter_that_no_list_has_is_refused_with_the_known_ones(sat: Program) -> None:
    answer = await sat.get("/cases?kind=autre&field=rien&question=peut-être")
    assert answer.status_code == 400
    assert names(answer.json()["errors"], "field") == ["kind", "field", "question"]
    assert "territorial_project" in answer.json()["errors"][0]["message"]


async def test_the_departement_answers_the_applicant_after_it_refused_or_directed_the_request(
    sat: Program, delegate: Program, life: Life, inbox: Inbox
) -> None:
    other = Life(inbox)
    await other.submitted(number="95-2026-000002")
    await answered(sat, delegate, life, {"outcome": "refusal", "motive": "Hors du champ."})
    await answered(
        sat, delegate, other, {"outcome": "programme", "motive": "Il la couvre.", "programme": "france_services"}
    )
    for each in (life, other):
        shown = await done(sat, each, "messages", {"text": "Nous restons à votre écoute."})
        assert shown["messages"][-1]["text"] == "Nous restons à votre écoute."
