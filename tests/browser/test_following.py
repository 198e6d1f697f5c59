"""What an applicant does after filing: answers, joins, invites a colleague, finds the link again, gives up."""

import re
from collections.abc import Callable
from urllib.parse import urljoin

import pytest
from playwright.sync_api import Browser, FilePayload, expect

from shared.french.dates import date_fr
from tests.actors import Agent, Applicant, Json, eventually
from tests.browser.people import Person
from tests.steps import IN_A_MONTH, a_request, an_examined_case
from tests.system import System

pytestmark = [pytest.mark.browser, pytest.mark.journey]

PLAN: FilePayload = {"name": "plan du bourg.pdf", "mimeType": "application/pdf", "buffer": b"%PDF-1.7\n%%EOF\n"}

FIRST_PDF = 120_000
"""Milliseconds that the first document of a service may take on a busy machine: it loads its maker."""


def opens(browser: Browser, link: str) -> Person:
    """Open somebody's link in a browser of their own."""
    person = Person.sits_down(browser)
    person.page.goto(link)
    return person


def link_in_mail(system: System, applicant: Applicant, subject: str) -> str:
    """Wait for a mail about the request and take the tracking link out of it."""
    found: list[str] = []

    def ask() -> Json:
        mails = [mail for mail in system.mails(applicant.number) if subject in mail["subject"]]
        found[:] = [link for mail in mails for link in re.findall(r"http\S+/suivi/[\w-]+", str(mail.get("text")))]
        return {"mails": [mail["subject"] for mail in mails]}

    eventually(ask, lambda _: bool(found))
    return found[-1]


def test_what_the_departement_asks_for_is_answered_with_its_documents(
    system: System, browser: Browser, agent: Callable[[str], Agent]
) -> None:
    applicant = an_examined_case(system, agent)
    agent("sat95").does(applicant.id, "messages", text="Pouvez-vous nous envoyer le plan ?")
    agent("sat95").does(applicant.id, "information-request", items=["Le plan du bourg"], until=str(IN_A_MONTH))
    applicant.sees_status("awaiting_information")
    secretary = opens(browser, applicant.tracking_url)
    page = secretary.page
    for said in ("C’est à vous", "Le plan du bourg", date_fr(IN_A_MONTH), "2 messages non lus"):
        secretary.reads(said)
    secretary.looks("40-informations-demandees")
    secretary.presses("Marquer comme lus")
    secretary.reads("Les messages sont marqués comme lus.")
    expect(page.get_by_text("Non lu", exact=True)).to_have_count(0)

    answer = secretary.form("informations")
    answer.locator("input[type=file]").set_input_files([PLAN])
    answer.locator("button").click()
    expect(page.get_by_role("alert").first).to_be_focused()
    secretary.reads("Vos documents sont ajoutés.")
    secretary.sends("informations", text="Le plan est joint.")
    secretary.reads("Le service départemental reprend l’examen")
    link = page.get_by_role("link", name="plan du bourg.pdf")
    with page.expect_download() as download:
        link.click()
    assert download.value.path().read_bytes() == PLAN["buffer"]

    examiner = Person.signs_in(browser, system.endpoints["qualification"], "sat95@cousu.test")
    examiner.waits_to_find(applicant.number, system.endpoints["qualification"])
    examiner.waits_to_read("plan du bourg.pdf")
    address = examiner.page.get_by_role("link", name="plan du bourg.pdf").first.get_attribute("href")
    given = examiner.page.request.get(urljoin(examiner.page.url, address))
    assert given.body() == PLAN["buffer"]
    other = a_request(system).tracking_url
    taken = page.request.get(f"{other}/{'/'.join((link.get_attribute('href') or '').split('/')[-2:])}")
    assert taken.status == 404


def test_the_acknowledgement_comes_by_mail_and_as_a_document(system: System, browser: Browser) -> None:
    applicant = a_request(system)
    secretary = opens(browser, link_in_mail(system, applicant, "Accusé de réception"))
    secretary.reads(applicant.number)
    document = secretary.page.request.get(f"{applicant.tracking_url}/accuse-de-reception.pdf", timeout=FIRST_PDF)
    assert document.headers["content-type"] == "application/pdf"
    assert document.body().startswith(b"%PDF-")
    secretary.page.get_by_role("link", name="Version à imprimer").click()
    secretary.reads(f"Demande {applicant.number}, imprimée le")
    secretary.looks("41-a-imprimer")


