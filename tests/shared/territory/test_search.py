"""A territory is found as people type it, the likeliest first."""

import string

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shared.territory import Territories
from shared.territory.index import LONGEST_QUERY, core, fold


@pytest.mark.parametrize(
    ("typed", "code"),
    [
        ("st etienne", "42218"),
        ("Saint-Étienne", "42218"),
        ("SAINT ETIENNE", "42218"),
        ("ste marie", "97418"),
        ("havre", "76351"),
        ("le hav", "76351"),
        ("Le Havre", "76351"),
        ("L’Haÿ-les-Roses", "94038"),
        ("l'hay les roses", "94038"),
        ("lhay les roses", "94038"),
        ("hay-les-roses", "94038"),
        ("oeuf en ternois", "62633"),
        ("Œuf", "62633"),
        ("Y", "80829"),
        ("Cergy", "95127"),
        ("Cergy (95)", "95127"),
        ("95000 Cergy", "95127"),
        ("Ajaccio 2A", "2A004"),
        ("pontoise cergy", "249500109"),
        ("cergy pontoise", "249500109"),
        ("communauté d’agglomération de Cergy", "249500109"),
        ("ca de cergy", "249500109"),
        ("CA Cergy", "249500109"),
        ("plaine commune", "200057867"),
        ("paris", "75056"),
        ("paris 13e", "75056"),
        ("annecy le vieux", "74010"),
        ("bourg-en-b", "01053"),
        ("Val d'Oise", "95"),
        ("ile de france", "11"),
        ("95127", "95127"),
        ("2a004", "2A004"),
        ("95 000", "95127"),
        ("249 500 109", "249500109"),
        ("219501277", "95127"),
        ("74011", "74010"),
        ("95", "95"),
    ],
)
def test_the_first_answer_is_the_one_meant(territories: Territories, typed: str, code: str) -> None:
    assert territories.search(typed)[0].code == code


def test_among_namesakes_the_most_populated_comes_first(territories: Territories) -> None:
    namesakes = [found for found in territories.search("Saint-Denis") if found.name == "Saint-Denis"]
    assert [found.departement for found in namesakes][:2] == ["974", "93"]
    populations = [found.population or 0 for found in namesakes]
    assert populations == sorted(populations, reverse=True)


def test_whole_names_come_before_longer_ones_and_these_before_names_that_contain_the_word(
    territories: Territories,
) -> None:
    names = [found.name for found in territories.search("Lyon", limit=50)]
    assert names[0] == "Lyon"
    assert names.index("Lyons-la-Forêt") < names.index("Métropole de Lyon")


def test_a_departement_comes_before_the_region_of_the_same_code(territories: Territories) -> None:
    assert [found.name for found in territories.search("11", limit=2)] == ["Aude", "Île-de-France"]


def test_a_postal_code_finds_all_its_communes(territories: Territories) -> None:
    assert [found.name for found in territories.search("95000")] == [
        "Cergy",
        "Pontoise",
        "Neuville-sur-Oise",
        "Boisemont",
    ]


def test_a_search_keeps_to_the_kind_asked_for(territories: Territories) -> None:
    assert {found.kind for found in territories.search("cergy", kind="epci")} == {"epci"}
    assert [found.code for found in territories.search("paris", kind="departement")] == ["75"]
    assert [found.name for found in territories.search("84", kind="region")] == ["Auvergne-Rhône-Alpes"]
    assert territories.search("cergy", kind="region") == ()
    assert territories.search("cergy", kind="priority") == ()


def test_a_search_keeps_to_the_departement_asked_for(territories: Territories) -> None:
    found = territories.search("saint", departement="95", limit=100)
    assert found
    assert all("95" in territory.departements for territory in found)
    assert territories.search("Ajaccio", departement="2a")[0].code == "2A004"
    assert territories.search("cergy pontoise", departement="78")[0].code == "249500109"
    assert [each.name for each in territories.search("cergy", kind="commune", departement="95")] == ["Cergy"]
    assert territories.search("cergy", departement="99") == ()


@pytest.mark.parametrize("typed", ["", "   ", "-'", "zzzz", "99999", "…", "\0", "9" * 5000, "東京"])
def test_nothing_meant_nothing_found(territories: Territories, typed: str) -> None:
    assert territories.search(typed) == ()


def test_lists_loaded_for_codes_only_can_still_be_searched() -> None:
    assert Territories.load(searchable=False).search("cergy")[0].code == "95127"


def test_the_number_of_answers_is_limited(territories: Territories) -> None:
    assert len(territories.search("saint")) == 20
    assert len(territories.search("saint", limit=3)) == 3
    assert territories.search("saint", limit=0) == ()


@given(typed=st.text(max_size=2 * LONGEST_QUERY))
@settings(max_examples=200, deadline=None)
def test_any_text_may_be_typed(territories: Territories, typed: str) -> None:
    found = territories.search(typed, limit=5)
    assert len({(each.kind, each.code) for each in found}) == len(found) <= 5


@given(typed=st.text(max_size=60))
def test_folding_twice_changes_nothing_more(typed: str) -> None:
    folded = fold(typed)
    assert fold(folded) == folded
    assert set(folded) <= set(string.ascii_lowercase + string.digits + " ")


def test_every_commune_is_found_by_its_whole_name_in_its_departement(territories: Territories) -> None:
    corsican = [
        *territories.search("2a", kind="commune", limit=1000),
        *territories.search("2b", kind="commune", limit=1000),
    ]
    assert len(corsican) == 360
    for commune in corsican:
        assert commune in territories.search(commune.name, departement=commune.departement, limit=3)


@pytest.mark.parametrize(
    ("folded", "kept"),
    [
        ("le havre", "havre"),
        ("ca de cergy pontoise", "cergy pontoise"),
        ("cc du pays de l or", "pays de l or"),
        ("l", "l"),
        ("de la", "la"),
        ("ca", "ca"),
    ],
)
def test_articles_and_legal_forms_do_not_count_at_the_head(folded: str, kept: str) -> None:
    assert core(folded) == kept
