"""A session of the committee at a screen: its agenda put in order, votes and reserve entered, closed, and on paper."""

import re
from datetime import timedelta

import pytest
from playwright.sync_api import Browser, expect

from shared import clock
from tests.actors import Applicant
from tests.browser.people import Person
from tests.browser.test_following import FIRST_PDF
from tests.steps import People, an_escalated_request
from tests.system import System

pytestmark = [pytest.mark.browser, pytest.mark.journey]

MEMBERS = "Direction générale de l’ANCT ; présidence\nCerema\nBanque des Territoires ; voix consultative"


def an_admissible_request(system: System, agent: People) -> Applicant:
    """The national team finds the dossier fit for the committee."""
    applicant = an_escalated_request(system, agent)
    agent("national").does(applicant.id, "admissibility", opinion="Recevable.")
    return applicant


def test_a_session_is_led_from_its_agenda_to_the_signed_papers(system: System, browser: Browser, agent: People) -> None:
    first, second = [an_admissible_request(system, agent) for _ in range(2)]
    secretary = Person.signs_in(browser, system.endpoints["escalation"], "secretaire@cousu.test")
    page = secretary.page
    page.goto(system.endpoints["escalation"] + "/comite")
    title = f"Séance du dossier {first.number}"
    secretary.types("Intitulé", title)
    secretary.types("Date de la séance", str(clock.now().date()))
    secretary.types("Membres", MEMBERS)
    secretary.types("Quorum", "2")
    secretary.presses("Créer la séance")
    secretary.reads(title)

    for one in (first, second):
        page.locator(f'input[name=request_ids][value="{one.id}"]').check()
    secretary.presses("Inscrire les dossiers cochés")
    agenda = page.locator("main table").first.locator("tbody tr")
    expect(agenda).to_have_count(2)
    was_first = first.number if first.number in agenda.nth(0).inner_text() else second.number
    agenda.nth(0).get_by_role("button", name="Descendre").click()
    expect(agenda.nth(1)).to_contain_text(was_first)
    agenda.nth(1).get_by_role("button", name="Monter").click()
    expect(agenda.nth(0)).to_contain_text(was_first)
    secretary.looks("70-ordre-du-jour")

    decides(secretary, outcome="granted_with_reserve")
    secretary.reads("quorum")
    page.goto(page.url.partition("/dossiers/")[0])
    attend(secretary, "Direction générale de l’ANCT", "Cerema")
    withdraws(secretary, "Banque des Territoires")
    decides(secretary, outcome="granted_with_reserve", votes="9")
    secretary.looks("71-voix-a-corriger")
    page.locator('[name="votes.in_favour"]').fill("2")
    secretary.presses("Enregistrer la décision")
    secretary.reads("La décision est enregistrée")
    secretary.presses("Clore la séance")
    secretary.reads("il reste à décider")
    decides(secretary, outcome="deferred")
    secretary.reads("La décision est enregistrée")
    secretary.presses("Clore la séance")
    expect(page.get_by_role("button", name="Clore la séance")).to_have_count(0)

    held = page.url
    secretary.looks("71-seance-close")
    secretary.presses("Voir et imprimer le compte rendu")
    for said in ("Produire l’accord du propriétaire", "Par un vote", "Direction générale de l’ANCT, présidence"):
        secretary.reads(said)
    secretary.looks("72-compte-rendu")
    is_a_pdf(secretary, f"{held}/compte-rendu.pdf")
    page.goto(held)
    approves(secretary, "Direction générale de l’ANCT")
    page.get_by_role("link", name=re.compile(r"^CSP-\d{4}-\d{4}$")).first.click()
    secretary.reads("À lever avant le")
    is_a_pdf(secretary, f"{page.url}/decision.pdf")


def test_the_standing_members_are_kept_in_a_list(system: System, browser: Browser) -> None:
    secretary = Person.signs_in(browser, system.endpoints["escalation"], "secretaire@cousu.test")
    secretary.page.goto(system.endpoints["escalation"] + "/comite/membres")
    name = f"Mme Essai {clock.new_id()}"
    secretary.types("Nom", name)
    secretary.types("Suppléance", "M. Suppléant")
    far = clock.now().date() + timedelta(days=500)  # no session that another test plans takes this member over
    secretary.types("En exercice à partir du", str(far))
    secretary.types("Jusqu’au", str(far))
    secretary.presses("Ajouter à la liste")
    secretary.reads(name)
    secretary.looks("74-membres")
    secretary.page.get_by_role("link", name=name).click()
    secretary.presses("Enregistrer la fiche")
    secretary.reads("La fiche est enregistrée.")


def is_a_pdf(person: Person, address: str) -> None:
    """Open a paper."""
    paper = person.page.request.get(address, timeout=FIRST_PDF)
    assert (paper.status, paper.headers["content-type"]) == (200, "application/pdf")
    assert paper.body().startswith(b"%PDF-")


def attend(person: Person, *members: str) -> None:
    """Note these members as present."""
    for member in members:
        person.page.get_by_label(member, exact=False).first.select_option(label="Présence")
    person.presses("Noter les présences")
    person.reads(f"{len(members)}\u00a0votants présents ou représentés")


def withdraws(person: Person, member: str) -> None:
    """Note that a member withdraws from the next dossier of the agenda, and go back to the session."""
    page = person.page
    page.get_by_role("link", name="Enregistrer la décision").first.click()
    page.get_by_text("Noter un déport").click()
    page.locator('[name="deport.member"]').select_option(member)
    person.presses("Noter le déport")
    person.reads(f"{member}, intérêt déclaré")
    person.looks("70-deport")
    page.goto(page.url.partition("/dossiers/")[0])


def approves(person: Person, name: str) -> None:
    """Record who approved the minutes."""
    person.page.locator("summary", has_text="Approuver le compte rendu").click()
    person.types("Nom de qui approuve", name)
    person.presses("Approuver le compte rendu")
    person.reads("Il ne change plus.")
    person.looks("73-compte-rendu-approuve")


def decides(person: Person, *, outcome: str, votes: str = "") -> None:
    """Enter the decision on the next dossier of the agenda."""
    page = person.page
    page.get_by_role("link", name="Enregistrer la décision").first.click()
    page.locator(f'input[name=outcome][value="{outcome}"]').check()
    person.types("Motif", "Projet structurant pour le bourg.")
    if outcome == "granted_with_reserve":
        page.locator("[name=reserve]").fill("Produire l’accord du propriétaire.")
        page.locator("[name=reserve_until]").fill(str(clock.now().date() + timedelta(days=365)))
        person.chooses("Assistance à maîtrise d’ouvrage publique")
        page.locator("[name=amount_cents]").fill("20 000")
    if votes:
        page.locator('input[name="votes.by_vote"][value="true"]').check()
        page.locator('[name="votes.in_favour"]').fill(votes)
    person.presses("Enregistrer la décision")
