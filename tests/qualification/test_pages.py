"""What agents and providers see and send: pages in French, forms that keep what was typed, nothing done twice."""

from collections.abc import Awaitable, Callable
from datetime import timedelta
from uuid import UUID, uuid4

import pytest

from shared.contracts import escalation, intake
from shared.db import Database
from shared.identity.model import Agent
from shared.messaging.inbox.inbox import Inbox
from tests.qualification.acting import CAUE, ESCALATION, ORIENTATION, answered, done, proposed, qualified, told
from tests.qualification.conftest import LINKS, Browser, Program, within
from tests.qualification.life import NATIONAL, Life
from tests.wrong_clock import set_clock

SignIn = Callable[[Agent], Awaitable[Browser]]


@pytest.fixture
async def agent(browser: SignIn, sat: Program) -> Browser:
    """The SAT agent in front of the pages."""
    return await browser(sat.agent)


@pytest.fixture
async def chief(browser: SignIn, delegate: Program) -> Browser:
    """The délégué in front of the pages."""
    return await browser(delegate.agent)


def page_of(life: Life) -> str:
    """The address of a case."""
    return f"/demandes/{life.request_id}"


async def test_the_queue_shows_the_cases_and_how_many_are_in_each_state(agent: Browser, life: Life) -> None:
    page = await agent.get("/")
    assert page.status_code == 200
    assert "Redonner vie au centre-bourg" in page.text
    assert "Enregistrée (1)" in page.text
    assert f'href="{page_of(life)}"' in page.text


async def test_an_empty_queue_says_what_will_come_here(agent: Browser) -> None:
    assert "Les demandes des collectivités arrivent ici" in (await agent.get("/")).text


async def test_the_filters_stay_in_the_address_of_the_case(agent: Browser, life: Life) -> None:
    page = await agent.get("/?state=registered&q=magny")
    assert f'href="{page_of(life)}?state=registered&amp;q=magny"' in page.text
    case = await agent.get(f"{page_of(life)}?state=registered&q=magny")
    assert 'href="/?state=registered&amp;q=magny"' in case.text


async def test_people_who_are_not_signed_in_are_sent_to_sign_in(visitor: Browser, life: Life) -> None:
    answer = await visitor.get(page_of(life))
    assert answer.status_code == 303
    assert answer.headers["location"].startswith("/connexion")


async def test_a_case_of_another_departement_has_no_page(browser: SignIn, neighbour: Program, life: Life) -> None:
    other = await browser(neighbour.agent)
    assert (await other.get(page_of(life))).status_code == 404


async def test_the_case_says_who_where_what_since_when_and_until_when(agent: Browser, life: Life) -> None:
    page = (await agent.get(page_of(life))).text
    for said in ("Magny-en-Vexin", "95-2026-000001", "Enregistrée", "Cabinet de la mairie", "Commencer l’examen"):
        assert said in page
    assert "Valider cette réponse" not in page


async def test_a_double_click_begins_the_examination_once(agent: Browser, life: Life, database: Database) -> None:
    filled = await agent.filled(page_of(life))
    for _ in range(2):
        answer = await agent.send_again(filled, f"{page_of(life)}/examen")
        assert answer.status_code == 303
        assert answer.headers["location"] == page_of(life)
    assert (await told(database, life)).count("examination_started") == 1
    assert "L’examen est en cours" in (await agent.get(page_of(life))).text


async def test_an_illegal_move_is_said_on_the_page(agent: Browser, sat: Program, life: Life) -> None:
    filled = await agent.filled(page_of(life))
    await done(sat, life, "examination")
    answer = await agent.send_again(filled, f"{page_of(life)}/examen")
    assert answer.status_code == 409
    assert "pas possible à ce stade" in answer.text
    assert "Qualifier le besoin" in answer.text


async def test_what_was_typed_is_kept_when_it_is_refused(agent: Browser, sat: Program, life: Life) -> None:
    await done(sat, life, "examination")
    typed = {"informations.items": "Un plan de financement", "informations.until": "2020-01-01"}
    answer = await agent.send(page_of(life), f"{page_of(life)}/informations", **typed)
    assert answer.status_code == 400
    assert ">\nUn plan de financement</textarea>" in answer.text
    assert "Choisissez une date à venir." in answer.text


