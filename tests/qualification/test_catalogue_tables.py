"""The catalogue goes out as a table and comes in as one, line by line."""

from collections.abc import Awaitable, Callable

import httpx2
import pytest

from services.qualification.web.catalogue_tables import COLUMNS
from shared.db import Database
from shared.identity.model import Agent
from tests.qualification.acting import CAUE
from tests.qualification.conftest import Browser, Program

SignIn = Callable[[Agent], Awaitable[Browser]]

HEADINGS = "Nom;Nature;Adresse électronique;Départements;Champs d’intervention;Demandes suivies en même temps"


@pytest.fixture
async def agent(browser: SignIn, sat: Program) -> Browser:
    """The SAT agent in front of the pages."""
    return await browser(sat.agent)


async def brought_in(
    program: Program, *lines: str, only_look: bool = False, headings: str = HEADINGS
) -> httpx2.Response:
    """Send a table of these lines."""
    return await program.post("/providers/import", {"table": "\n".join([headings, *lines]), "only_look": only_look})


async def names(program: Program) -> list[str]:
    """The catalogue's names."""
    return [item["name"] for item in (await program.get("/providers")).json()["items"]]


async def test_a_line_becomes_a_provider(sat: Program) -> None:
    report = (await brought_in(sat, "Parc du Vexin;Parc naturel;parc@vexin.test;95;Mobilité | habitat;4")).json()
    assert (report["added"], report["refused"]) == (1, 0)
    added = (await sat.get(f"/providers/{report['lines'][0]['provider_id']}")).json()
    assert added["name"] == "Parc du Vexin"
    assert added["fields"] == ["mobilite", "habitat"]
    assert added["capacity"] == 4


async def test_the_same_table_sent_twice_changes_nothing_the_second_time(sat: Program) -> None:
    line = "Parc du Vexin;Parc naturel;parc@vexin.test;95;;4"
    await brought_in(sat, line)
    again = (await brought_in(sat, line)).json()
    assert (again["added"], again["changed"], again["unchanged"]) == (0, 0, 1)
    assert (await names(sat)).count("Parc du Vexin") == 1


async def test_a_line_of_a_known_name_and_address_changes_that_provider(sat: Program) -> None:
    await brought_in(sat, "Parc du Vexin;Parc naturel;parc@vexin.test;95;;4")
    changed = (await brought_in(sat, "parc du vexin;Parc naturel;Parc@Vexin.test;95;;6")).json()
    assert changed["changed"] == 1
    assert (await sat.get(f"/providers/{changed['lines'][0]['provider_id']}")).json()["capacity"] == 6


async def test_what_is_wrong_is_said_line_by_line_and_does_not_keep_the_others(sat: Program) -> None:
    report = (
        await brought_in(
            sat,
            "Bon;CAUE;bon@acteur.test;95;;",
            ";CAUE;sans-nom@acteur.test;95;;",
            "Adresse;CAUE;pas une adresse;95;;",
            "Loin;CAUE;loin@acteur.test;13;;",
            "Champ;CAUE;champ@acteur.test;95;Astronomie;",
            "Nulle part;CAUE;nulle@acteur.test;99;;-3",
        )
    ).json()
    assert report["added"] == 1
    assert {line["line"]: [error["field"] for error in line["errors"]] for line in report["lines"]} == {
        2: [],
        3: ["name"],
        4: ["email"],
        5: ["departements"],
        6: ["fields.0"],
        7: ["departements", "capacity"],
    }
    assert "Bon" in await names(sat)


async def test_all_that_is_wrong_with_a_line_is_said_at_once_in_the_words_of_the_file(
    agent: Browser, sat: Program
) -> None:
    line = ";CAUE;pas une adresse;999;Astronomie | Mobilité;beaucoup"
    [told] = (await brought_in(sat, line)).json()["lines"]
    assert {error["field"] for error in told["errors"]} == {"name", "email", "departements", "fields.0", "capacity"}
    said = " ".join(error["message"] for error in told["errors"])
    assert "« Astronomie » n’est pas connu" in said.replace("\u00a0", " ")
    assert "Revitalisation" in said
    assert "revitalisation_commerciale" not in said
    files = {"table": ("annuaire.csv", f"{HEADINGS}\n{line}\nBon;CAUE;bon@acteur.test;95;;".encode(), "text/csv")}
    fields = await agent.filled("/annuaire/import", only_look="true")
    page = (await agent.client.post("/annuaire/import", data=fields, files=files)).text
    assert "Champs d’intervention : «" in page
    assert "Départements : Aucun département n’a le code 999." in page
    assert "Serait inscrit" in page
    assert "1\u00a0acteur à inscrire" in page


