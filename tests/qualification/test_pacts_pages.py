"""What agents see and send about pacts: pages in French, forms that keep what was typed, nothing done twice."""

import re
from collections.abc import Awaitable, Callable
from html import unescape
from typing import Any
from uuid import uuid4

import pytest

from shared.contracts.vocabulary import RequestKind
from shared.db import Database
from shared.identity.model import Agent, Role
from shared.messaging.inbox.inbox import Inbox
from tests.qualification.conftest import Browser, Program, Programs, within
from tests.qualification.life import Life, in_days
from tests.qualification.test_pacts_api import (
    ACTION,
    COMMUNE,
    DIAGNOSIS,
    EPCI,
    agreed,
    must,
    opened,
    planned,
    ready,
    shared,
    signed,
)

SignIn = Callable[[Agent], Awaitable[Browser]]

PARTIES = {"parties.0.name": EPCI, "parties.2.name": COMMUNE, "parties.2.kind": "commune", "parties.2.code": "95355"}


@pytest.fixture
async def agent(browser: SignIn, sat: Program) -> Browser:
    """The SAT agent in front of the pages."""
    return await browser(sat.agent)


@pytest.fixture
async def chief(browser: SignIn, delegate: Program) -> Browser:
    """The délégué in front of the pages."""
    return await browser(delegate.agent)


def page_of(pact: str) -> str:
    """The page of a pact, given its address in the API."""
    return pact.replace("/pacts/", "/pactes/")


async def read(browser: Browser, path: str) -> str:
    """Open a page that must be there, and give it as people read it."""
    answer = await browser.get(path)
    assert answer.status_code == 200, answer.text
    return plain(answer.text)


def plain(html: str) -> str:
    """Give a page without its tags."""
    return re.sub(r"\s+", " ", unescape(re.sub(r"<[^>]+>", " ", html)))


async def test_an_empty_list_says_what_comes_here(agent: Browser) -> None:
    text = await read(agent, "/pactes")
    assert "Aucun pacte" in text
    assert "diagnostic partagé" in text


async def test_the_list_shows_each_pact_with_its_step(agent: Browser, sat: Program) -> None:
    pact = await shared(sat)
    page = await agent.get("/pactes")
    assert f'href="{page_of(pact)}"' in page.text
    assert "Diagnostic à approuver" in page.text
    assert "Aucun pacte ne correspond" in plain((await agent.get("/pactes?q=pontoise")).text)
    assert f'href="{page_of(pact)}"' in (await agent.get("/pactes?state=diagnosis&q=vexin")).text


async def test_a_pact_is_opened_once_however_often_the_form_is_sent(agent: Browser, database: Database) -> None:
    filled = await agent.filled("/pactes/nouveau", title="Pacte du Vexin", departement="95", **PARTIES)
    first = await agent.send_again(filled, "/pactes/nouveau")
    second = await agent.send_again(filled, "/pactes/nouveau")
    assert first.status_code == second.status_code == 303
    assert first.headers["location"] == second.headers["location"]
    assert await database.fetchval("SELECT count(*) FROM pact") == 1
    shown = await read(agent, first.headers["location"])
    assert "Écrire le diagnostic" in shown
    assert COMMUNE in shown


async def test_what_was_typed_is_kept_when_a_party_is_wrong(agent: Browser) -> None:
    wrong = {**PARTIES, "parties.2.code": "99999"}
    answer = await agent.send("/pactes/nouveau", "/pactes/nouveau", title="Pacte", departement="95", **wrong)
    assert answer.status_code == 400
    assert 'value="CC du Vexin"' in answer.text
    assert 'name="parties.1.code" value="99999"' in answer.text
    assert "99999" in answer.text
    assert "Code Insee ou Siren" in plain(answer.text)