async def test_messages_and_notes_are_written_on_the_page(agent: Browser, life: Life) -> None:
    await agent.send(page_of(life), f"{page_of(life)}/messages", **{"messages.text": "Bonjour <b>Madame</b>"})
    await agent.send(page_of(life), f"{page_of(life)}/notes", **{"notes.text": "À voir avec le sous-préfet"})
    page = (await agent.get(page_of(life))).text
    assert "Bonjour &lt;b&gt;Madame&lt;/b&gt;" in page
    assert "À voir avec le sous-préfet" in page
    empty = await agent.send(page_of(life), f"{page_of(life)}/messages", **{"messages.text": "  "})
    assert empty.status_code == 400


async def test_a_case_is_taken_and_given(agent: Browser, life: Life) -> None:
    await agent.send(page_of(life), f"{page_of(life)}/affectation", email="sat95@cousu.test")
    assert 'value="sat95@cousu.test"' not in (await agent.get(page_of(life))).text
    wrong = await agent.send(page_of(life), f"{page_of(life)}/affectation", email="personne@cousu.test")
    assert wrong.status_code == 400
    assert "Aucun agent de ce département" in wrong.text


async def test_the_whole_way_to_an_answer_goes_by_the_pages(agent: Browser, chief: Browser, life: Life) -> None:
    here = page_of(life)
    await agent.send(here, f"{here}/examen")
    marks = dict.fromkeys(("need", "capacity", "complexity", "urgency", "maturity"), "3")
    incomplete = await agent.send(f"{here}/qualification", f"{here}/qualification", **marks, opinion="Projet mûr.")
    assert incomplete.status_code == 400
    assert "Projet mûr." in incomplete.text
    answer = await agent.send(
        f"{here}/qualification", f"{here}/qualification", **marks, opinion="Projet mûr.", local_offer="sufficient"
    )
    assert answer.status_code == 303, answer.text
    proposal = f"{here}/proposition/local_orientation"
    assert "CAUE du Val-d’Oise" in (await agent.get(proposal)).text
    answer = await agent.send(proposal, proposal, provider_id=str(CAUE.id), motive="Le CAUE connaît la commune.")
    assert answer.status_code == 303, answer.text
    listed = (await chief.get("/a-valider")).text
    assert "Orientation vers un acteur local" in listed
    assert "sat95" in listed
    answer = await chief.send(here, f"{here}/validation")
    assert answer.status_code == 303, answer.text
    assert "Orientée vers un acteur local" in (await chief.get(here)).text


async def test_every_outcome_has_its_page(agent: Browser, sat: Program, life: Life) -> None:
    await qualified(sat, life)
    for outcome in ("local_orientation", "local_support", "programme", "escalation", "refusal", "transfer"):
        page = await agent.get(f"{page_of(life)}/proposition/{outcome}")
        assert page.status_code == 200, outcome
        assert "Proposer cette réponse" in page.text
    assert (await agent.get(f"{page_of(life)}/proposition/victory")).status_code == 404


async def test_an_escalation_is_proposed_by_the_page_with_its_evidence(
    agent: Browser, sat: Program, life: Life
) -> None:
    await qualified(sat, life)
    page = f"{page_of(life)}/proposition/escalation"
    fields = {"motive": "Trop complexe.", "motive_code": "local_offer_insufficient", "opinion": "Favorable."}
    refused = await agent.send(page, page, **fields)
    assert refused.status_code == 400
    assert "au moins un acteur local" in refused.text
    half = await agent.send(page, page, **fields, **{"providers_tried.0.answer": "Non."})
    assert half.status_code == 400
    tried = {"providers_tried.1.provider_id": str(CAUE.id), "providers_tried.1.answer": "Pas avant l’été."}
    answer = await agent.send(page, page, **fields, **tried)
    assert answer.status_code == 303, answer.text
    assert "Pas avant l’été." in (await agent.get(page_of(life))).text


async def test_an_amount_is_typed_in_euros(agent: Browser, sat: Program, life: Life) -> None:
    await qualified(sat, life)
    page = f"{page_of(life)}/proposition/local_support"
    wrong = await agent.send(page, page, motive="Étude.", support_types="amo_publique")
    assert "Indiquez le montant du soutien." in wrong.text
    answer = await agent.send(page, page, motive="Étude.", support_types="amo_publique", amount_cents="25 000,50 €")
    assert answer.status_code == 303, answer.text
    assert (await sat.get(f"/cases/{life.request_id}")).json()["proposal"]["amount_cents"] == 2_500_050


async def test_the_proposer_is_told_that_somebody_else_validates(
    chief: Browser, delegate: Program, sat: Program, life: Life
) -> None:
    await qualified(sat, life)
    await done(delegate, life, "proposal", ORIENTATION)
    page = await chief.get(page_of(life))
    assert "un autre délégué territorial doit la valider" in page.text
    answer = await chief.send(page_of(life), f"{page_of(life)}/validation")
    assert answer.status_code == 403