def test_a_colleague_follows_by_a_link_of_his_own_until_it_is_taken_back(system: System, browser: Browser) -> None:
    applicant = a_request(system)
    stranger = opens(browser, applicant.tracking_url)
    stranger.sends("collegues", name="Sacha Morel", email="urbanisme@cousu.test")
    stranger.reads("Des invitations attendent")
    stranger.looks("42-invitation-en-attente")
    stranger.presses("Retirer l’accès")
    mailed = link_in_mail(system, applicant, "Accusé de réception")
    secretary = opens(browser, mailed)
    secretary.sends("collegues", name="Sacha Morel", email="pas une adresse")
    expect(secretary.page.get_by_role("alert").first).to_contain_text("Adresse électronique")
    expect(secretary.page.get_by_label("Prénom et nom du collègue")).to_have_value("Sacha Morel")
    secretary.sends("collegues", name="Sacha Morel", email="urbanisme@cousu.test")
    secretary.reads("L’invitation est envoyée")
    secretary.looks("42-collegue-invite")

    own = link_in_mail(system, applicant, "Invitation")
    colleague = opens(browser, own)
    colleague.reads("Vous suivez cette demande à l’invitation de Secrétariat de mairie")
    colleague.sends("messages", text="Je suis le plan local d’urbanisme.")
    colleague.reads("Votre message est envoyé.")
    expect(colleague.page.locator('form[action$="/retrait"]')).to_have_count(0)
    colleague.looks("43-page-du-collegue")
    secretary.page.reload()
    secretary.reads("Message de Sacha Morel au service départemental")
    secretary.presses("Retirer l’accès")
    secretary.reads("ce lien n’ouvre plus rien")
    colleague.page.reload()
    colleague.reads("Ce lien n’ouvre aucune demande")


def test_a_lost_link_is_sent_again_and_the_old_one_ends_when_it_is_opened(system: System, browser: Browser) -> None:
    applicant = a_request(system)
    secretary = Person.sits_down(browser)
    page = secretary.page
    page.goto(system.endpoints["intake"] + "/suivi")
    secretary.presses("Recevoir un nouveau lien")
    expect(page.get_by_role("alert").first).to_contain_text("Écrivez le numéro de la demande")
    secretary.looks("44-lien-perdu")
    for email in ("autre@cousu.test", "mairie@magny.test"):
        page.goto(system.endpoints["intake"] + "/suivi")
        secretary.types("Numéro de la demande", applicant.number.lower())
        secretary.types("Adresse électronique", email)
        secretary.presses("Recevoir un nouveau lien")
        secretary.reads("Vérifiez votre boîte de réception")
    newest = link_in_mail(system, applicant, "Votre nouveau lien")
    page.goto(applicant.tracking_url)
    secretary.reads(applicant.number)
    page.goto(newest)
    secretary.reads(applicant.number)
    page.goto(applicant.tracking_url)
    secretary.reads("Ce lien n’ouvre aucune demande")


def test_a_withdrawal_says_what_it_ends_and_wants_to_be_understood(
    system: System, browser: Browser, agent: Callable[[str], Agent]
) -> None:
    applicant = an_examined_case(system, agent)
    secretary = opens(browser, applicant.tracking_url)
    form = secretary.form("retrait")
    secretary.reads("l’examen s’arrête et cette demande ne pourra pas être reprise")
    form.get_by_label("Pourquoi la retirez-vous").fill("La commune a trouvé un architecte.")
    form.locator("button").click()
    expect(secretary.page.get_by_role("alert").first).to_contain_text("Cochez cette case")
    expect(secretary.page.get_by_label("Pourquoi la retirez-vous")).to_have_value("La commune a trouvé un architecte.")
    secretary.looks("46-retrait")
    secretary.chooses("J’ai compris")
    secretary.presses("Retirer définitivement la demande")
    secretary.reads("Votre demande de retrait est envoyée.")
    secretary.waits_to_read("L’examen est arrêté.")
    expect(secretary.page.locator('form[action$="/messages"]')).to_have_count(0)
    secretary.looks("47-retiree")
    agent("sat95").waits_for(applicant.id, "withdrawn")
