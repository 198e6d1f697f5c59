"""A territorial pact at a screen: agreed and signed by all its parties, some by a link; followed and printed."""

import pytest
from playwright.sync_api import Browser, expect

from shared import clock
from shared.calendar import time_zone
from shared.clock import new_id
from tests.browser.people import Person
from tests.browser.test_following import FIRST_PDF
from tests.steps import a_link_by_mail
from tests.system import System

pytestmark = [pytest.mark.browser, pytest.mark.journey]

EPCI, COUNCIL = "Communauté de communes du Vexin-Val de Seine", "Conseil départemental du Val-d’Oise"
PARTIES = (
    (EPCI, "epci", "249500513", "intercommunalite@vexin.test"),
    (COUNCIL, "departement", "95", "conseil@valdoise.test"),
)


def test_a_pact_is_opened_agreed_signed_followed_and_printed(system: System, browser: Browser) -> None:
    title = f"Pacte {new_id().hex[-8:]}"
    qualification = system.endpoints["qualification"]
    sat = Person.signs_in(browser, qualification, "sat95@cousu.test")
    pact = opens(sat, qualification, title)
    writes_the_diagnosis(sat)
    sat.looks("80-diagnostic-a-approuver")

    parties = [Person.sits_down(browser, scripts=scripts) for scripts in (True, False)]
    for party, (*_, email) in zip(parties, PARTIES, strict=True):
        party.page.goto(a_link_by_mail(system, title, "/pactes/parties/", to=email))
        party.presses("Approuver le diagnostic")
        party.reads("2 points sont à corriger")
        agrees(party, "Approuver le diagnostic")
    delegate = Person.signs_in(browser, qualification, "delegue95@cousu.test")
    delegate.page.goto(pact)
    delegate.presses("Approuver au nom de l’État")
    delegate.reads("L’approbation est enregistrée")

    sat.page.goto(pact)
    for what, owner, budget in (("Ouvrir une halle", EPCI, "120.000"), ("Une maison de santé", COUNCIL, "450 000")):
        sat.form("actions").locator('[name="actions.owner"]').select_option(label=owner)
        sat.sends("actions", title=what, due_on=f"{clock.now().year + 2}-06-30", budget_cents=budget)
        sat.reads("L’action est ajoutée au plan")
    sat.looks("84-plan-a-declarer-pret")
    sat.presses("Déclarer le plan prêt à signer")
    sat.reads("Le plan est prêt")
    for party, (*_, email) in zip(parties, PARTIES, strict=True):
        party.page.goto(a_link_by_mail(system, f"{title} – votre signature", "/pactes/parties/", to=email))
        party.reads("120 000 €")
        if party is parties[0]:
            party.looks("85-plan-a-signer-par-une-partie")
        signs(party)
    delegate.page.goto(pact)
    quality = {"name": "Jeanne Préfète", "function": "Préfète", "authority": "Décret du 2 février"}
    delegate.sends("signatures", **quality)
    delegate.reads("La signature est enregistrée")

    sat.page.goto(pact)
    is_followed(sat, parties[0])
    sat.page.goto(f"{pact}/imprimer")
    sat.looks("83-pacte-imprime")
    paper = sat.page.request.get(f"{pact}/pacte.pdf", timeout=FIRST_PDF)
    assert paper.body().startswith(b"%PDF-")
    sat.page.goto(pact)
    is_amended(sat, parties[0])


def is_amended(sat: Person, party: Person) -> None:
    """Another version is prepared, while the one in force is followed; then it is given up."""
    sat.form("versions").locator("button[type=submit]").click()
    sat.reads("Plan d’action de la version 2")
    sat.looks("86-avenant-en-preparation")
    party.page.reload()
    party.reads("Un avenant est en préparation")
    sat.form("abandon").locator("button[type=submit]").click()
    sat.reads("La version en préparation est abandonnée")


def opens(sat: Person, qualification: str, title: str) -> str:
    """Open the pact with its parties; gives its address."""
    page = sat.page
    page.goto(f"{qualification}/pactes/nouveau")
    page.locator("[name=title]").fill(title)
    for place, (name, kind, code, email) in enumerate(PARTIES):
        page.locator(f'[name="parties.{place}.kind"]').select_option(kind)
        for field, text in (("name", name), ("code", code), ("email", email)):
            page.locator(f'[name="parties.{place}.{field}"]').fill(text)
    sat.presses("Ouvrir le pacte")
    sat.reads("Le pacte est ouvert")
    return page.url


def writes_the_diagnosis(sat: Person) -> None:
    """Write what the territory has, lacks and counts."""
    sat.presses("Écrire le diagnostic")
    for field, text in (
        ("strengths", "Paysages classés\nVie associative"),
        ("weaknesses", "Commerces fermés"),
        ("indicators.0.name", "Locaux vacants"),
        ("indicators.0.value", "17 %"),
    ):
        sat.page.locator(f'[name="{field}"]').fill(text)
    sat.presses("Mettre le diagnostic sur la table")
    sat.reads("Le diagnostic est sur la table")


def is_followed(sat: Person, party: Person) -> None:
    """The département and a party say how the actions go, and the year is reviewed."""
    sat.form("avancement").locator('[name="avancement.action_id"]').select_option(label="Une maison de santé")
    sat.sends("avancement", percent="140", comment="Chantier ouvert.")
    sat.reads("La valeur doit être au plus 100")
    expect(sat.form("avancement").locator('[name="avancement.comment"]')).to_have_value("Chantier ouvert.")
    sat.sends("avancement", percent="40")
    party.page.reload()
    party.sends("avancement", percent="10", comment="Le marché est attribué.", name="La présidente")
    party.reads("Le marché est attribué.")
    party.looks("81-pacte-suivi-par-une-partie")
    sat.page.reload()
    held_on = str(clock.now().astimezone(time_zone("95")).date())
    sat.sends("revues", held_on=held_on, summary="Première revue, avec toutes les parties.")
    for said in ("Chantier ouvert.", "Le marché est attribué.", "Première revue, avec toutes les parties."):
        sat.reads(said)
    sat.looks("82-pacte-suivi")


def agrees(party: Person, button: str) -> None:
    """Give name and confirmation, and agree."""
    party.page.locator('[name$=".name"]').fill("La présidente")
    party.page.locator('[name$=".confirmed"]').check()
    party.presses(button)
    party.reads("Merci")


def signs(party: Person) -> None:
    """Give name, function and authority, and sign."""
    party.presses("Signer le pacte")
    party.reads("4 points sont à corriger")
    for field, text in (("name", "Anne Roy"), ("function", "Présidente"), ("authority", "Délibération du 4 janvier")):
        party.page.locator(f'[name="signature.{field}"]').fill(text)
    party.page.locator('[name="signature.confirmed"]').check()
    party.presses("Signer le pacte")
    party.reads("Merci")
