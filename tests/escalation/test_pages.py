"""The pages as an agent uses them, without JavaScript, over a real database."""

import re
from collections.abc import Awaitable, Callable
from html import unescape

import pytest

from shared import clock
from shared.clock import new_id
from shared.db import Database
from shared.french.numbers import euros
from shared.identity.model import Agent, Role
from tests.escalation.conftest import an_agent
from tests.escalation.desk import Person
from tests.escalation.life import (
    WITHOUT_LIMIT,
    Ear,
    Program,
    a_decided_dossier,
    a_dossier,
    a_request,
    a_request_escalated,
    a_scheduled_dossier,
    an_accompanied_dossier,
    directed_to_programme,
)
from tests.today import today


async def test_an_empty_queue_says_what_will_come(at_desk: Person) -> None:
    assert "apparaîtront dans cette liste" in await at_desk.see("/")


async def test_the_queue_shows_what_waits_and_keeps_its_filters(at_desk: Person, received: str) -> None:
    queue = await at_desk.see("/?state=received&q=magny")
    kept = re.search(rf'href="/demandes/{received}\?([^"]*)"', queue)
    assert kept
    assert set(kept[1].split("&")) == {"state=received", "q=magny"}
    assert "95-2026-000123" in queue
    assert "Reçue par l’équipe nationale : 1" in queue
    assert "95-2026-000123" not in await at_desk.see("/?state=admissible")
    assert "95-2026-000123" in await at_desk.see("/?state=nonsense")


async def test_the_queue_is_narrowed_by_field_and_age_in_the_address(at_desk: Person, received: str) -> None:
    assert received in await at_desk.see("/?field=habitat")
    assert received not in await at_desk.see("/?field=mobilite")
    assert received not in await at_desk.see("/?older=90")
    assert received in await at_desk.see("/?field=nonsense&older=long")
    assert f"/demandes/{received}?field=habitat" in await at_desk.see("/?field=habitat")


async def test_a_note_is_written_on_the_dossiers_page(at_desk: Person, received: str) -> None:
    page = f"/demandes/{received}"
    await at_desk.send(page, f"{page}/note", text="Voir avec l’EPF.")
    assert "Voir avec l’EPF." in await at_desk.see(page)


async def test_a_dossier_shows_everything_and_the_moves_in_one_place(at_desk: Person, received: str) -> None:
    page = await at_desk.see(f"/demandes/{received}?state=received")
    for shown in (
        "Redonner vie aux commerces du centre-bourg",
        "Avis favorable du préfet.",
        "Plan de charge complet.",
        "Voici le plan du bourg.",
        "plan.pdf",
        f"/demandes/{received}/documents/",
        "01.34.25.26.00",
        "350\u00a0000\u00a0€",
        "Demande déposée",
    ):
        assert shown in page, shown
    assert f'action="/demandes/{received}/recevabilite"' in page
    assert f'action="/demandes/{received}/accompagnement"' not in page


async def test_a_description_keeps_its_paragraphs(ear: Ear, at_desk: Person) -> None:
    """Where the département sees them: the style of messages keeps line breaks, that of our own texts does not."""
    typed = "Quatre locaux sont vides.\n\nNous cherchons une aide."
    fact = a_request_escalated(dossier=a_dossier(a_request(description=typed)))
    await ear.hears(fact)
    assert f'<div class="message-text">{typed}</div>' in await at_desk.see(f"/demandes/{fact.request_id}")


async def test_the_secretary_sees_no_form_that_is_not_his(at_committee: Person, received: str) -> None:
    assert f'action="/demandes/{received}/recevabilite"' not in await at_committee.see(f"/demandes/{received}")


async def test_a_form_that_is_wrong_comes_back_with_what_was_typed(at_desk: Person, received: str) -> None:
    page = f"/demandes/{received}"
    answer = await at_desk.send(page, f"{page}/question", question="Le foncier ?", until="2020-01-01")
    assert answer.status_code == 400
    assert "Le foncier ?" in answer.text
    assert "Cette date est déjà passée." in unescape(answer.text)
    assert 'href="#field-until"' in answer.text


