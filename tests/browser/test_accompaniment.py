"""While the work goes on, the collectivité and the provider say from their pages how it goes; a closed link says so."""

import pytest
from playwright.sync_api import Browser, expect

from tests.actors import eventually
from tests.browser.people import Person
from tests.journeys.test_accompaniment import FUTURE, PAST
from tests.steps import People, a_decided_request
from tests.system import System

pytestmark = [pytest.mark.browser, pytest.mark.journey]


def test_the_collectivite_and_the_provider_say_how_the_work_goes(
    system: System, browser: Browser, agent: People
) -> None:
    national = agent("national")
    applicant = a_decided_request(system, agent, "granted")
    order = national.does(applicant.id, "mobilisations", kind="external", resource="Atelier des Bourgs")
    national.does(applicant.id, "accompaniment", starts_on=PAST, ends_on=FUTURE)
    national.does(applicant.id, "milestones", title="Diagnostic remis", due_on=FUTURE)
    eventually(applicant.sees, lambda seen: bool(seen["milestones"]))

    secretary = Person.sits_down(browser)
    secretary.page.goto(applicant.tracking_url)
    secretary.sends("avancement", text="Le conseil a délibéré.")
    secretary.reads("liront où en est le projet")
    form = secretary.form("avancement")
    form.locator('[name="avancement.milestone_id"]').select_option(label="Diagnostic remis")
    secretary.sends("avancement", text="Deux réunions tenues.", percent="40")
    expect(secretary.page.locator("#fil")).to_contain_text("Avancement – Diagnostic remis – 40\u00a0%")
    secretary.looks("75-accompagnement-vu-du-demandeur")

    invitation = f"mobilisations/{order['created']}/invitation"
    first, second = [
        national.does(applicant.id, invitation, email="contact@atelier.test")["provider_url"] for _ in range(2)
    ]
    provider = Person.sits_down(browser, scripts=False)
    provider.page.goto(second)
    provider.sends("avancement", text="Entretiens faits.", percent="30")
    provider.reads("L’avancement est enregistré")
    late = Person.sits_down(browser)
    answer = late.page.goto(first)
    assert answer
    assert answer.status == 404
    late.reads("Ce lien est fermé")
    late.complaints.clear()  # the browser tells of the 404
    late.looks("76-lien-ferme")

    follows = Person.signs_in(browser, system.endpoints["escalation"], "national@cousu.test")
    follows.page.goto(f"{system.endpoints['escalation']}/demandes/{applicant.id}")
    for told in ("Deux réunions tenues.", "pour la collectivité, Diagnostic remis", "Entretiens faits."):
        follows.waits_to_read(told)
