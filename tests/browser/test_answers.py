"""What a département answers, at a screen: proposed by one, validated by another, read by the collectivité."""

import io

import pytest
from playwright.sync_api import Browser
from pypdf import PdfReader

from tests.actors import Applicant
from tests.browser.people import Person
from tests.steps import People, a_body, a_link_by_mail, a_qualified_case
from tests.system import System

pytestmark = [pytest.mark.browser, pytest.mark.journey]

CONTACT: str = a_body()["contact"]["email"]


def test_a_provider_accepts_by_his_link_what_was_rejected_once(system: System, browser: Browser, agent: People) -> None:
    sat, delegate = (signs_in(browser, system, who) for who in ("sat95", "delegue95"))
    applicant = a_qualified_case(system, agent)
    proposes(sat, system, applicant, "local_orientation", provider="Banque des Territoires")
    opens(delegate, system, applicant)
    delegate.sends("rejet", motive="Le CAUE est plus proche.")
    delegate.reads("La proposition n’est pas validée")
    opens(sat, system, applicant)
    sat.reads("Le CAUE est plus proche.")
    proposes(sat, system, applicant, "local_orientation", provider="CAUE")
    sat.looks("85-orientation-proposee")
    validates(delegate, system, applicant)

    provider = Person.sits_down(browser, scripts=False)
    provider.page.goto(a_link_by_mail(system, applicant.number, "/orientations/"))
    assert CONTACT not in provider.page.locator("main").inner_text()
    provider.presses("Accompagner cette collectivité")
    provider.reads(CONTACT)
    follows = Person.sits_down(browser)
    follows.page.goto(applicant.tracking_url)
    follows.waits_to_read("CAUE")
    follows.looks("86-acteur-qui-accompagne")


@pytest.mark.parametrize(
    ("outcome", "chosen", "told"),
    [
        ("local_support", {"amount_cents": "10 000"}, "10\u00a0000"),
        ("programme", {"programme": "petites_villes_de_demain"}, "Petites Villes de Demain"),
        ("refusal", {}, "tribunal administratif"),
        ("transfer", {"departement": "78"}, "78"),
    ],
)
def test_an_answer_is_proposed_validated_and_read_with_its_motive(
    system: System, browser: Browser, agent: People, outcome: str, chosen: dict[str, str], told: str
) -> None:
    sat, delegate = (signs_in(browser, system, who) for who in ("sat95", "delegue95"))
    applicant = a_qualified_case(system, agent)
    opens(sat, system, applicant)
    sat.page.locator(f'a[href*="/proposition/{outcome}"]').click()
    sat.presses("Proposer cette réponse")
    sat.reads("à corriger")
    sat.looks(f"87-{outcome}-a-corriger")
    proposes(sat, system, applicant, outcome, **chosen)
    validates(delegate, system, applicant)
    follows = Person.sits_down(browser)
    follows.page.goto(applicant.tracking_url)
    follows.waits_to_read("Au vu du dossier.")
    follows.reads(told)
    follows.looks(f"88-{outcome}-lue")
    letter = follows.page.locator('#courriers a[href*="/courriers/"]').get_attribute("href")
    printed = follows.page.request.get(f"{system.endpoints['intake']}{letter}")
    words = " ".join(page.extract_text() for page in PdfReader(io.BytesIO(printed.body())).pages)
    assert "Camille Aubertin" in words, "the délégué of the Val-d'Oise signs"
    assert "Au vu du dossier." in words


def signs_in(browser: Browser, system: System, who: str) -> Person:
    """Sit down at the département's service."""
    return Person.signs_in(browser, system.endpoints["qualification"], f"{who}@cousu.test")


def opens(person: Person, system: System, applicant: Applicant) -> None:
    """Open the case."""
    person.page.goto(f"{system.endpoints['qualification']}/demandes/{applicant.id}")


def proposes(sat: Person, system: System, applicant: Applicant, outcome: str, **chosen: str) -> None:
    """Fill in the form of an answer, and propose it."""
    opens(sat, system, applicant)
    sat.page.locator(f'a[href*="/proposition/{outcome}"]').last.click()
    for name, value in chosen.items():
        match name:
            case "provider":
                sat.page.get_by_role("radio", name=value).check()
            case "programme":
                sat.page.locator(f"[name=programme][value={value}]").check()
            case "departement":
                sat.page.locator("[name=departement]").select_option(value)
            case _:
                sat.page.locator(f"[name={name}]").fill(value)
    if outcome == "local_support":
        sat.page.locator("[name=support_types]").first.check()
    sat.page.locator("[name=motive]").fill("Au vu du dossier.")
    sat.presses("Proposer cette réponse")
    sat.reads("Votre proposition est enregistrée")


def validates(delegate: Person, system: System, applicant: Applicant) -> None:
    """Find it among what awaits them, and validate it."""
    delegate.page.goto(f"{system.endpoints['qualification']}/a-valider")
    delegate.page.locator(f'main a[href*="{applicant.id}"]').first.click()
    delegate.presses("Valider cette réponse")
    delegate.page.wait_for_url("**/validation*")
    delegate.reads("Elle ne peut plus être reprise")
    delegate.presses("Valider cette réponse")
    delegate.reads("La réponse est validée")
