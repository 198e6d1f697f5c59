"""What people write crosses with the request and is read there; what is too much is kept on the page and explained."""

from collections.abc import Callable

import pytest
from playwright.sync_api import Browser, expect

from shared.allowance import Allowance
from tests.actors import Agent, Applicant, eventually
from tests.browser.people import Person
from tests.steps import a_qualified_case, evidence
from tests.system import System

pytestmark = [pytest.mark.browser, pytest.mark.journey]

People = Callable[[str], Agent]
LONG = "Le plan du bourg et ses annexes. " * 20


def has_written(applicant: Applicant, agent: People, count: int, text: str = "Une précision.") -> list[str]:
    """The applicant wrote so many messages, and the département has them; gives their beginnings."""
    for number in range(count):
        applicant.does("messages", text=f"Message n° {number}. {text}")
    eventually(lambda: agent("sat95").sees(applicant.id), lambda case: len(case["messages"]) == count)
    return [f"Message n° {number}." for number in range(count)]


@pytest.mark.parametrize(
    ("outcome", "reader", "service"), [("escalation", "national", "escalation"), ("transfer", "sat78", "qualification")]
)
def test_what_the_applicant_wrote_is_read_where_the_request_goes(
    system: System, browser: Browser, agent: People, outcome: str, reader: str, service: str
) -> None:
    applicant = a_qualified_case(system, agent)
    texts = has_written(applicant, agent, 12, LONG)
    more = evidence(agent, applicant) if outcome == "escalation" else {"departement": "78"}
    agent("sat95").does(applicant.id, "proposal", outcome=outcome, motive="Au vu du dossier.", **more)
    agent("delegue95").does(applicant.id, "validation")
    agent(reader).waits_for(applicant.id, "received" if outcome == "escalation" else "registered")
    person = Person.signs_in(browser, system.endpoints[service], f"{reader}@cousu.test")
    person.page.goto(f"{system.endpoints[service]}/demandes/{applicant.id}")
    for text in texts:
        expect(person.page.get_by_text(text)).to_have_count(1)
    person.looks(f"60-echanges-{outcome}")


def test_a_text_too_many_stays_on_the_page_with_its_reason(system: System, browser: Browser, agent: People) -> None:
    applicant = a_qualified_case(system, agent)
    has_written(applicant, agent, Allowance().texts_a_day)
    secretary = Person.sits_down(browser)
    secretary.page.goto(applicant.tracking_url)
    secretary.sends("messages", text="Un texte à ne pas perdre.")
    secretary.reads("envoyez-le demain")
    expect(secretary.form("messages").locator("[name=text]")).to_have_value("Un texte à ne pas perdre.")
    secretary.looks("61-trop-de-messages")