async def test_one_may_only_look_what_would_become_of_it(sat: Program) -> None:
    before = await names(sat)
    report = (await brought_in(sat, "Parc du Vexin;Parc naturel;parc@vexin.test;95;;4", only_look=True)).json()
    assert report["added"] == 1
    assert await names(sat) == before


async def test_what_went_out_comes_in_again_unchanged(sat: Program) -> None:
    went_out = (await sat.get("/providers.csv")).content.decode("utf-8-sig")
    report = (await sat.post("/providers/import", {"table": went_out})).json()
    assert report["lines"]
    assert report["unchanged"] == len(report["lines"])
    spreadsheet = await sat.get("/providers.ods")
    assert spreadsheet.headers["content-type"] == "application/vnd.oasis.opendocument.spreadsheet"
    assert spreadsheet.content.startswith(b"PK")


async def test_an_identifier_that_is_not_of_this_catalogue_is_refused(sat: Program, neighbour: Program) -> None:
    headings = f"Identifiant;{HEADINGS}"
    for wrong in ("x", "01900000-0000-7000-8000-000000000000"):
        report = (await brought_in(sat, f"{wrong};A;CAUE;a@acteur.test;95;;", headings=headings)).json()
        assert [error["field"] for error in report["lines"][0]["errors"]] == ["id"]
    report = (await brought_in(neighbour, f"{CAUE.id};A;CAUE;a@acteur.test;78;;", headings=headings)).json()
    assert report["refused"] == 1


async def test_a_table_without_its_headings_is_refused_whole(sat: Program) -> None:
    answer = await brought_in(sat, "x;y", headings="Titre;Auteur")
    assert answer.status_code == 400
    assert "Nom, Nature, Adresse électronique" in answer.json()["errors"][0]["message"]


async def test_only_the_sat_brings_in_a_table(delegate: Program) -> None:
    assert (await brought_in(delegate, "Bon;CAUE;bon@acteur.test;95;;")).status_code == 403


async def test_the_page_reports_and_keeps_nothing_when_one_only_looks(agent: Browser, sat: Program) -> None:
    page = await agent.get("/annuaire/import")
    assert "Vérifier seulement" in page.text
    filled = await agent.filled("/annuaire/import", only_look="true")
    table = f"{HEADINGS}\nMaison de l’architecture;Association;maison@archi.test;95;;\nX;Y;pas une adresse;95;;"
    answer = await agent.client.post(
        "/annuaire/import", data=filled, files={"table": ("annuaire.csv", table.encode("cp1252"), "text/csv")}
    )
    assert answer.status_code == 200
    assert "Ce qui se passerait" in answer.text
    assert "Maison de l’architecture" in answer.text
    assert "À corriger" in answer.text
    assert "Maison de l’architecture" not in await names(sat)


async def test_the_page_reports_what_it_kept_when_one_does_not_only_look(agent: Browser, sat: Program) -> None:
    await agent.get("/annuaire/import")
    filled = await agent.filled("/annuaire/import")
    filled.pop("only_look", None)
    table = f"{HEADINGS}\nMaison de l’architecture;Association;maison@archi.test;95;;"
    answer = await agent.client.post(
        "/annuaire/import", data=filled, files={"table": ("annuaire.csv", table.encode("cp1252"), "text/csv")}
    )
    assert answer.status_code == 200, answer.text
    assert "Ce qui a été fait" in answer.text
    assert "Maison de l’architecture" in await names(sat)


async def test_the_page_asks_for_a_file(agent: Browser) -> None:
    answer = await agent.send("/annuaire/import", "/annuaire/import", only_look="true")
    assert answer.status_code == 400
    assert "Choisissez le fichier à importer." in answer.text


async def test_a_provider_in_use_keeps_what_it_has_in_hand(sat: Program, database: Database) -> None:
    headings = ";".join(COLUMNS.values())
    before = (await sat.get(f"/providers/{CAUE.id}")).json()
    row = f"{CAUE.id};{before['name']};CAUE;nouveau@caue.test;;;95;;;;;9;31/01/2026;"
    assert (await brought_in(sat, row, headings=headings)).json()["changed"] == 1
    kept = await database.fetchrow("SELECT email, capacity, valid_from FROM provider WHERE id = $1", CAUE.id)
    assert kept is not None
    assert (kept["email"], kept["capacity"], str(kept["valid_from"])) == ("nouveau@caue.test", 9, "2026-01-31")