async def test_a_proposal_is_rejected_with_its_motive(chief: Browser, sat: Program, life: Life) -> None:
    await proposed(sat, life, ORIENTATION)
    without = await chief.send(page_of(life), f"{page_of(life)}/rejet", **{"rejet.motive": ""})
    assert without.status_code == 400
    answer = await chief.send(page_of(life), f"{page_of(life)}/rejet", **{"rejet.motive": "Sollicitez l’EPF."})
    assert answer.status_code == 303
    assert "Sollicitez l’EPF." in (await chief.get(page_of(life))).text


async def test_the_question_of_the_national_team_is_shown_and_answered(
    agent: Browser, sat: Program, delegate: Program, life: Life
) -> None:
    await answered(sat, delegate, life, ESCALATION)
    await life.tell(escalation.InformationRequested(**life.about(), question="Quel calendrier ?", by=NATIONAL))
    assert "Quel calendrier ?" in (await agent.get(page_of(life))).text
    answer = await agent.send(page_of(life), f"{page_of(life)}/reponse", **{"reponse.text": "En mars."})
    assert answer.status_code == 303
    page = (await agent.get(page_of(life))).text
    assert "L’équipe nationale vous pose une question" not in page
    assert "En mars." in page


async def test_the_provider_sees_the_contact_only_once_it_has_accepted(
    visitor: Browser, sat: Program, delegate: Program, life: Life
) -> None:
    shown = await answered(sat, delegate, life, ORIENTATION)
    link = f"/orientations/{LINKS.token(UUID(shown['orientations'][0]['id']))}"
    page = (await visitor.get(link)).text
    assert "Redonner vie au centre-bourg" in page
    assert "Cabinet de la mairie" not in page
    assert "mairie@magny.test" not in page
    filled = await visitor.filled(link)
    for _ in range(2):
        answer = await visitor.send_again(filled, f"{link}/acceptation")
        assert answer.status_code == 303, answer.text
    page = (await visitor.get(link)).text
    assert "mairie@magny.test" in page
    assert "Je ne peux pas répondre" not in page


async def test_the_provider_declines_with_a_motive(
    visitor: Browser, sat: Program, delegate: Program, life: Life
) -> None:
    shown = await answered(sat, delegate, life, ORIENTATION)
    link = f"/orientations/{LINKS.token(UUID(shown['orientations'][0]['id']))}"
    without = await visitor.send(link, f"{link}/refus", motive="")
    assert without.status_code == 400
    filled = await visitor.filled(link, motive="Équipe complète.")
    assert (await visitor.send_again(filled, f"{link}/refus")).status_code == 303
    late = await visitor.send_again({**filled, "_form_key": "another-key-0001"}, f"{link}/acceptation")
    assert late.status_code == 409
    assert "mairie@magny.test" not in late.text


async def test_a_provider_s_link_is_taken_back_and_another_one_sent(
    visitor: Browser, agent: Browser, sat: Program, delegate: Program, life: Life, database: Database
) -> None:
    shown = await answered(sat, delegate, life, ORIENTATION)
    orientation = UUID(shown["orientations"][0]["id"])
    first, second, third = (f"/orientations/{LINKS.token(orientation, number)}" for number in (1, 2, 3))
    page = await visitor.get(first)
    filled = await visitor.filled(first, motive="Équipe complète.")
    assert (page.headers["cache-control"], page.headers["referrer-policy"]) == ("no-store", "no-referrer")
    assert page.headers["x-robots-tag"].startswith("noindex")
    case = page_of(life)
    assert (await agent.send(case, f"{case}/lien-acteur", **{"lien-acteur.email": "nulle part"})).status_code == 400
    assert (
        await agent.send(case, f"{case}/lien-acteur", **{"lien-acteur.email": "direction@caue.test"})
    ).status_code == 303
    for answer in (await visitor.get(first), await visitor.send_again(filled, f"{first}/refus")):
        assert answer.status_code == 404
        assert "anct95@val-doise.gouv.fr" in answer.text
        assert answer.headers["cache-control"] == "no-store"
    assert "Équipe complète." in answer.text
    assert (await visitor.get(second)).status_code == 200
    assert (await agent.send(case, f"{case}/lien-acteur/reprise")).status_code == 303
    assert [(await visitor.get(link)).status_code for link in (first, second, third)] == [404, 404, 200]
    rows = await database.fetch(
        "SELECT body::jsonb -> 'data' AS data FROM journal"
        " WHERE type = 'qualification.orientation_link_replaced.v1' ORDER BY position"
    )
    told = [(row["data"]["link_generation"], row["data"]["email"]) for row in rows]
    assert told == [(2, "direction@caue.test"), (3, None)]