async def test_more_rows_come_without_anything_being_lost(agent: Browser) -> None:
    typed = {"title": "Pacte", "departement": "95", "parties.0.name": "A", "parties.1.name": "B", "_more": "1"}
    answer = await agent.send("/pactes/nouveau", "/pactes/nouveau", **typed)
    assert answer.status_code in {200, 201}
    assert 'name="parties.3.name"' in answer.text
    assert re.search(r'name="parties.1.name"\s+value="B"', answer.text)
    assert "error-summary" not in answer.text


async def test_a_request_fills_in_the_form_and_leads_to_its_pact_afterwards(
    agent: Browser, sat: Program, inbox: Inbox, database: Database
) -> None:
    life = Life(inbox)
    await life.submitted(kind=RequestKind.TERRITORIAL_PACT, support_types=(), fields=(), title="Pacte du Vexin")
    new = f"/pactes/nouveau?request_id={life.request_id}"
    assert f'href="{new}"' in (await agent.get(f"/demandes/{life.request_id}")).text
    page = await agent.get(new)
    assert 'value="Pacte du Vexin"' in page.text
    assert 'value="Magny-en-Vexin"' in page.text
    assert await database.fetchval("SELECT count(*) FROM consultation WHERE request_id = $1", life.request_id) == 2
    pact = await opened(sat, request_id=str(life.request_id))
    page = await agent.get(new)
    assert page.headers["location"] == page_of(pact)
    assert "95-2026-000001" in await read(agent, page_of(pact))


async def test_the_diagnosis_is_typed_one_thing_a_line(agent: Browser, sat: Program) -> None:
    pact = await opened(sat)
    page = f"{page_of(pact)}/diagnostic"
    indicators = {"indicators.1.name": "Commerces", "indicators.1.value": "12"}
    answer = await agent.send(
        page, page, strengths="Un patrimoine\r\n\r\nDes associations", weaknesses="", **indicators
    )
    assert answer.headers["location"] == page_of(pact)
    diagnosis = (await sat.get(pact)).json()["diagnosis"]
    assert diagnosis["strengths"] == ["Un patrimoine", "Des associations"]
    assert diagnosis["indicators"] == [{"name": "Commerces", "value": "12", "source": None}]


async def test_a_refused_diagnosis_is_shown_as_it_was_typed(agent: Browser, sat: Program) -> None:
    page = f"{page_of(await opened(sat))}/diagnostic"
    long = "x" * 501
    answer = await agent.send(page, page, strengths=f"Un patrimoine\n{long}", **{"indicators.2.name": "Commerces"})
    assert answer.status_code == 400
    assert f"Un patrimoine\n{long}</textarea>" in answer.text
    assert "Ligne 2" in answer.text
    assert 'name="indicators.0.name" value="Commerces"' in answer.text
    assert 'id="error-indicators.0.value"' in answer.text


async def test_changing_an_agreed_diagnosis_warns_and_keeps_the_version_before(
    agent: Browser, sat: Program, delegate: Program
) -> None:
    pact = await agreed(sat, delegate)
    assert "annule les approbations déjà données" in await read(agent, f"{page_of(pact)}/diagnostic")
    await must(sat, f"{pact}/diagnosis", {**DIAGNOSIS, "strengths": ["Un port"]})
    shown = await read(agent, page_of(pact))
    assert "Version 2" in shown
    assert "avait été approuvée par État, CC du Vexin, Magny-en-Vexin" in shown


async def test_each_side_agrees_by_whom_it_may(agent: Browser, chief: Browser, sat: Program) -> None:
    pact = await shared(sat)
    page = page_of(pact)
    parties = {party["name"]: party["id"] for party in (await sat.get(pact)).json()["parties"]}
    form = (await agent.get(page)).text
    assert f'value="{parties["État"]}"' not in form
    answer = await agent.send(page, f"{page}/approbations", **within("approbations", party=parties[EPCI]))
    assert answer.status_code == 303
    assert "Approuver au nom de l’État" in (await chief.get(page)).text
    assert (
        await chief.send(page, f"{page}/approbations", **within("approbations", party=parties["État"]))
    ).status_code == 303
    assert (await sat.get(pact)).json()["parties"][0]["agreed_on"]
    refused = await chief.send(page, f"{page}/approbations", **within("approbations", party=parties[COMMUNE]))
    assert refused.status_code == 403
    assert "enregistrées par un agent du SAT" in refused.text


