"""The département's pages on a small screen, and what an agent finds in a case at a glance."""

from collections.abc import Callable

import pytest
from playwright.sync_api import Browser, expect

from tests.browser.people import NARROW, Person
from tests.journeys.people import Agent
from tests.journeys.steps import a_request
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
