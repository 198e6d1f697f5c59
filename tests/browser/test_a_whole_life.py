"""One request in the browser, from the form to the evaluation, by everybody who has a hand in it."""

import re
from datetime import UTC, datetime, timedelta

import pytest
from playwright.sync_api import Browser, expect

from tests.browser.people import Person
from tests.system import System

pytestmark = [pytest.mark.browser, pytest.mark.journey]

TODAY = datetime.now(UTC).date()
TITLE = "Rouvrir l’épicerie du village"


def test_a_request_lives_from_the_form_to_the_evaluation(system: System, browser: Browser) -> None:
    secretary = Person.sits_down(browser)
    number = files(secretary, system)

    agent = Person.signs_in(browser, system.endpoints["qualification"], "sat95@cousu.test")
    examines(agent, system, number)
    delegate = Person.signs_in(browser, system.endpoints["qualification"], "delegue95@cousu.test")
    validates(delegate, system, number)

    national = Person.signs_in(browser, system.endpoints["escalation"], "national@cousu.test")
    committee = Person.signs_in(browser, system.endpoints["escalation"], "secretaire@cousu.test")
    plans_a_session(committee, system, number)
    admits(national, system, number)
    decides(committee)
    accompanies(national, system, number)

    evaluates(secretary)
    operator = Person.signs_in(browser, system.endpoints["notifications"], "exploitant@cousu.test")
    operator.page.goto(f"{system.endpoints['notifications']}/?q={number}")
    operator.reads("Accusé de réception de votre demande")
    operator.looks("16-messages")
    subjects = [mail["subject"] for mail in system.mails(number)]
    assert any("Accusé de réception" in subject for subject in subjects)
    assert len(subjects) == len(set(subjects)) or len(subjects) > 10


def files(person: Person, system: System) -> str:
    """A mayor's secretary answers one question a page and files; gives the number."""
    page = person.page
    page.goto(system.endpoints["intake"] + "/")
    person.looks("01-accueil")
    person.presses("Commencer une demande")
    person.chooses("Commune")
    person.looks("02-formulaire")
    person.presses("Enregistrer et continuer")

    page.get_by_label("Nom de la commune").fill("vetheu")
    page.get_by_role("option", name=re.compile("Vétheuil")).click()
    person.presses("Enregistrer et continuer")

    person.types("Prénom et nom", "Secrétariat de mairie")
    person.types("Fonction", "Secrétaire de mairie")
    person.types("Adresse électronique", "pas-une-adresse")
    person.presses("Enregistrer et continuer")
    expect(page.get_by_role("alert").first).to_be_visible()
    expect(page.get_by_label("Fonction").first).to_have_value("Secrétaire de mairie")
    person.looks("03-erreur")
    person.types("Adresse électronique", "mairie@vetheuil.test")
    person.presses("Enregistrer et continuer")

    person.chooses("Un soutien cousu-main à un projet")
    person.presses("Enregistrer et continuer")
    person.types("Intitulé du projet", TITLE)
    person.types("Description du projet", "L’épicerie a fermé. La commune possède les murs et cherche de l’aide.")
    person.presses("Enregistrer et continuer")
    expect(page.get_by_label("Ingénierie de projet").first).to_be_visible()
    page.reload()
    person.chooses("Ingénierie de projet")
    person.chooses("Revitalisation commerciale")
    person.types("Budget estimé", "120 000")
    person.presses("Enregistrer et continuer")
    person.presses("Enregistrer et continuer")

    person.reads("Vétheuil")
    person.reads("120 000")
    person.looks("04-recapitulatif")
    page.get_by_role("button", name="Déposer la demande").dblclick()
    person.reads("95-")
    person.looks("05-deposee")
    found = re.search(r"95-\d{4}-\d{6}", page.locator("main").inner_text())
    assert found
    page.goto(page.locator('a[href*="/suivi/"]').first.get_attribute("href") or "")
    person.waits_to_read("Demande enregistrée par le département")
    person.looks("06-suivi")
    return found.group()


def examines(person: Person, system: System, number: str) -> None:
    """The SAT agent examines, qualifies and proposes an escalation."""
    page = person.page
    person.looks("07-file-du-departement")
    person.waits_to_find(number, system.endpoints["qualification"])
    person.presses("Commencer l’examen")
    person.reads("En cours d’examen")
    person.presses("Qualifier le besoin")
    page.wait_for_url("**/qualification*")
    person.presses("Enregistrer la qualification")
    expect(page.get_by_role("alert").first).to_contain_text("Besoin : Ce champ est obligatoire")
    person.looks("08-qualification-erreurs")
    for group in page.get_by_role("group").all():
        radios = group.get_by_role("radio")
        if radios.count() == 5:
            radios.nth(3).check()
    person.chooses("Offre locale insuffisante")
    person.types("Votre avis", "Besoin avéré, sans ingénierie dans la commune.")
    person.looks("08-qualification")
    person.presses("Enregistrer la qualification")
    person.reads("Le besoin est qualifié")
    person.looks("09-dossier-du-departement")
    page.locator('a[href*="/proposition/escalation"]').first.click()
    person.presses("Proposer cette réponse")
    expect(page.get_by_role("alert").first).to_be_visible()
    person.chooses("Offre d’ingénierie locale insuffisante")
    page.get_by_label("Acteur", exact=False).first.select_option(index=1)
    person.types("Sa réponse", "Plan de charge complet.")
    person.types("Avis du préfet", "Avis favorable.")
    person.types("Motif", "L’offre locale ne couvre pas tout le projet.")
    person.looks("10-proposition")
    person.presses("Proposer cette réponse")
    person.reads("Proposition à valider")
    expect(page.locator("main").get_by_text("Valider cette réponse")).to_have_count(0)
    person.looks("10-proposition-en-attente")


