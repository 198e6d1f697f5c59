"""The form as people fill it in: with errors, back and forth, on two computers, on a phone without scripts."""

import re

import pytest
from playwright.sync_api import Browser, FilePayload, expect

from tests.actors import eventually
from tests.browser.people import Person
from tests.chromium import NARROW
from tests.system import System

pytestmark = [pytest.mark.browser, pytest.mark.journey]

PLAN: FilePayload = {"name": "plan du bourg.pdf", "mimeType": "application/pdf", "buffer": b"%PDF-1.7\n%%EOF\n"}
PROGRAM: FilePayload = {"name": "calcul.exe", "mimeType": "application/octet-stream", "buffer": b"MZ\x90\x00"}
GO_ON = "Enregistrer et continuer"
STORY = "La halle fuit, et la commune n’a pas d’architecte."

ASKED = (
    ("tailored_support", ("Ingénierie de projet", "Mobilité", "Habitat"), ("Concertation", "France Services")),
    ("territorial_project", ("Analyse territoriale", "Processus de concertation"), ("Mobilité", "France Services")),
    ("territorial_pact", ("Budget estimé",), ("Mobilité", "Types d’accompagnement", "France Services")),
    ("programme", ("France Services", "Petites Villes de Demain"), ("Mobilité", "Types d’accompagnement")),
)
"""What is asked for → questions that go with it, and some that do not."""


def begins(browser: Browser, system: System, *, scripts: bool = True) -> Person:
    """Open the site and begin a draft."""
    person = Person.sits_down(browser, scripts=scripts)
    person.page.goto(system.endpoints["intake"] + "/")
    person.presses("Commencer une demande")
    person.page.wait_for_url("**/collectivite")
    return person


def goes_to(person: Person, step: str) -> None:
    """Open one page of the form by its address."""
    person.page.goto(f"{person.page.url.rpartition('/')[0]}/{step}")


def leaves_and_comes_back(person: Person, typed: str) -> None:
    """Follow a link out of the form, and come back once what was typed has been kept."""
    draft = person.page.url
    person.page.get_by_role("link", name="Suivre une demande").first.click()
    person.page.wait_for_url("**/suivi")
    eventually(lambda: {"draft": person.page.request.get(draft).text()}, lambda kept: typed in kept["draft"])
    person.page.go_back()
    expect(person.page.get_by_label("Description du projet")).to_have_value(typed)


def test_what_is_typed_is_kept_though_one_leaves_while_it_is_being_saved(system: System, browser: Browser) -> None:
    person = begins(browser, system)
    goes_to(person, "projet")
    person.page.evaluate("() => { window.fetch = () => { window.saves = true; return new Promise(() => {}); }; }")
    person.types("Description du projet", STORY)
    eventually(lambda: {"saves": person.page.evaluate("window.saves")}, lambda page: page["saves"] is True)
    leaves_and_comes_back(person, STORY)


def test_what_is_typed_survives_leaving_coming_back_and_lost_cookies(system: System, browser: Browser) -> None:
    person = begins(browser, system)
    page = person.page
    goes_to(person, "projet")
    person.types("Intitulé du projet", "Réparer la halle")
    person.types("Description du projet", STORY)
    leaves_and_comes_back(person, STORY)  # sooner than it is saved
    page.reload()
    expect(page.get_by_label("Intitulé du projet")).to_have_value("Réparer la halle")

    person.types("Intitulé du projet", "")
    person.presses(GO_ON)
    expect(page.get_by_role("alert").first).to_contain_text("Donnez un intitulé")
    expect(page.get_by_label("Description du projet")).to_have_value(STORY)
    person.types("Intitulé du projet", "Réparer la halle du marché")
    page.context.clear_cookies()
    person.presses(GO_ON)
    page.wait_for_url("**/besoin")  # which the next question depends on
    page.go_back()
    expect(page.get_by_label("Intitulé du projet")).to_have_value("Réparer la halle du marché")


