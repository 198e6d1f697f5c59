"""A request is qualified and answered by somebody who never touches the mouse."""

from collections.abc import Callable
from typing import Final
from urllib.parse import urljoin

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from tests.actors import Agent
from tests.browser.people import Person
from tests.steps import a_request
from tests.system import System

pytestmark = [pytest.mark.browser, pytest.mark.journey]

FAR: Final = 150
"""More presses of the tabulator than any page asks for."""


def goes_to(page: Page, target: Locator) -> None:
    """Press the tabulator until the target has the focus, and see that it shows."""
    expect(target).to_be_visible()
    for _ in range(FAR):
        if target.evaluate("element => element === document.activeElement"):
            shown = "element => getComputedStyle(element).outlineStyle + getComputedStyle(element).boxShadow"
            assert target.evaluate(shown) != "nonenone", "the focus does not show"
            return
        page.keyboard.press("Tab")
    raise AssertionError(f"the tabulator never comes to {target}")


def presses(page: Page, name: str) -> None:
    """Go to a button or a link by the tabulator and press Enter."""
    goes_to(
        page,
        page.locator("main")
        .get_by_role("button", name=name)
        .or_(page.locator("main").get_by_role("link", name=name))
        .first,
    )
    page.keyboard.press("Enter")


def reaches_by_key(page: Page, key: str, name: str) -> None:
    """Press a key, see that it only brings to the button, and press the button."""
    page.wait_for_load_state()  # the script that listens to keys is loaded with the page
    page.keyboard.press(key)
    expect(page.get_by_role("button", name=name)).to_be_focused()
    page.keyboard.press("Enter")


def test_a_request_is_qualified_and_answered_by_the_keyboard_alone(
    system: System, browser: Browser, agent: Callable[[str], Agent]
) -> None:
    applicant = a_request(system, title="Ouvrir une halle au centre-bourg")
    number = agent("sat95").waits_for(applicant.id, "registered")["number"]
    person = Person.signs_in(browser, system.endpoints["qualification"], "sat95@cousu.test")
    page, keyboard = person.page, person.page.keyboard

    keyboard.press("/")
    keyboard.type(number)
    keyboard.press("Enter")
    page.wait_for_url("**/?*q=*")
    keyboard.press("l")
    expect(page.get_by_role("link", name="Ouvrir une halle au centre-bourg")).to_be_focused()
    keyboard.press("x")
    expect(page.get_by_role("checkbox", name=f"Choisir la demande {number}")).to_be_checked()
    keyboard.press("o")
    page.wait_for_url("**/demandes/**")

    reaches_by_key(page, "e", "Commencer l’examen")
    person.reads("En cours d’examen")
    page.wait_for_load_state()
    keyboard.press("q")
    page.wait_for_url("**/qualification*")
    for group in page.get_by_role("group").all():
        marks = group.get_by_role("radio")
        if marks.count() == 5:
            goes_to(page, marks.first)
            keyboard.press("Space")
            keyboard.press("ArrowRight")
            expect(marks.nth(1)).to_be_checked()
    offer = page.get_by_role("group", name="Offre d’ingénierie locale").get_by_role("radio")
    goes_to(page, offer.first)
    keyboard.press("Space")
    goes_to(page, page.get_by_label("Votre avis"))
    keyboard.type("Besoin avéré, sans ingénierie dans la commune.")
    presses(page, "Enregistrer la qualification")
    person.reads("Le besoin est qualifié")

    goes_to(page, page.locator('a[href*="/proposition/refusal"]'))
    keyboard.press("Enter")
    page.wait_for_url("**/proposition/refusal*")
    goes_to(page, page.get_by_label("Motif"))
    keyboard.type("Le projet est déjà accompagné.")
    presses(page, "Proposer cette réponse")
    person.reads("Proposition à valider")
    validates_by_keyboard(Person.signs_in(browser, system.endpoints["qualification"], "delegue95@cousu.test"), number)


def validates_by_keyboard(chief: Person, number: str) -> None:
    """Find the proposal in the list, read it once more, and validate it."""
    chief.page.goto(urljoin(chief.page.url, "/a-valider"))
    chief.page.keyboard.press("l")
    for _ in range(chief.page.locator("table.list tbody tr").count()):
        if number in chief.page.locator("tr:focus-within").inner_text():
            break
        chief.page.keyboard.press("j")
    chief.page.keyboard.press("o")
    chief.page.wait_for_url("**/demandes/**")
    chief.reads(number)
    chief.page.keyboard.press("v")
    chief.page.wait_for_url("**/validation*")
    presses(chief.page, "Valider cette réponse")
    chief.reads("Refusée")


def test_keys_of_a_list_act_only_within_it_and_can_be_switched_off(
    system: System, browser: Browser, agent: Callable[[str], Agent]
) -> None:
    for title in ("Première demande", "Seconde demande"):
        agent("sat95").waits_for(a_request(system, title=title).id, "registered")
    person = Person.signs_in(browser, system.endpoints["qualification"], "sat95@cousu.test")
    page, keyboard = person.page, person.page.keyboard
    page.goto(f"{system.endpoints['qualification']}/?sort=-opened_at")
    links = page.locator("table.list tbody th a")

    keyboard.press("j")
    keyboard.press("x")
    expect(page.locator("table.list input:checked")).to_have_count(0)
    keyboard.press("l")
    expect(links.nth(0)).to_be_focused()
    keyboard.press("j")
    expect(links.nth(1)).to_be_focused()
    keyboard.press("k")
    keyboard.press("k")
    expect(links.nth(0)).to_be_focused()

    keyboard.press("?")
    expect(page.get_by_role("dialog")).to_contain_text("Ligne suivante de la liste")
    person.looks("20-raccourcis")
    page.get_by_label("Utiliser les raccourcis sur cet appareil").uncheck()
    keyboard.press("Escape")
    links.nth(0).focus()
    keyboard.press("j")
    expect(links.nth(0)).to_be_focused()
    page.reload()
    keyboard.press("l")
    expect(page.locator("table.list a:focus")).to_have_count(0)
