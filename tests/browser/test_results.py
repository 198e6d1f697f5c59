"""What came of it: programmes and their territories, evaluations, figures and public profiles, as people read them."""

import pytest
from playwright.sync_api import Browser, FilePayload, expect

from tests.actors import eventually
from tests.browser.people import Person
from tests.steps import People, an_outcome
from tests.system import System

pytestmark = [pytest.mark.browser, pytest.mark.journey]

MAGNY = "/territoires/commune/95355"
LINES = "Code;Nom;Jusqu’au\n95355;Magny-en-Vexin;31/12/2030\n95355;Cergy;\n1001;L’Abergement-Clémenciat;\n"
TABLE: FilePayload = {"name": "territoires.csv", "mimeType": "text/csv", "buffer": LINES.encode()}
COMMENT = "L’étude est utilisée chaque semaine."


def test_a_programmes_territories_are_brought_in_and_stand_on_the_public_profile(
    system: System, browser: Browser
) -> None:
    team = Person.signs_in(browser, system.endpoints["escalation"], "programme@cousu.test")
    team.page.goto(f"{system.endpoints['escalation']}/programmes/petites_villes_de_demain/territoires/import")
    team.page.get_by_label("Tableau", exact=True).set_input_files(TABLE)
    team.page.get_by_label("Vérifier seulement").uncheck()
    team.presses("Importer")
    team.reads("2 lignes à corriger")
    team.reads("est celui de Magny-en-Vexin")
    team.reads("écrivez 01001")
    team.looks("50-import-de-territoires")
    team.page.goto(f"{system.endpoints['escalation']}/programmes/petites_villes_de_demain/territoires?q=magny")
    team.reads("31/12/2030")
    team.looks("51-territoires-du-programme")

    anybody = Person.sits_down(browser, scripts=False)
    anybody.page.goto(f"{system.endpoints['intake']}/territoires?q=magny-en-vexin")
    anybody.page.get_by_role("link", name="Magny-en-Vexin", exact=True).click()
    anybody.waits_to_read("Petites Villes de Demain, jusqu’au mardi 31\u00a0décembre 2030")
    anybody.reads("Territoires semblables")

    reader = Person.sits_down(browser)
    for name, path in (
        ("52-territoires", "/territoires"),
        ("53-commune", MAGNY),
        ("54-intercommunalite", "/territoires/epci/249500109"),
        ("55-departement-d-outre-mer", "/territoires/departement/974"),
        ("56-region", "/territoires/region/11"),
    ):
        reader.page.goto(system.endpoints["intake"] + path)
        reader.looks(name)


def test_an_evaluation_is_read_by_the_departement_and_counted_for_the_country_and_the_public(
    system: System, browser: Browser, agent: People
) -> None:
    applicant = an_outcome(system, agent, "local_support", support_types=["ingenierie_projet"], amount_cents=800_000)
    agent("sat95").does(applicant.id, "local-work")
    agent("sat95").does(applicant.id, "completion", report="L’étude est remise.")
    eventually(applicant.sees, lambda seen: "evaluation" in seen["allowed_actions"])
    applicant.does("evaluation", need_met=4, progress=3, satisfaction=5, comment=COMMENT)

    sat = Person.signs_in(browser, system.endpoints["qualification"], "sat95@cousu.test")
    sat.page.goto(system.endpoints["qualification"] + "/tableau-de-bord")
    sat.presses("Ce que vos demandeurs disent du résultat")
    sat.waits_to_read(applicant.number)
    sat.reads(COMMENT)
    sat.reads("8\u00a0000\u00a0€")
    sat.looks("57-evaluations-du-departement")

    national = Person.signs_in(browser, system.endpoints["escalation"], "national@cousu.test")
    national.page.goto(system.endpoints["escalation"] + "/evaluations?departement=95&by=departement")
    national.waits_to_read(applicant.number)
    national.looks("58-evaluations")
    national.page.goto(system.endpoints["escalation"] + "/programmes")
    national.looks("59-programmes")
    national.page.goto(system.endpoints["escalation"] + "/chiffres?departement=95")
    national.reads("Accordés par les départements")
    _opens_the_table_of_the_map_by_the_keyboard(national)
    expect(national.page.locator("details[open] th", has_text="(95)").first).to_be_visible()
    national.looks("60-chiffres")

    anybody = Person.sits_down(browser)
    anybody.page.goto(system.endpoints["intake"] + "/statistiques")
    anybody.reads("un petit groupe pourrait désigner une collectivité")
    anybody.looks("61-statistiques-publiques")


def _opens_the_table_of_the_map_by_the_keyboard(person: Person) -> None:
    """The map is a drawing: what it shows is read in the table below it, without a mouse."""
    summary = person.page.locator("figure", has=person.page.locator("svg.tiles")).locator("summary")
    summary.focus()
    person.page.keyboard.press("Enter")
