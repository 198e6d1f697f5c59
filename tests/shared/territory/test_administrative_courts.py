"""Each département has its administrative court, as the code de justice administrative says, and its right name."""

import pytest

from shared.territory import Territories
from shared.territory.administrative_courts import jurisdictions, of_departement


def test_every_departement_of_the_official_list_has_its_court_and_no_other_code_has(territories: Territories) -> None:
    assert set(jurisdictions()) == {each.code for each in territories.departements()}


def test_departements_have_their_official_names(territories: Territories) -> None:
    official = {each.code: each.name.replace("'", "’") for each in territories.departements()}
    assert {code: each.departement for code, each in jurisdictions().items()} == official


@pytest.mark.parametrize(
    ("code", "court"),
    [
        ("95", "tribunal administratif de Cergy-Pontoise"),
        ("92", "tribunal administratif de Cergy-Pontoise"),
        ("93", "tribunal administratif de Montreuil"),
        ("78", "tribunal administratif de Versailles"),
        ("75", "tribunal administratif de Paris"),
        ("2A", "tribunal administratif de Bastia"),
        ("2B", "tribunal administratif de Bastia"),
        ("30", "tribunal administratif de Nîmes"),
        ("45", "tribunal administratif d’Orléans"),
        ("57", "tribunal administratif de Strasbourg"),
        ("69", "tribunal administratif de Lyon"),
        ("83", "tribunal administratif de Toulon"),
        ("971", "tribunal administratif de la Guadeloupe"),
        ("972", "tribunal administratif de la Martinique"),
        ("973", "tribunal administratif de la Guyane"),
        ("974", "tribunal administratif de La Réunion"),
        ("975", "tribunal administratif de Saint-Pierre-et-Miquelon"),
        ("976", "tribunal administratif de Mayotte"),
        ("988", "tribunal administratif de Nouvelle-Calédonie"),
    ],
)
def test_a_departement_is_heard_by_the_court_of_its_ressort(code: str, court: str) -> None:
    assert jurisdictions()[code].court == court


def test_a_court_is_named_by_its_seat_in_metropolitan_france() -> None:
    """Art. R. 221-1: courts are named by the town where they sit, those overseas by their collectivité."""
    for each in jurisdictions().values():
        if not each.code.startswith("9") or len(each.code) == 2:
            named = each.court.removeprefix("tribunal administratif ")
            assert named in {f"de {each.seat}", f"d’{each.seat}"}, each


def test_there_are_as_many_courts_as_the_code_lists() -> None:
    assert len({each.court for each in jurisdictions().values()}) == 42


@pytest.mark.parametrize(
    ("code", "named"),
    [
        ("95", "du Val-d’Oise"),
        ("78", "des Yvelines"),
        ("01", "de l’Ain"),
        ("35", "d’Ille-et-Vilaine"),
        ("77", "de Seine-et-Marne"),
        ("974", "de La Réunion"),
        ("XX", "XX"),
    ],
)
def test_a_departement_is_named_after_its_noun(code: str, named: str) -> None:
    assert of_departement(code) == named
