"""An applicant is one official territory, and one département is in charge of it."""

import pytest

from shared.errors import FieldError, Invalid
from shared.territory import Territories

PONTOISE, CERGY, ACHERES = "95500", "95127", "78005"


def refusals(territories: Territories, kind: str, code: str | None, **more: object) -> tuple[FieldError, ...]:
    """Identify what is to be refused and give the errors."""
    with pytest.raises(Invalid) as refused:
        territories.identify(kind, code, **more)  # type: ignore[arg-type]  # each test gives its own keywords
    return refused.value.errors


@pytest.mark.parametrize(
    ("kind", "code", "departement"),
    [
        ("commune", "95127", "95"),
        ("commune", "2b033", "2B"),
        ("commune", "97608", "976"),
        ("epci", "249500109", "95"),
        ("departement", "95", "95"),
        ("region", "02", "972"),
    ],
)
def test_the_territory_decides_the_departement(
    territories: Territories, kind: str, code: str, departement: str
) -> None:
    identified = territories.identify(kind, code)
    assert identified.departement == departement
    assert identified.territory == territories.find(kind, code)


def test_an_epci_across_departements_may_choose_another_of_its_own(territories: Territories) -> None:
    assert territories.identify("epci", "249500109", lead_departement="78").departement == "78"


def test_a_region_must_choose_among_its_departements(territories: Territories) -> None:
    (error,) = refusals(territories, "region", "94")
    assert error.field == "lead_departement"
    assert "Corse-du-Sud (2A), Haute-Corse (2B)" in error.message
    assert territories.identify("region", "94", lead_departement="2b").departement == "2B"


@pytest.mark.parametrize(
    ("kind", "code", "lead"),
    [("region", "11", "13"), ("epci", "249500109", "75"), ("commune", "95127", "78"), ("commune", "95127", "999")],
)
def test_a_departement_of_others_cannot_be_in_charge(territories: Territories, kind: str, code: str, lead: str) -> None:
    (error,) = refusals(territories, kind, code, lead_departement=lead)
    assert error.field == "lead_departement"
    assert f"«\u00a0{lead}\u00a0»" in error.message
    assert "Val-d’Oise (95)" in error.message


def test_a_blank_choice_of_departement_is_none(territories: Territories) -> None:
    assert territories.identify("commune", CERGY, lead_departement=" ").departement == "95"


@pytest.mark.parametrize(
    ("kind", "code", "sentence"),
    [
        ("commune", "95999", "Aucune commune n’a le code «\u00a095999\u00a0»"),
        ("epci", "123456789", "Aucun EPCI n’a le code"),
        ("epci", "95127", "désigne la commune Cergy, et non un EPCI"),
        ("commune", "249500109", "désigne l’EPCI Communauté d’agglomération de Cergy-Pontoise"),
        ("region", "95", "désigne le département Val-d’Oise, et non une région"),
        ("commune", "01", "désigne le département Ain ou la région Guadeloupe, et non une commune"),
        ("epci", "219501277", "désigne la commune Cergy, et non un EPCI"),
        ("commune", "219501277", "numéro SIREN de la commune Cergy. Indiquez son code Insee\u00a0: 95127"),
        ("commune", "95000", "est un code postal, et non un code Insee. Communes possibles\u00a0: Cergy (95127)"),
        ("commune", "74011", "la commune est aujourd’hui Annecy, code 74010"),
        ("commune", "75113", "la commune est aujourd’hui Paris, code 75056"),
        ("commune", "99109", "désigne un pays étranger"),
        ("commune", "", "Choisissez votre territoire par son nom"),
        ("region", None, "Choisissez votre territoire par son nom"),
    ],
)
def test_a_code_that_is_none_of_this_kind_is_refused_with_what_it_is(
    territories: Territories, kind: str, code: str | None, sentence: str
) -> None:
    (error,) = refusals(territories, kind, code)
    assert error.field == "applicant.code"
    assert sentence in error.message


def test_an_unknown_kind_is_refused(territories: Territories) -> None:
    (error,) = refusals(territories, "canton", "9501")
    assert error.field == "applicant.kind"


def test_a_priority_territory_is_its_name_and_its_communes(territories: Territories) -> None:
    identified = territories.identify(
        "priority", None, communes=[ACHERES, CERGY, PONTOISE, CERGY], name=" Boucle  de l’Oise "
    )
    assert identified.departement == "95"
    assert identified.territory.name == "Boucle de l’Oise"
    assert identified.territory.communes == (ACHERES, CERGY, PONTOISE)
    assert identified.territory.departements == ("95", "78")
    assert identified.territory.code == ""
    assert identified.territory.population is None


def test_a_priority_territory_across_departements_may_choose(territories: Territories) -> None:
    identified = territories.identify(
        "priority", "", communes=[CERGY, ACHERES], name="Boucle de l’Oise", lead_departement="78"
    )
    assert identified.departement == "78"


def test_a_priority_territory_without_name_or_communes_is_refused_for_both(territories: Territories) -> None:
    errors = refusals(territories, "priority", None, name="  ")
    assert [error.field for error in errors] == ["applicant.name", "applicant.communes"]


def test_each_unknown_commune_of_a_priority_territory_is_told(territories: Territories) -> None:
    errors = refusals(territories, "priority", None, name="Ici", communes=["95999", CERGY, "74011", ""])
    assert [error.field for error in errors] == ["applicant.communes"] * 3
    assert "95999" in errors[0].message
    assert "Annecy" in errors[1].message


def test_name_and_communes_of_an_official_territory_are_those_of_the_lists(territories: Territories) -> None:
    identified = territories.identify("commune", CERGY, communes=["99999"], name="Ailleurs")
    assert identified.territory.name == "Cergy"
    assert identified.territory.communes == ()


def test_a_very_long_code_is_not_echoed(territories: Territories) -> None:
    (error,) = refusals(territories, "commune", "x" * 5000)
    assert len(error.message) < 200
