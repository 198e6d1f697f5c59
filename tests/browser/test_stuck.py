"""From the operator's page alone: why a request is stuck, what mends it, and that it goes on."""

import asyncio
import re
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Final
from urllib.parse import urlsplit

import asyncpg
import pytest
from playwright.sync_api import Browser, Page, expect

from deploy.local.postgres import LocalPostgres
from tests.actors import Agent, Applicant, eventually
from tests.browser.people import Person
from tests.steps import a_qualified_case, a_request, evidence
from tests.system import System

pytestmark = [pytest.mark.browser, pytest.mark.journey]

OPERATOR: Final = "exploitant@cousu.test"
PATIENCE: Final = 30_000
"""Milliseconds until what an operator did must show."""
LATER: Final = """
    UPDATE inbox_held SET next_attempt_at = now() + interval '1 hour' WHERE next_attempt_at > now() + interval '6 s'
"""
"""What a service does after many attempts: it tries again rarely. Whatever is due so late is not being tried now."""


def as_administrator(system: System, database: str, *statements: str) -> str:
    """Do what a database's administrator does, by accident or to mend it; gives what came of the last."""
    port = urlsplit(system.endpoints["postgres"]).port
    assert port is not None
    url = LocalPostgres(system.folder / "postgres", port).url(database)

    async def run() -> str:
        connection = await asyncpg.connect(url)
        done = [await connection.execute(statement) for statement in statements]
        await connection.close()
        return done[-1]

    with ThreadPoolExecutor(1) as aside:  # Playwright has a loop of its own in this thread
        return aside.submit(lambda: asyncio.run(run())).result()


def does_at_last(system: System, database: str, statement: str) -> None:
    """Try until it changes the one row that it is meant for."""
    eventually(lambda: {"did": as_administrator(system, database, statement)}, lambda last: last["did"] == "UPDATE 1")


@contextmanager
def broken(system: System, database: str, harm: tuple[str, ...], repair: str) -> Iterator[Callable[[], str]]:
    """Do harm; give what repairs it, which is done in any case at the end."""
    as_administrator(system, database, *harm)
    try:
        yield lambda: as_administrator(system, database, repair)
    finally:
        as_administrator(system, database, repair)


def is_transmitted(system: System, agent: Callable[[str], Agent]) -> Applicant:
    """The département hands a request to the national team."""
    applicant = a_qualified_case(system, agent)
    proposal = {"outcome": "escalation", "motive": "Offre insuffisante.", **evidence(agent, applicant)}
    agent("sat95").does(applicant.id, "proposal", **proposal)
    agent("delegue95").does(applicant.id, "validation")
    return applicant


def opens(page: Page, number: str) -> None:
    """Ask for a request by its number."""
    page.get_by_role("link", name="Parcours", exact=True).click()
    page.get_by_label("Numéro de la demande").fill(number)
    page.get_by_label("Numéro de la demande").press("Enter")
    expect(page.get_by_role("heading", name=f"Parcours de {number}")).to_be_visible()


def test_a_request_that_a_service_cannot_apply_is_found_mended_and_goes_on(
    system: System, browser: Browser, agent: Callable[[str], Agent]
) -> None:
    harm = ("REVOKE INSERT ON escalation FROM escalation_app",)
    repair = "GRANT INSERT ON escalation TO escalation_app"
    with broken(system, "cousu_escalation", harm, repair) as repaired:
        stuck = is_transmitted(system, agent)
        person = Person.signs_in(browser, system.endpoints["operations"], OPERATOR)
        page = person.page
        opens(page, stuck.number)
        why = page.get_by_role("listitem").filter(has_text="Équipe nationale")
        expect(why).to_contain_text("n’a pas pu être appliqué", timeout=PATIENCE)
        expect(why).to_contain_text("La base refuse cette opération au service")
        expect(why).to_contain_text("Les autres demandes avancent.")
        expect(why).to_contain_text("cousu-main migrate --service escalation")
        person.looks("exploitation-demande-bloquee")

        why.get_by_role("link", name="Voir et agir").click()
        page.get_by_role("button", name="Essayer à nouveau").click()
        expect(page.get_by_role("alert")).to_contain_text("Donnez le motif")
        person.looks("exploitation-retenue")

        does_at_last(system, "cousu_escalation", LATER)  # or the service itself is quicker than the operator
        repaired()
        page.get_by_label("Motif").fill("Droits rendus au rôle du service.")
        page.get_by_role("button", name="Essayer à nouveau").click()
        page.wait_for_url(re.compile("/demandes/"))
        expect(page.get_by_text("Rien ne la bloque")).to_be_visible(timeout=PATIENCE)
        expect(page.get_by_text("Elle attend une personne")).to_contain_text(
            "Équipe nationale de l’ANCT", timeout=PATIENCE
        )

    agent("national").waits_for(stuck.id, "received")
    page.get_by_role("link", name="Actions").click()
    done = page.get_by_role("row").filter(has_text="Droits rendus au rôle du service.")
    expect(done).to_contain_text(OPERATOR)
    page.context.close()