async def parties_of(sat: Program, pact: str) -> dict[str, str]:
    """The ids of the parties, by their names."""
    return {party["name"]: party["id"] for party in (await sat.get(pact)).json()["parties"]}


async def test_an_action_is_added_with_its_budget_in_euros(agent: Browser, sat: Program, delegate: Program) -> None:
    pact = await agreed(sat, delegate)
    page, parties = page_of(pact), await parties_of(sat, pact)
    plan = {"title": "Ouvrir une halle", "owner": parties[COMMUNE], "budget_cents": "25.000"}
    typed = within("actions", **plan) | {
        "actions.partners": [parties[EPCI]],
        "actions.shares.0.party": parties[EPCI],
        "actions.shares.0.amount_cents": "10 000,50",
        "actions.shares.1.other": "FEDER",
        "actions.shares.1.amount_cents": "5.000",
    }
    refused = await agent.send(page, f"{page}/actions", **typed)
    assert refused.status_code == 400
    assert 'value="25.000"' in refused.text
    assert 'value="10 000,50"' in refused.text
    due = within("actions", due_on=in_days(300).isoformat())
    await agent.send(page, f"{page}/actions", **due, **typed)
    (action,) = (await sat.get(pact)).json()["actions"]
    assert action["budget_cents"] == 2_500_000
    assert action["partners"] == [EPCI]
    shown = plain((await agent.get(page)).text).replace("\u202f", " ").replace("\u00a0", " ")
    for said in ("25 000 €", f"{EPCI} : 10 000,50 €", "FEDER : 5 000 €", "Reste à financer : 9 999,50 €"):
        assert said in shown


async def test_an_action_is_edited_on_a_page_of_its_own(agent: Browser, sat: Program, delegate: Program) -> None:
    pact = await planned(sat, delegate)
    action = (await sat.get(pact)).json()["actions"][0]
    edit = f"{page_of(pact)}/actions/{action['id']}/modification"
    form = (await agent.get(edit)).text
    assert 'value="250000"' in form
    changed_at = {"changed_at": action["changed_at"]}
    typed = {"title": "Ouvrir deux halles", "owner": action["owner_id"], "due_on": action["due_on"]}
    filled = await agent.filled(edit, **changed_at, **typed)
    await must(sat, f"{pact}/actions/{action['id']}/correction", {**ACTION, "title": "Ouvrir la halle"})
    stale = await agent.send_again(filled, edit)
    assert stale.status_code == 409
    assert "Ouvrir deux halles" in stale.text, "what was typed is kept"
    assert "sat95 a modifié l’action «\u00a0Ouvrir la halle\u00a0»" in stale.text
    done = await agent.send(edit, edit, **typed)
    assert done.headers["location"] == f"{page_of(pact)}#plan"
    assert (await sat.get(pact)).json()["actions"][0]["title"] == "Ouvrir deux halles"
    await must(sat, f"{pact}/readiness")
    assert (await agent.get(edit)).headers["location"] == page_of(pact)
    assert "sat95 a déclaré le plan prêt à signer" in await read(agent, page_of(pact))


