"""A stranger who subtracts published figures from each other: between territories, tables and moments."""

import csv
import io
from datetime import datetime

from shared import clock
from tests.actors import HTTP, Caller, Json, eventually
from tests.steps import a_body
from tests.system import System

HIDDEN = "48"
"""A département of which no test files much: Lozère."""


def numbers(figures: Json) -> list[int]:
    """All numbers of requests that the public figures give."""
    tables = ("by_kind", "by_month", "outcomes", "by_departement", "by_region")
    given = [figures["total"], figures["answered"], *(shown for table in tables for shown in figures[table].values())]
    return [shown for shown in given if shown is not None]


def published_after(intake: Caller, moment: datetime) -> Json:
    """Wait for figures that were published after a moment."""
    return eventually(
        lambda: intake.get("/statistics"), lambda seen: bool(seen["at"]) and datetime.fromisoformat(seen["at"]) > moment
    )


def test_a_stranger_compares_the_figures_before_and_after_one_filing(system: System) -> None:
    intake = Caller(system.endpoints["intake"])
    before = published_after(intake, clock.now())
    intake.post("/requests", a_body(applicant={"kind": "commune", "code": "48095"}))
    after = published_after(intake, clock.now())
    assert all(shown % 5 == 0 for figures in (before, after) for shown in numbers(figures))
    for table in ("by_kind", "by_month", "outcomes", "by_departement", "by_region"):
        for name, shown in after[table].items():
            assert ((shown or 0) - (before[table].get(name) or 0)) % 5 == 0, "never the one that was filed"
    assert HIDDEN not in after["by_departement"]


def test_a_stranger_subtracts_a_departement_from_its_region(system: System) -> None:
    intake = Caller(system.endpoints["intake"])
    places = ("commune/95127", "epci/249500109", "departement/95", "departement/78", "region/11")
    for place in places:
        profile = intake.get(f"/territories/{place}")
        for results in (profile["requests"], profile["requests_of_similar"]):
            assert set(results["amounts"].values()) | set(results["opinions"].values()) == {None}
            assert set(results["outcomes"].values()) == {None}
            assert (results["requests"] or 0) % 5 == 0
    assert intake.get("/territories/commune/95127")["requests"]["requests"] is None


def test_a_stranger_reads_the_table_and_the_pages_for_what_the_program_hides(system: System) -> None:
    intake = Caller(system.endpoints["intake"])
    table = csv.DictReader(io.StringIO(intake.ask("GET", "/statistics.csv").text))
    lines = {(line["dimension"], line["value"]): line["requests"] for line in table}
    assert ("departement", HIDDEN) not in lines
    assert not {dimension for dimension, _ in lines} & {"status"}
    assert all(int(shown) % 5 == 0 for shown in lines.values() if shown)
    page = HTTP.get(f"{system.endpoints['intake']}/territoires/departement/{HIDDEN}").text
    assert "Trop peu pour être publié, ou aucune" in page