async def test_a_provider_s_link_ends_some_days_after_its_work(
    visitor: Browser, sat: Program, delegate: Program, life: Life, monkeypatch: pytest.MonkeyPatch
) -> None:
    shown = await answered(sat, delegate, life, ORIENTATION)
    orientation = UUID(shown["orientations"][0]["id"])
    link = f"/orientations/{LINKS.token(orientation)}"
    await visitor.send(link, f"{link}/acceptation")
    set_clock(monkeypatch, timedelta(days=90))
    assert "Prenez contact avec la collectivité" in (await visitor.get(link)).text
    set_clock(monkeypatch, timedelta(0))
    await visitor.send(link, f"{link}/arret", **within("arret", reason="applicant_gave_up", motive="Abandonné."))
    set_clock(monkeypatch, timedelta(days=29))
    assert "Ce lien reste ouvert jusqu’au" in (await visitor.get(link)).text
    set_clock(monkeypatch, timedelta(days=32))
    over = await visitor.get(link)
    assert over.status_code == 404
    assert "mairie@magny.test" not in over.text
    assert (await visitor.get(f"/api/v1{link}")).json()["code"] == "link_over"


async def test_a_link_that_leads_nowhere_has_a_page_that_says_so(visitor: Browser) -> None:
    page = await visitor.get(f"/orientations/{LINKS.token(uuid4())}")
    assert page.status_code == 404
    assert "n’existe pas" in page.text


async def test_the_catalogue_is_listed_searched_and_kept(agent: Browser, chief: Browser) -> None:
    listed = (await agent.get("/annuaire")).text
    assert "CAUE du Val-d’Oise" in listed
    assert "CAUE des Yvelines" not in listed
    assert "Cerema" not in (await agent.get("/annuaire?q=caue")).text
    fields = {"name": "Atelier des communes", "kind": "Association", "email": "atelier@exemple.test"}
    wrong = await agent.send("/annuaire/nouveau", "/annuaire/nouveau", **fields, departements="95, 00")
    assert wrong.status_code == 400
    assert "Atelier des communes" in wrong.text
    assert 'value="95, 00"' in wrong.text
    answer = await agent.send("/annuaire/nouveau", "/annuaire/nouveau", **fields, departements="95", capacity="3")
    assert answer.status_code == 303, answer.text
    assert "Atelier des communes" in (await agent.get("/annuaire")).text
    entry = f"/annuaire/{CAUE.id}"
    changed = {"name": "CAUE 95", "kind": "CAUE", "email": "caue@exemple.test", "departements": "95"}
    assert (await agent.send(entry, entry, **changed)).status_code == 303
    assert "CAUE 95" in (await agent.get("/annuaire")).text
    assert (await chief.get("/annuaire/nouveau")).status_code == 403
    assert (await chief.send(entry, entry, **changed)).status_code == 403


async def test_late_and_withdrawn_cases_are_shown_as_they_are(agent: Browser, inbox: Inbox) -> None:
    life = Life(inbox)
    await life.submitted()
    await life.tell(intake.RequestWithdrawn(**life.about(), motive="Projet abandonné."))
    page = (await agent.get(page_of(life))).text
    assert "Retirée" in page
    assert "Aucune décision n’est attendue de vous" in page


async def test_what_a_provider_answered_is_filled_in_when_the_case_is_escalated(
    agent: Browser, visitor: Browser, sat: Program, delegate: Program, life: Life
) -> None:
    shown = await answered(sat, delegate, life, ORIENTATION)
    link = f"/orientations/{LINKS.token(UUID(shown['orientations'][0]['id']))}"
    await visitor.send(link, f"{link}/refus", motive="Équipe complète jusqu’en juin.")
    page = (await agent.get(f"{page_of(life)}/proposition/escalation")).text
    assert "Équipe complète jusqu’en juin." in page
    assert f'value="{CAUE.id}" selected' in page


async def test_a_case_is_printed_without_its_internal_notes(agent: Browser, sat: Program, life: Life) -> None:
    await done(sat, life, "notes", {"text": "Rien qu’entre nous."})
    page = await agent.get(f"{page_of(life)}/impression")
    assert page.status_code == 200
    assert "Val-d’Oise (95)" in page.text.replace("'", "’").replace("&#39;", "’")
    assert "Rien qu’entre nous." not in page.text