async def test_a_double_click_asks_once(database: Database, at_desk: Person, received: str) -> None:
    page = f"/demandes/{received}"
    answer = await at_desk.send(page, f"{page}/question", question="Le foncier est-il maîtrisé ?")
    assert answer.status_code == 303
    again = await at_desk.send_again(answer)
    assert (again.status_code, again.headers["location"]) == (303, page)
    assert await database.fetchval("SELECT count(*) FROM question") == 1
    shown = await at_desk.see(page)
    assert "La question est transmise au département." in shown
    assert "En attente de réponse" in shown


async def test_a_move_that_came_too_late_is_explained(at_desk: Person, national: Program, received: str) -> None:
    page = f"/demandes/{received}"
    form = await at_desk.see(page)
    assert "renvoi" in form
    token = re.search(r'name="_csrf_token" value="([^"]*)"', form)
    assert token
    await national.post(f"/escalations/{received}/return", {"motive": "Offre locale."})
    answer = await at_desk.post(f"{page}/recevabilite", _csrf_token=token[1], opinion="Recevable.")
    assert answer.status_code == 409
    assert "Rechargez la page" in answer.text
    assert "par National, le" in unescape(answer.text)
    assert "Recevable." in answer.text


async def test_the_committee_is_run_from_its_pages(
    at_desk: Person, at_committee: Person, national: Program, received: str
) -> None:
    await national.post(f"/escalations/{received}/admissibility", {"opinion": "Recevable."})
    made = await at_committee.send(
        "/comite",
        "/comite",
        title="Comité de décembre",
        held_on=today(),
        members="ANRU ; présidence\nAnah\nCerema ; voix consultative",
        quorum="1",
    )
    session = made.headers["location"]
    assert "L’ordre du jour est vide" in await at_committee.see(session)
    await at_desk.send(
        f"/demandes/{received}", f"/demandes/{received}/inscription", session_id=session.rpartition("/")[2]
    )
    form = f"{session}/dossiers/{received}"
    refused = await at_committee.send(
        form, form, outcome="granted", motive="Projet structurant.", amount_cents="25 000"
    )
    assert refused.status_code == 409
    assert "quorum" in refused.text
    assert "Projet structurant." in refused.text
    await at_committee.send(session, f"{session}/presence", present=["Anah"])
    undecided = await at_committee.send(session, f"{session}/cloture")
    assert undecided.status_code == 409
    assert "95-2026-000123" in undecided.text
    decided = await at_committee.send(
        form, form, outcome="granted", motive="Projet structurant.", amount_cents="25 000"
    )
    assert decided.headers["location"] == session
    await at_committee.send(session, f"{session}/cloture")
    on_paper = await at_committee.paper(f"{session}/compte-rendu.pdf")
    assert "CSP-2026-0001" in on_paper
    assert "secrétariat du comité" in on_paper
    minutes = await at_committee.see(f"{session}/compte-rendu")
    for shown in (
        "CSP-2026-0001",
        "25\u00a0000\u00a0€",
        "<strong>En séance\u00a0:</strong> Anah.",
        "ANRU, présidence\u00a0; Cerema, voix consultative.",
        "Par consensus",
        "close",
    ):
        assert shown in minutes, shown
    decision = re.search(r'href="(/decisions/[0-9a-f-]{36})"', await at_committee.see(session))
    assert decision
    assert "Projet structurant." in await at_committee.see(decision[1])
    assert "CSP-2026-0001" in await at_committee.paper(f"{decision[1]}/decision.pdf")
    assert "95-2026-000123" in await at_committee.see("/decisions")
    assert f'action="{session}/cloture"' not in await at_committee.see(session)
    assert "enregistrée par Secretaire" in await at_committee.see(form)