async def test_a_party_is_picked_corrected_and_removed(agent: Browser, sat: Program) -> None:
    pact = await shared(sat)
    page = page_of(pact)
    found = (await agent.get("/pactes/territoires?q=ponto&kind=commune")).json()["items"]
    assert found[0]["name"] == "Pontoise"
    assert (await agent.get("/pactes/territoires?q=ponto&kind=association")).json() == {"items": []}
    picked = {"parties.name": "Pontoise", "parties.name_code": "95500", "parties.kind": "commune"}
    done = await agent.send(page, f"{page}/parties", **picked)
    assert done.status_code == 303, done.text
    parties = await parties_of(sat, pact)
    correct = f"{page}/parties/{parties['Pontoise']}/modification"
    assert 'value="Pontoise"' in (await agent.get(correct)).text
    wrong = await agent.send(correct, correct, name="Pontoise", kind="commune", code="99999", seen="Pontoise")
    assert wrong.status_code == 400
    done = await agent.send(
        correct, correct, name="Cergy", name_code="95127", code="95500", kind="commune", seen="Pontoise"
    )
    assert done.headers["location"] == f"{page}#parties"
    assert "Cergy" in await parties_of(sat, pact)
    removed = await agent.send(correct, f"{page}/parties/{parties['Pontoise']}/retrait")
    assert removed.status_code == 303
    assert "Cergy" not in await parties_of(sat, pact)


async def test_the_errors_of_a_new_pact_name_their_fields(agent: Browser) -> None:
    typed = {"title": "", "departement": "95", "parties.0.name": EPCI, "parties.1.email": "mairie@magny.test"}
    answer = await agent.send("/pactes/nouveau", "/pactes/nouveau", **typed)
    assert "Intitulé du pacte : Ce champ est obligatoire." in plain(answer.text)
    answer = await agent.send("/pactes/nouveau", "/pactes/nouveau", **{**typed, "title": "Pacte du Vexin"})
    text = plain(answer.text)
    assert "Nom de la partie : Donnez le nom de cette partie." in text
    assert "Nom (facultatif) Une collectivité se choisit dans la liste officielle. Erreur" not in text


async def test_a_plan_is_put_to_signature_taken_back_and_amended_from_the_page(
    agent: Browser, chief: Browser, sat: Program, delegate: Program
) -> None:
    pact = await planned(sat, delegate)
    page = page_of(pact)
    assert "Déclarer le plan prêt à signer" in (await agent.get(page)).text
    assert "Signataire" not in await read(chief, page)
    for step in ("pret", "reprise", "pret"):
        assert (await agent.send(page, f"{page}/{step}")).status_code == 303
    shown = await read(agent, page)
    assert "Sans adresse connue, donc pas invitées par message : Magny-en-Vexin" in shown
    assert "Document mis à la signature" in shown
    unnamed = await chief.send(page, f"{page}/signatures", **within("signatures", party="État"))
    assert unnamed.status_code == 400
    who = {"name": "Jeanne Préfète", "function": "Préfète", "authority": "Décret du 2 février 2026"}
    done = await chief.send(page, f"{page}/signatures", **within("signatures", party="État", **who))
    assert done.status_code == 303
    assert "Corriger malgré une signature" in await read(agent, page)
    for party in (EPCI, COMMUNE):
        await must(sat, f"{pact}/signatures", {"party": party})
    assert (await agent.send(page, f"{page}/versions")).status_code == 303
    shown = await read(agent, page)
    assert "La version 1 reste en vigueur" in shown
    assert "Plan d’action de la version 2" in shown
    assert (await agent.get(f"{page}/versions/1/pacte.pdf")).content.startswith(b"%PDF-")
    assert (await agent.get(f"{page}/versions/1/a-signer.pdf")).content.startswith(b"%PDF-")
    assert (await agent.send(page, f"{page}/abandon")).status_code == 303


async def test_an_action_is_taken_out_of_the_plan(agent: Browser, sat: Program, delegate: Program) -> None:
    pact = await planned(sat, delegate)
    action = (await sat.get(pact)).json()["actions"][0]["id"]
    page = page_of(pact)
    assert (await agent.send(page, f"{page}/actions/{action}/retrait")).status_code == 303
    assert (await sat.get(pact)).json()["actions"] == []


