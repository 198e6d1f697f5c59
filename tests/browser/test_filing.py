"""Filing a request by the keyboard alone, and by an agent for a collectivité that phones."""

import re

import pytest
from playwright.sync_api import Browser, FilePayload, expect

from tests.browser.people import Person
from tests.system import System

pytestmark = [pytest.mark.browser, pytest.mark.journey]

PLAN: FilePayload = {"name": "plan de la place.pdf", "mimeType": "application/pdf", "buffer": b"%PDF-1.7\n%%EOF\n"}
PROGRAM: FilePayload = {"name": "calcul.exe", "mimeType": "application/octet-stream", "buffer": b"MZ\x90\x00"}
GO_ON = "Enregistrer et continuer"

LABEL = """
() => {
  const here = document.activeElement;
  const named = here.labels?.length ? here.labels[0] : here;
  return (named.innerText || here.getAttribute("aria-label") || "").trim();
}
"""


def tabs_to(person: Person, label: str) -> None:
    """Press Tab until what has this label has the focus."""
    for _ in range(60):
        person.page.keyboard.press("Tab")
        if person.page.evaluate(LABEL).startswith(label):
            return
    raise AssertionError(f"Tab never comes to «{label}» on {person.page.url}")


def answers(person: Person, *typed: tuple[str, str]) -> None:
    """Go to each field, write, and go on."""
    for label, text in typed:
        tabs_to(person, label)
        person.page.keyboard.type(text)
    goes_on(person)


def goes_on(person: Person) -> None:
    """Press the one button of the page."""
    before = person.page.url
    tabs_to(person, GO_ON)
    person.page.keyboard.press("Enter")
    expect(person.page).not_to_have_url(before)
    person.page.wait_for_load_state()


def ticks(person: Person, *labels: str) -> None:
    """Tick boxes or choices."""
    for label in labels:
        tabs_to(person, label)
        person.page.keyboard.press("Space")


def test_the_keyboard_alone_suffices_for_filing_a_request(system: System, browser: Browser) -> None:
    person = Person.sits_down(browser)
    page, keys = person.page, person.page.keyboard
    page.goto(system.endpoints["intake"] + "/")
    keys.press("Tab")
    assert page.evaluate(LABEL) == "Aller au contenu"
    tabs_to(person, "Commencer une demande")
    keys.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_contain_text("Qui fait la demande")
    ticks(person, "Commune")
    goes_on(person)

    tabs_to(person, "Nom de la commune")
    keys.type("vetheu")
    expect(page.get_by_role("option", name=re.compile("Vétheuil"))).to_be_visible()
    keys.press("ArrowDown")
    keys.press("Enter")
    goes_on(person)

    for label, text in (("Prénom et nom", "Cabinet de la mairie"), ("Fonction", "Secrétaire de mairie")):
        tabs_to(person, label)
        keys.type(text)
    tabs_to(person, GO_ON)
    keys.press("Enter")
    expect(page.get_by_role("alert").first).to_be_focused()
    tabs_to(person, "Adresse électronique")
    keys.press("Enter")
    expect(page.get_by_label("Adresse électronique")).to_be_focused()
    keys.type("mairie@vetheuil.test")
    goes_on(person)

    ticks(person, "Un soutien cousu-main")
    goes_on(person)
    answers(
        person, ("Intitulé du projet", "Refaire la place du marché"), ("Description du projet", "La place est vide.")
    )
    ticks(person, "Ingénierie de projet", "Mobilité")
    answers(person, ("Budget estimé du projet", "25 000"))

    with page.expect_file_chooser() as chooser:  # begins early: the browser learns of it beside the next orders
        tabs_to(person, "Choisir des fichiers")
        keys.press("Space")
    chooser.value.set_files([PLAN, PROGRAM])
    tabs_to(person, "Joindre et rester sur cette page")
    keys.press("Enter")
    expect(page.get_by_role("alert").first).to_be_focused()
    expect(page.get_by_role("alert").first).to_contain_text("calcul.exe")
    person.looks("20-documents-du-formulaire")
    goes_on(person)

    person.reads("plan de la place.pdf")
    tabs_to(person, "Déposer la demande")
    keys.press("Enter")
    person.reads("Votre demande est déposée")
    tabs_to(person, "Ouvrir la page de suivi")
    keys.press("Enter")
    person.reads("Refaire la place du marché")
    tabs_to(person, "plan de la place.pdf")


def test_an_agent_files_for_a_collectivite_that_phones(system: System, browser: Browser) -> None:
    agent = Person.signs_in(browser, system.endpoints["qualification"], "sat95@cousu.test")
    page = agent.page
    page.goto(system.endpoints["qualification"] + "/deposer")
    agent.looks("21-deposer-pour")
    agent.presses("Commencer la demande")
    page.wait_for_url(system.endpoints["intake"] + "/**")
    agent.reads("Vous déposez au nom de la collectivité")
    agent.looks("22-deposer-pour-question")
    agent.chooses("Commune")
    agent.presses(GO_ON)
    page.get_by_label("Nom de la commune").fill("95355")
    agent.presses(GO_ON)
    for label, text in (
        ("Prénom et nom", "Cabinet de la mairie"),
        ("Fonction", "Maire"),
        ("Adresse électronique", "mairie@magny.test"),
    ):
        agent.types(label, text)
    agent.presses(GO_ON)
    agent.chooses("Un soutien cousu-main")
    agent.presses(GO_ON)
    agent.types("Intitulé du projet", "Sauver le cinéma")
    agent.types("Description du projet", "Appel du maire : la salle ferme.")
    for _ in range(3):
        agent.presses(GO_ON)
    agent.looks("23-deposer-pour-recapitulatif")
    agent.presses("Déposer la demande")
    agent.reads("La demande est déposée")
    agent.looks("24-deposee-pour")
    expect(page.locator('a[href*="/suivi/"]')).to_have_count(0)
    found = re.search(r"95-\d{4}-\d{6}", page.locator("main").inner_text())
    assert found
    agent.waits_to_find(found.group(), system.endpoints["qualification"])
    agent.reads("Sauver le cinéma")