def test_a_service_that_its_database_does_not_let_in_is_named_without_scripts_and_nothing_is_called_well(
    system: System, browser: Browser, agent: Callable[[str], Agent]
) -> None:
    roles = ("escalation_app", "escalation_operators")  # the service's, and that by which the page looks at it
    harm = (
        *(f"ALTER ROLE {role} NOLOGIN" for role in roles),
        f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename IN {roles}",
    )
    repair = "; ".join(f"ALTER ROLE {role} LOGIN" for role in roles)
    with broken(system, "postgres", harm, repair) as repaired:
        stuck = a_request(system)
        person = Person.signs_in(browser, system.endpoints["operations"], OPERATOR, scripts=False)
        page = person.page
        opens(page, stuck.number)
        person.waits_to_read("mais lui refuse l’accès")
        why = page.get_by_role("listitem").filter(has_text="Équipe nationale")
        expect(why).to_contain_text("La base de ce service fonctionne, mais lui refuse l’accès.")
        expect(page.get_by_text("Rien ne la bloque")).to_have_count(0)
        why.get_by_role("link", name="Conduite à tenir").click()
        expect(page.get_by_role("heading", name="CousuBaseRefuse")).to_be_in_viewport()
        expect(page.get_by_text("ALTER ROLE … LOGIN")).to_be_visible()
        repaired()

    agent("sat95").waits_for(stuck.id, "registered")

    def goes_on() -> bool:
        opens(page, stuck.number)
        return page.get_by_text("Rien ne la bloque").count() == 1

    for _ in range(30):
        if goes_on():
            break
        page.wait_for_timeout(1000)
    expect(page.get_by_text("Rien ne la bloque")).to_be_visible()
    page.context.close()


def test_a_mail_that_was_refused_is_found_beside_the_request_and_sent_again(
    system: System, browser: Browser, agent: Callable[[str], Agent]
) -> None:
    stuck = a_request(system)
    agent("sat95").waits_for(stuck.id, "registered")
    person = Person.signs_in(browser, system.endpoints["operations"], OPERATOR)
    page = person.page
    opens(page, stuck.number)
    expect(page.get_by_text("Rien ne la bloque")).to_be_visible(timeout=PATIENCE)
    refused = f"""
        UPDATE delivery
        SET status = 'failed', sent_at = NULL, next_attempt_at = NULL, reason = '550 5.1.1 no such user'
        WHERE id = (SELECT id FROM delivery
                    WHERE request_id = '{stuck.id}' AND audience = 'applicant' AND status = 'sent' LIMIT 1)
    """
    does_at_last(system, "cousu_notifications", refused)
    why = page.get_by_role("listitem").filter(has_text="n’est pas arrivé")
    expect(why).to_contain_text("550 5.1.1 no such user", timeout=PATIENCE)
    why.get_by_role("link", name="Voir et agir").click()
    person.looks("exploitation-courriel")
    page.get_by_label("Motif").fill("Boîte rouverte.")
    page.get_by_role("button", name="Renvoyer à cette adresse").click()
    expect(page.get_by_text("envoyé", exact=True)).to_be_visible(timeout=PATIENCE)
    page.context.close()