def test_a_draft_is_resumed_on_another_computer_and_two_fill_it_in(system: System, browser: Browser) -> None:
    secretary = begins(browser, system)
    secretary.chooses("Commune")
    secretary.presses(GO_ON)
    secretary.page.get_by_text("Reprendre plus tard").click()
    secretary.looks("30-reprendre-plus-tard")
    link = secretary.page.locator('details a[href*="/demande/"]').inner_text()

    mayor = Person.sits_down(browser)
    mayor.page.goto(link)
    mayor.page.wait_for_url("**/territoire")
    goes_to(mayor, "projet")
    mayor.types("Intitulé du projet", "Réparer la halle")
    mayor.types("Description du projet", STORY)
    mayor.presses(GO_ON)
    secretary.types("Nom de la commune", "95355")
    secretary.page.get_by_role("option", name=re.compile("Magny-en-Vexin")).click()
    secretary.presses(GO_ON)
    secretary.page.wait_for_url("**/contact")
    for person in (secretary, mayor):
        goes_to(person, "recapitulatif")
        person.reads("Magny-en-Vexin")
        person.reads(STORY)
        person.reads("Il manque encore quelque chose")
        expect(person.page.get_by_role("button", name="Déposer la demande")).to_have_count(0)
    secretary.looks("31-recapitulatif-incomplet")

    stranger = Person.sits_down(browser)
    stranger.page.goto(link[:-4])
    stranger.reads("Ce brouillon est introuvable")
    expect(stranger.page.get_by_role("button", name="Commencer une nouvelle demande")).to_be_visible()


@pytest.mark.parametrize(("kind", "asked", "not_asked"), ASKED)
def test_each_kind_of_request_asks_its_own_questions(
    system: System, browser: Browser, kind: str, asked: tuple[str, ...], not_asked: tuple[str, ...]
) -> None:
    person = begins(browser, system)
    goes_to(person, "besoin")
    person.page.locator(f"input[value={kind}]").check()
    person.presses(GO_ON)
    goes_to(person, "precisions")
    for label in asked:
        expect(person.page.get_by_label(label).or_(person.page.get_by_role("group", name=label)).first).to_be_visible()
    for label in not_asked:
        expect(person.page.get_by_label(label).or_(person.page.get_by_role("group", name=label))).to_have_count(0)
    person.looks(f"32-precisions-{kind}")


def test_a_phone_without_scripts_files_for_a_priority_territory(system: System, browser: Browser) -> None:
    person = begins(browser, system, scripts=False)
    page = person.page
    page.set_viewport_size(NARROW)
    person.chooses("Territoire prioritaire")
    person.presses(GO_ON)
    person.types("Nom du territoire", "Boucle de la Seine et de l’Oise")
    person.types("Communes qu’il recouvre", "Cergy\nSaint-Ouen\nConflans-Sainte-Honorine")
    person.presses(GO_ON)
    expect(page.get_by_role("alert").first).to_contain_text("Saint-Ouen-l’Aumône, Val-d’Oise (95572)")
    person.types("Communes qu’il recouvre", "Cergy\n95572\nConflans-Sainte-Honorine")
    person.presses(GO_ON)
    person.chooses("Yvelines (78)")
    person.presses(GO_ON)
    for label, text in (
        ("Prénom et nom", "Cabinet de la mairie"),
        ("Fonction", "Chargée de mission"),
        ("Adresse électronique", "boucle@cousu.test"),
    ):
        person.types(label, text)
    person.presses(GO_ON)
    person.chooses("Un programme d’intervention")
    person.presses(GO_ON)
    person.types("Intitulé du projet", "Des services près de chez soi")
    person.types("Description du projet", STORY)
    person.presses(GO_ON)
    person.types("Budget estimé", "vingt mille")
    person.types("Démarrage souhaité", "2020-01-01")
    person.presses(GO_ON)
    expect(page.get_by_role("alert").first).to_contain_text("3 points sont à corriger")
    person.chooses("France Services")
    person.types("Budget estimé", "20 000")
    person.types("Démarrage souhaité", "")
    person.presses(GO_ON)
    page.locator("input[type=file]").set_input_files([PLAN, PROGRAM])
    person.presses(GO_ON)
    expect(page.get_by_role("alert").first).to_contain_text("calcul.exe")
    person.reads("Les autres fichiers sont joints.")
    person.presses(GO_ON)

    for said in ("Cergy (95127)", "Saint-Ouen-l’Aumône (95572)", "Yvelines", "France Services", "plan du bourg.pdf"):
        person.reads(said)
    person.presses("Déposer la demande")
    person.reads("Votre demande est déposée")
    number = re.search(r"78-\d{4}-\d{6}", page.locator("main").inner_text())
    assert number
    page.go_back()
    person.reads("Votre demande est déposée")
    person.presses("Ouvrir la page de suivi")
    person.reads(number.group())
    person.reads("plan du bourg.pdf")