@pytest.mark.usefixtures("envelope")
async def test_who_decides_reads_what_is_left_and_keeps_the_text_when_somebody_was_faster(
    at_committee: Person, national: Program, secretary: Program, received: str
) -> None:
    session_id = await a_scheduled_dossier(national, secretary, received)
    form = f"/comite/{session_id}/dossiers/{received}"
    shown = await at_committee.see(form)
    assert f"Il reste {euros(2_000_000_00)} sur l’enveloppe" in shown
    assert "à égalité, la" in shown
    much = await at_committee.send(form, form, outcome="granted", motive="Oui.", amount_cents="1e6")
    assert much.status_code == 400
    much = await at_committee.send(form, form, outcome="granted", motive="Oui.", amount_cents="3 000 000")
    assert much.status_code == 400
    assert "dépasse ce qui reste de l’enveloppe" in unescape(much.text)
    token = re.search(r'name="_csrf_token" value="([^"]*)"', shown)
    assert token
    decision = {"request_id": received, "outcome": "refused", "motive": "Non."}
    await secretary.post(f"/sessions/{session_id}/decisions", decision, status=201)
    late = await at_committee.post(form, _csrf_token=token[1], outcome="granted", motive="Un texte long à garder.")
    text = unescape(late.text)
    assert late.status_code == 409
    assert "Secretaire a enregistré la décision CSP-" in text
    assert "Un texte long à garder." in text
    typed = text.split("Ce que vous aviez saisi")[1].split("</section>")[0]
    assert "Accompagnement accordé" in typed
    assert "granted" not in typed
    assert text.count("a enregistré la décision") == 1


async def test_a_session_to_come_is_prepared_and_not_held(at_committee: Person, secretary: Program) -> None:
    made = {"held_on": today(3), "title": "Comité", "members": ["ANRU"]}
    page = f"/comite/{(await secretary.post('/sessions', made, status=201))['id']}"
    shown = await at_committee.see(page)
    assert "s’enregistrent ce jour-là" in shown
    assert "Clore la séance" not in shown


async def test_a_deferred_dossier_is_carried_over_from_the_page_of_the_next_session(
    at_committee: Person, national: Program, secretary: Program, received: str
) -> None:
    await a_decided_dossier(national, secretary, received, "deferred")
    next_one = await secretary.post("/sessions", {"held_on": "2027-01-14", "title": "Comité de janvier"}, status=201)
    page = f"/comite/{next_one['id']}"
    assert "Reporté – 95-2026-000123" in await at_committee.see(page)
    nobody = await at_committee.send(page, f"{page}/inscriptions")
    assert nobody.status_code == 400
    answer = await at_committee.send(page, f"{page}/inscriptions", request_ids=[received])
    assert answer.headers["location"] == page
    shown = await at_committee.see(page)
    assert "Reporté – 95-2026-000123" not in shown
    assert f"{page}/dossiers/{received}/fiche" in shown


async def test_the_preparation_sheet_holds_what_the_members_read(
    at_committee: Person, national: Program, secretary: Program, received: str
) -> None:
    session_id = await a_scheduled_dossier(national, secretary, received)
    sheet = f"/comite/{session_id}/dossiers/{received}/fiche"
    for shown in ("Avis favorable du préfet.", "Plan de charge complet.", "Besoin réel, commune sans ingénierie."):
        assert shown in await at_committee.see(sheet), shown
    assert "point 1, dossier 95-2026-000123" in await at_committee.paper(f"{sheet}.pdf")
    await at_committee.see(f"/comite/{session_id}/dossiers/{new_id()}/fiche", status=404)


