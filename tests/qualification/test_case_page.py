"""What the page of a case says at each stage: who is awaited, what is left to spend, where things are."""

from collections.abc import Awaitable, Callable
from datetime import date
from uuid import UUID, uuid4

import pytest

from shared.contracts import escalation
from shared.contracts.vocabulary import CommitteeOutcome, Programme
from shared.identity.model import Agent
from tests.qualification.acting import CAUE, ESCALATION, ORIENTATION, answered, done, proposed
from tests.qualification.conftest import LINKS, Browser, Program
from tests.qualification.life import NATIONAL, Life

SignIn = Callable[[Agent], Awaitable[Browser]]
DAY = date(2026, 12, 1)


@pytest.fixture
async def agent(browser: SignIn, sat: Program) -> Browser:
    """The SAT agent in front of the pages."""
    return await browser(sat.agent)


async def seen(who: Browser, life: Life) -> str:
    """Open the page of the case."""
    page = await who.get(f"/demandes/{life.request_id}")
    assert page.status_code == 200
    return page.text


def decision(outcome: CommitteeOutcome, **changes: str) -> escalation.Decision:
    """What the committee decided."""
    return escalation.Decision(
        id=uuid4(),
        number="2026-001",
        outcome=outcome,
        motive="Au vu du dossier.",
        decided_on=DAY,
        session_id=uuid4(),
        signed_by=NATIONAL,
        **changes,
    )


async def test_after_an_escalation_the_page_says_what_the_national_team_does_now(
    agent: Browser, sat: Program, delegate: Program, life: Life
) -> None:
    await answered(sat, delegate, life, ESCALATION)
    assert "L’équipe nationale examine la demande" in await seen(agent, life)
    await life.tell(escalation.DecisionMade(**life.about(), decision=decision(CommitteeOutcome.DEFERRED)))
    assert "L’équipe nationale examine la demande" in await seen(agent, life)
    await life.tell(escalation.DecisionMade(**life.about(), decision=decision(CommitteeOutcome.GRANTED)))
    page = await seen(agent, life)
    assert "L’équipe nationale met la décision en œuvre" in page
    assert "L’équipe nationale examine la demande" not in page
    await life.tell(escalation.AccompanimentStarted(**life.about(), starts_on=DAY, ends_on=DAY, by=NATIONAL))
    assert "L’accompagnement se déroule" in await seen(agent, life)
    await life.tell(escalation.AccompanimentCompleted(**life.about(), report="Fait.", by=NATIONAL))
    assert "L’accompagnement se déroule" not in await seen(agent, life)


async def test_after_a_refusal_of_the_committee_nobody_is_awaited_until_it_is_corrected(
    agent: Browser, sat: Program, delegate: Program, life: Life
) -> None:
    await answered(sat, delegate, life, ESCALATION)
    await life.tell(escalation.DecisionMade(**life.about(), decision=decision(CommitteeOutcome.REFUSED)))
    page = await seen(agent, life)
    assert "examine la demande" not in page
    assert "met la décision en œuvre" not in page
    corrected = decision(CommitteeOutcome.GRANTED, corrects="2026-001")
    await life.tell(escalation.DecisionCorrected(**life.about(), decision=corrected, under_way=False))
    assert "L’équipe nationale met la décision en œuvre" in await seen(agent, life)


async def test_a_request_of_a_programme_is_followed_from_the_departement(
    agent: Browser, sat: Program, delegate: Program, life: Life
) -> None:
    await answered(
        sat, delegate, life, {"outcome": "programme", "motive": "Il la couvre.", "programme": "france_services"}
    )
    assert "L’équipe du programme prend connaissance de la demande" in await seen(agent, life)
    await life.tell(
        escalation.ProgrammeRequestTakenUp(
            **life.about(), programme=Programme.FRANCE_SERVICES, interlocutor="Équipe France services", by=NATIONAL
        )
    )
    assert "L’équipe du programme accompagne la collectivité" in await seen(agent, life)


async def test_the_page_leads_to_its_parts_and_says_what_is_in_them(agent: Browser, sat: Program, life: Life) -> None:
    await done(sat, life, "messages", {"text": "Bonjour."})
    page = await seen(agent, life)
    for place, said in (
        ("messages", "Messages (1)"),
        ("notes", "Notes internes (0)"),
        ("acteurs", "Acteurs locaux"),
    ):
        assert f'href="#{place}">{said}' in page
        assert f'id="{place}"' in page
    assert 'href="mailto:mairie@magny.test"' in page
    assert 'href="tel:0100000000"' in page


async def test_providers_are_suggested_only_while_an_answer_is_looked_for(
    agent: Browser, sat: Program, delegate: Program, life: Life
) -> None:
    assert "Acteurs locaux qui peuvent aider" in await seen(agent, life)
    await answered(sat, delegate, life, {"outcome": "refusal", "motive": "Hors du champ."})
    assert "Acteurs locaux qui peuvent aider" not in await seen(agent, life)


async def test_who_validates_a_support_reads_what_is_left_of_the_envelope(
    browser: SignIn, sat: Program, delegate: Program, life: Life
) -> None:
    support = {
        "outcome": "local_support",
        "motive": "Utile.",
        "support_types": ["ingenierie_projet"],
        "amount_cents": 5_000_001,
    }
    await proposed(sat, life, support)
    page = await seen(await browser(delegate.agent), life)
    assert "Reste sur l’enveloppe de l’année" in page
    assert "L’enveloppe de l’année ne suffit pas" in page
    refused = await delegate.post(f"/cases/{life.request_id}/validation")
    assert refused.status_code == 409
    assert refused.json()["code"] == "envelope_exceeded"


async def test_once_a_provider_accepted_the_page_says_that_it_helps(
    agent: Browser, visitor: Browser, sat: Program, delegate: Program, life: Life
) -> None:
    shown = await answered(sat, delegate, life, ORIENTATION)
    assert "L’acteur local répond" in await seen(agent, life)
    link = f"/orientations/{LINKS.token(UUID(shown['orientations'][0]['id']))}"
    await visitor.send(link, f"{link}/acceptation")
    page = await seen(agent, life)
    assert "L’acteur local prend contact avec la collectivité" in page
    assert "L’acteur local répond" not in page


async def test_the_page_of_a_provider_lists_what_it_was_asked_and_what_it_answered(
    agent: Browser, browser: SignIn, neighbour: Program, visitor: Browser, sat: Program, delegate: Program, life: Life
) -> None:
    assert "Aucune demande ne lui a encore été confiée." in (await agent.get(f"/annuaire/{CAUE.id}")).text
    shown = await answered(sat, delegate, life, ORIENTATION)
    page = (await agent.get(f"/annuaire/{CAUE.id}")).text
    assert f'href="/demandes/{life.request_id}"' in page
    assert "Réponse attendue" in page
    link = f"/orientations/{LINKS.token(UUID(shown['orientations'][0]['id']))}"
    await visitor.send(link, f"{link}/refus", motive="Plan de charge complet.")
    page = (await agent.get(f"/annuaire/{CAUE.id}")).text
    assert "Plan de charge complet." in page
    assert "Déclinée" in page
    (told,) = (await sat.get(f"/providers/{CAUE.id}/orientations")).json()["items"]
    assert (told["state"], told["answer"]) == ("declined", "Plan de charge complet.")
    assert (await neighbour.get(f"/providers/{CAUE.id}/orientations")).status_code == 404
    assert (await (await browser(neighbour.agent)).get(f"/annuaire/{CAUE.id}")).status_code == 404