async def test_signatures_progress_and_review_are_recorded_from_the_page(
    agent: Browser, chief: Browser, sat: Program, delegate: Program
) -> None:
    pact = await ready(sat, delegate)
    page, parties = page_of(pact), await parties_of(sat, pact)
    for who, party in ((chief, "État"), (agent, EPCI), (agent, COMMUNE)):
        given = {"party": parties[party], "name": "Anne Roy", "function": "Présidente", "authority": "Délibération"}
        assert (await who.send(page, f"{page}/signatures", **within("signatures", **given))).status_code == 303
    shown = await read(agent, page)
    assert "Signé" in shown
    assert "Avancement du plan. 0 action sur 1 réalisée" in shown
    action = (await sat.get(pact)).json()["actions"][0]["id"]
    refused = await agent.send(page, f"{page}/avancement", **within("avancement", action_id=action, percent="140"))
    assert refused.status_code == 400
    assert 'value="140"' in refused.text
    told = within("avancement", action_id=action, percent="40", comment="Permis déposé.")
    answer = await agent.send(page, f"{page}/avancement", **told)
    assert answer.status_code == 303
    shown = await read(agent, page)
    assert "40 % du plan en moyenne" in shown
    assert "En cours" in shown
    assert "Permis déposé." in shown
    answer = await agent.send(page, f"{page}/revues", **within("revues", summary="Le plan avance."))
    assert answer.status_code == 303
    assert "Le plan avance." in await read(agent, page)


async def test_an_overdue_review_is_said(agent: Browser, sat: Program, delegate: Program, database: Database) -> None:
    pact, _ = await signed(sat, delegate)
    async with database.transaction() as tx:
        await tx.execute("UPDATE pact SET signed_on = signed_on - 400")
    assert "La revue annuelle du pacte est en retard" in await read(agent, page_of(pact))
    assert "En retard de" in await read(agent, "/pactes")


async def test_a_form_that_comes_too_late_says_why(agent: Browser, sat: Program, delegate: Program) -> None:
    pact = await planned(sat, delegate)
    page = page_of(pact)
    action = within("actions", title="Une autre", owner=COMMUNE, due_on=in_days(30).isoformat())
    filled = await agent.filled(page, **action)
    await must(sat, f"{pact}/readiness")
    signatory = {"name": "Anne Roy", "function": "Présidente", "authority": "Délibération"}
    await must(sat, f"{pact}/signatures", {"party": EPCI, **signatory})
    answer = await agent.send_again(filled, f"{page}/actions")
    assert answer.status_code == 409
    assert "Une partie a déjà signé ce pacte" in answer.text
    assert f"Anne Roy a signé pour {EPCI}, le" in answer.text
    assert "Ce que vous aviez écrit" in answer.text
    assert "Une autre" in answer.text, "what was typed is kept"
    assert (await agent.get(f"{page}/diagnostic")).headers["location"] == page


async def test_the_pact_is_printed(agent: Browser, sat: Program, delegate: Program) -> None:
    pact, _ = await signed(sat, delegate)
    shown = await read(agent, f"{page_of(pact)}/imprimer")
    assert "Signée par toutes les parties" in shown
    assert "Ouvrir une halle" in shown
    assert "Peu de commerces" in shown
    empty = await read(agent, f"{page_of(await opened(sat))}/imprimer")
    assert "Projet de pacte" in empty


async def test_an_auditor_reads_and_finds_no_form(browser: SignIn, program: Programs, sat: Program) -> None:
    pact = await shared(sat)
    auditor = await browser((await program("audit", Role.AUDITOR)).agent)
    assert "rien à faire" in await read(auditor, page_of(pact))
    assert "/pactes/nouveau" not in (await auditor.get("/pactes")).text
    assert (await auditor.get("/pactes/nouveau")).status_code == 403


async def test_other_departements_and_unknown_pacts_are_not_found(
    browser: SignIn, neighbour: Program, sat: Program
) -> None:
    stranger = await browser(neighbour.agent)
    assert (await stranger.get(page_of(await opened(sat)))).status_code == 404
    assert (await stranger.get(f"/pactes/{uuid4()}")).status_code == 404
    other: Any = await stranger.get(f"/pactes/nouveau?request_id={uuid4()}")
    assert other.status_code == 404
