"""The département's pages on a small screen, and what an agent finds in a case at a glance."""

from collections.abc import Callable

import pytest
from playwright.sync_api import Browser, expect

from tests.actors import Agent
from tests.browser.people import Person
from tests.chromium import NARROW
from tests.steps import a_link_by_mail, a_qualified_case, a_request
from tests.system import System

pytestmark = [pytest.mark.browser, pytest.mark.journey]


def test_a_small_screen_shows_the_case_and_not_the_queue_beside_it(
    system: System, browser: Browser, agent: Callable[[str], Agent]
) -> None:
    applicant = a_request(system, title="Rouvrir le café du village")
    agent("sat95").waits_for(applicant.id, "registered")
    person = Person.signs_in(browser, system.endpoints["qualification"], "sat95@cousu.test")
    for filters in ("", "?q=rien-de-tel"):
        person.page.goto(f"{system.endpoints['qualification']}/demandes/{applicant.id}{filters}")
        expect(person.page.locator(".desk-left")).to_be_visible()
        person.page.set_viewport_size(NARROW)
        expect(person.page.locator(".desk-left")).to_be_hidden()
        expect(person.page.get_by_role("heading", level=1)).to_be_in_viewport()
        person.looks("21-dossier")


def test_the_parts_of_a_case_are_one_press_away(
    system: System, browser: Browser, agent: Callable[[str], Agent]
) -> None:
    applicant = a_request(system, title="Rouvrir le café du village")
    agent("sat95").waits_for(applicant.id, "registered")
    person = Person.signs_in(browser, system.endpoints["qualification"], "sat95@cousu.test")
    person.page.goto(f"{system.endpoints['qualification']}/demandes/{applicant.id}")
    person.page.get_by_role("link", name="Messages (0)").click()
    expect(person.page.get_by_role("heading", name="Messages avec le demandeur")).to_be_in_viewport()
    person.page.get_by_role("link", name="Notes internes (0)").click()
    expect(person.page.get_by_role("heading", name="Notes internes")).to_be_in_viewport()


def test_an_agent_replaces_the_link_of_a_provider_who_is_then_told_whom_to_ask(
    system: System, browser: Browser, agent: Callable[[str], Agent]
) -> None:
    applicant = a_qualified_case(system, agent)
    provider = agent("sat95").at.get(f"/cases/{applicant.id}/matches")["items"][0]
    chosen = {"motive": "Compétent.", "provider_id": provider["provider_id"]}
    agent("sat95").does(applicant.id, "proposal", outcome="local_orientation", **chosen)
    agent("delegue95").does(applicant.id, "validation")
    link = a_link_by_mail(system, applicant.number, "/orientations/")
    visitor = Person.sits_down(browser)
    visitor.page.goto(link)
    visitor.page.get_by_text("Je ne peux pas répondre").click()
    visitor.types("Pour quelle raison", "Équipe complète jusqu’en mars.")
    person = Person.signs_in(browser, system.endpoints["qualification"], "sat95@cousu.test")
    person.page.goto(f"{system.endpoints['qualification']}/demandes/{applicant.id}")
    person.form("lien-acteur")
    person.looks("25-lien-acteur")
    person.sends("lien-acteur", email="direction@caue.test")
    person.reads("Un nouveau lien est envoyé.")
    visitor.presses("Décliner")
    visitor.reads("Ce lien n’est plus valable")
    visitor.reads("Équipe complète jusqu’en mars.")
    visitor.reads("anct95@val-doise.gouv.fr")
    visitor.complaints.clear()  # the browser says that the page is not found
    visitor.looks("26-lien-repris")