def validates(person: Person, system: System, number: str) -> None:
    """The délégué territorial validates what somebody else proposed."""
    person.waits_to_find(number, system.endpoints["qualification"])
    person.presses("Valider cette réponse")
    person.page.wait_for_url("**/validation*")
    person.looks("10-validation")
    person.presses("Valider cette réponse")
    person.reads("Transmise à l’équipe nationale")


def plans_a_session(person: Person, system: System, number: str) -> None:
    """The committee's secretary plans the next session."""
    person.page.goto(system.endpoints["escalation"] + "/comite")
    person.types("Intitulé", f"Comité pour {number}")
    person.types("Date de la séance", str(TODAY))
    person.presses("Créer la séance")
    person.reads(f"Comité pour {number}")


def admits(person: Person, system: System, number: str) -> None:
    """The national agent finds the dossier admissible and puts it on the agenda."""
    person.waits_to_find(number, system.endpoints["escalation"])
    person.looks("11-dossier-national")
    person.sends("recevabilite", opinion="Recevable.")
    person.reads("Recevable")
    session = person.form("inscription").get_by_label("Séance")
    session.select_option(session.locator("option", has_text=number).get_attribute("value"))
    person.sends("inscription")
    person.reads("Inscrite au comité")


def decides(person: Person) -> None:
    """The secretary enters the committee's decision, closes the session and prints the minutes."""
    page = person.page
    page.reload()
    person.looks("12-seance")
    page.locator('a[href*="/dossiers/"]').first.click()
    page.locator('input[name="outcome"][value="granted"]').check()
    person.types("Motif", "Projet structurant pour le village.")
    person.chooses("Assistance à maîtrise d’ouvrage publique")
    person.types("Montant accordé", "20 000")
    person.looks("13-decision")
    person.presses("Enregistrer la décision")
    person.presses("Clore la séance")
    expect(page.get_by_role("button", name="Clore la séance")).to_have_count(0)
    page.locator('a[href*="/compte-rendu"], a[href*="minutes"]').first.click()
    person.reads("Projet structurant pour le village.")
    person.looks("14-compte-rendu")


def accompanies(person: Person, system: System, number: str) -> None:
    """The national agent mobilises a resource, follows a milestone and concludes."""
    person.waits_to_find(number, system.endpoints["escalation"])
    person.form("mobilisation").get_by_role("radio").last.check()
    means = {"mobilisation.resource": "Marché d’ingénierie", "mobilisation.amount_cents": "20 000"}
    person.sends("mobilisation", **means)
    person.reads("Marché d’ingénierie")
    person.sends("accompagnement", starts_on=str(TODAY), ends_on=str(TODAY + timedelta(days=200)))
    due_on = str(TODAY + timedelta(days=90))
    person.sends("jalon", **{"jalon.title": "Diagnostic remis", "jalon.due_on": due_on})
    person.reads("Diagnostic remis")
    person.presses("Atteint")
    person.reads("Atteint le")
    person.sends("bilan", report="Le projet est prêt à être financé.")
    person.reads("1\u00a0point ouvert")
    person.looks("15-points-ouverts")
    person.sends("bilan", report="Le projet est prêt à être financé.", carry_reason="La commande se poursuit.")
    person.reads("Accompagnement terminé")


def evaluates(person: Person) -> None:
    """The secretary finds every step on her page, in order, and says what came of it."""
    page = person.page
    person.waits_to_read("Évaluation demandée")
    steps = page.locator("#fil").inner_text()
    told = (
        "Demande déposée",
        "Demande enregistrée par le département",
        "Examen de la demande commencé",
        "Transmise à l’équipe nationale",
        "Reçue par l’équipe nationale",
        "Recevabilité confirmée",
        "Inscrite à l’ordre du jour du comité",
        "Décision du comité",
        "Moyens mobilisés",
        "Accompagnement commencé",
        "Accompagnement terminé",
        "Évaluation demandée",
    )
    places = [steps.find(step) for step in told]
    assert -1 not in places, told[places.index(-1)]
    assert places == sorted(places)
    for question in ("Votre besoin", "Le projet a-t-il", "Êtes-vous satisfait"):
        page.get_by_role("group", name=re.compile(question)).get_by_role("radio").nth(4).check()
    person.presses("Envoyer mon avis")
    person.reads("Évaluée")
    person.looks("15-evaluee")