async def test_a_reserve_is_lifted_and_a_decision_corrected_from_the_pages(
    at_committee: Person, national: Program, secretary: Program, received: str
) -> None:
    session_id = await a_scheduled_dossier(national, secretary, received)
    form = f"/comite/{session_id}/dossiers/{received}"
    lonely = await at_committee.send(form, form, outcome="granted", motive="Vu.", reserve_until="2027-03-31")
    assert lonely.status_code == 400
    assert "accord avec réserve" in lonely.text
    await at_committee.send(
        form, form, outcome="granted_with_reserve", motive="Vu.", reserve="Délibération attendue.",
        reserve_until="2027-03-31", **{"votes.by_vote": "true", "votes.in_favour": "5", "votes.against": "1"},
    )  # fmt: skip
    page = f"/demandes/{received}"
    shown = await at_committee.see(page)
    assert "Par un vote\u00a0: 5 pour, 1 contre" in shown
    decision = re.search(r'href="(/decisions/([0-9a-f-]{36}))"', shown)
    assert decision
    lifting = f"{page}/decisions/{decision[2]}/reserve"
    assert (await at_committee.send(page, lifting)).status_code == 400
    await at_committee.send(page, lifting, motive="La délibération est reçue.")
    assert "La délibération est reçue." in await at_committee.see(page)
    assert "Réserves à lever\u00a0: 0" in await at_committee.see("/decisions?reserve=a-lever")
    correction = f"{decision[1]}/correction"
    assert "Délibération attendue." in await at_committee.see(correction)
    answer = await at_committee.send(
        correction, correction, outcome="granted", motive="Sans réserve.", amount_cents="10 000"
    )
    new = answer.headers["location"]
    assert "remplace la décision n°\u00a0CSP-2026-0001" in await at_committee.see(new)
    number = f"CSP-{clock.now().year}-"
    assert f"est remplacée par la décision {number}" in await at_committee.see(decision[1])


async def test_a_member_sits_in_a_quality_that_exists(at_committee: Person) -> None:
    answer = await at_committee.send("/comite", "/comite", title="Comité", held_on=today(), members="ANRU ; roi")
    assert answer.status_code == 400
    assert "n’est pas une qualité connue" in unescape(answer.text)
    assert "ANRU ; roi" in answer.text


async def test_the_agenda_is_put_in_order_by_buttons(
    ear: Ear, at_committee: Person, national: Program, secretary: Program, received: str
) -> None:
    session_id = await a_scheduled_dossier(national, secretary, received)
    second = a_request_escalated(number="95-2026-000124")
    await ear.hears(second)
    await national.post(f"/escalations/{second.request_id}/admissibility", {"opinion": "Oui."})
    await national.post(f"/escalations/{second.request_id}/schedule", {"session_id": session_id})
    page = f"/comite/{session_id}"
    moved = await at_committee.send(page, f"{page}/ordre", request_id=received, direction="down")
    assert moved.status_code == 303
    shown = await at_committee.see(page)
    assert shown.index("95-2026-000124") < shown.index("95-2026-000123")


@pytest.mark.usefixtures("envelope")
async def test_means_milestones_and_report_are_entered_on_the_dossiers_page(
    at_desk: Person, national: Program, secretary: Program, received: str
) -> None:
    await a_decided_dossier(national, secretary, received, **WITHOUT_LIMIT)
    page = f"/demandes/{received}"
    wrong = await at_desk.send(
        page, f"{page}/mobilisation", kind="external", resource="Marché", amount_cents="beaucoup"
    )
    assert wrong.status_code == 400
    assert "Donnez un montant en euros" in wrong.text
    too_much = await at_desk.send(
        page, f"{page}/mobilisation", kind="external", resource="Marché", amount_cents="9000000"
    )
    assert too_much.status_code == 409
    assert "ne suffit pas" in too_much.text
    await at_desk.send(page, f"{page}/mobilisation", kind="external", resource="Marché", amount_cents="20 000,50")
    mobilisation = (await national.get(f"/escalations/{received}"))["mobilisations"][0]
    assert mobilisation["amount_cents"] == 2_000_050
    await at_desk.send(page, f"{page}/mobilisations/{mobilisation['id']}/acceptance")
    await at_desk.send(page, f"{page}/accompagnement", starts_on=today(-28), ends_on=today(210))
    await at_desk.send(page, f"{page}/jalon", title="Diagnostic", due_on=today(-27), deliverable="Rapport")
    shown = await at_desk.see(page)
    assert "Acceptée" in shown
    assert "En retard" in shown
    milestone = (await national.get(f"/escalations/{received}"))["milestones"][0]["id"]
    await at_desk.send(page, f"{page}/jalons/{milestone}")
    blocked = await at_desk.send(page, f"{page}/bilan", report="Le projet est prêt.")
    assert blocked.status_code == 409
    told = unescape(blocked.text)
    assert "Il reste 1\u00a0point ouvert" in told
    assert "commande Marché, acceptée" in told
    assert "Le projet est prêt." in told
    order = f"{page}/mobilisations/{mobilisation['id']}"
    assert f'href="{order}"' in told
    reason = "Le solde est payé en janvier."
    await at_desk.send(page, f"{page}/bilan", report="Le projet est prêt.", carry_reason=reason)
    assert (await national.get(f"/escalations/{received}"))["state"] == "completed"
    shown = await at_desk.see(page)
    for said in ("Le projet est prêt.", reason, "Encore ouvert aujourd’hui"):
        assert said in shown, said
    on_paper = await at_desk.paper(f"{page}/bilan.pdf")
    for said in ("Ce qui restait ouvert", "commande Marché, acceptée", reason):
        assert said in on_paper, said
    assert (await at_desk.send(order, f"{order}/annulation")).status_code == 400
    await at_desk.send(order, f"{order}/annulation", motive="Le prestataire a renoncé.")
    shown = await at_desk.see(page)
    for said in ("Annulée", "Le prestataire a renoncé.", "Tout est réglé depuis."):
        assert said in shown, said


@pytest.mark.usefixtures("envelope")
async def test_the_envelopes_page_opens_and_changes_budgets(at_committee: Person, at_desk: Person) -> None:
    year = clock.now().year
    doubled = await at_committee.send("/enveloppes", "/enveloppes", year=str(year), amount_cents="5000")
    assert doubled.status_code == 409
    opened = await at_committee.send("/enveloppes", "/enveloppes", year=str(year + 1), amount_cents="5 000")
    assert opened.status_code == 303
    assert f"Enveloppe {year + 1}" in await at_committee.see("/enveloppes")
    assert "Ouvrir une enveloppe" not in await at_desk.see("/enveloppes")


async def test_programmes_evaluations_and_figures_have_their_pages(
    ear: Ear, at_desk: Person, national: Program, secretary: Program, received: str
) -> None:
    await ear.hears(directed_to_programme(new_id()))
    await an_accompanied_dossier(national, secretary, received)
    assert "Petites Villes de Demain" in await at_desk.see("/programmes")
    assert "Revitaliser la place du marché" in await at_desk.see("/programmes/petites_villes_de_demain")
    assert "Aucune demande" in await at_desk.see("/programmes/ruralites?state=evaluated")
    assert "Aucune évaluation" in await at_desk.see("/evaluations")
    assert "Accompagnement en cours" in await at_desk.see("/chiffres")
    await at_desk.see("/programmes/inconnu", status=404)


async def test_a_table_of_territories_is_only_looked_at_or_brought_in_for_good(at_desk: Person) -> None:
    page = "/programmes/ruralites/territoires/import"
    table = "Code;Nom\n95355;Magny-en-Vexin\n95355;Cergy\n"
    looked = await at_desk.bring_in(page, table, only_look="true")
    assert "Ce qui se passerait" in looked
    assert "Aucun territoire" in await at_desk.see("/programmes/ruralites/territoires")
    kept = await at_desk.bring_in(page, table)
    assert "Ce qui a été fait" in kept
    assert "1 ligne à corriger" in kept.replace("\u00a0", " ")
    assert "aucun territoire n’est retiré" in await at_desk.bring_in(page, table, replace="true")
    assert "Magny-en-Vexin" in await at_desk.see("/programmes/ruralites/territoires")


async def test_a_programmes_team_stays_with_its_programme(
    database: Database, person: Callable[[Agent], Awaitable[Person]], received: str
) -> None:
    team = await person(await an_agent(database, "programme", Role.PROGRAMME_AGENT, "ruralites"))
    await team.see(f"/demandes/{received}", status=404)
    await team.see("/comite", status=403)
    await team.see("/programmes/france_services", status=404)
    assert 'href="/comite"' not in await team.see("/programmes/ruralites")


async def test_what_does_not_exist_is_a_page_not_found(at_desk: Person, received: str) -> None:
    await at_desk.see(f"/demandes/{new_id()}", status=404)
    await at_desk.see(f"/comite/{new_id()}", status=404)
    answer = await at_desk.send(f"/demandes/{received}", f"/demandes/{received}/recevabilite", opinion="Oui.")
    assert answer.status_code == 303
