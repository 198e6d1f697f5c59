"""The official lists say what is known of France, and nothing else."""

import json
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from shared.contracts.vocabulary import ApplicantKind
from shared.territory import Territories, TerritoriesUnreadable
from shared.territory.source import FOLDER_VARIABLE, Source, default_folder, read


def test_all_communes_of_today_are_there_and_merged_ones_are_not(territories: Territories) -> None:
    communes = [territory for territory in read(default_folder()).territories if territory.kind == "commune"]
    assert len(communes) == 34_969
    assert territories.find("commune", "74010") is not None
    assert territories.find("commune", "74011") is None


def test_the_lists_hold_the_epci_departements_and_regions(territories: Territories) -> None:
    kinds = [territory.kind for territory in read(default_folder()).territories]
    assert kinds.count(ApplicantKind.EPCI) == 1255 + 11
    assert kinds.count(ApplicantKind.DEPARTEMENT) == 101 + 8
    assert kinds.count(ApplicantKind.REGION) == 18
    assert len(territories) == len(kinds)


def test_cergy_is_known_with_its_epci_and_departement(territories: Territories) -> None:
    cergy = territories.find("commune", "95127")
    assert cergy is not None
    assert (cergy.name, cergy.departement, cergy.region) == ("Cergy", "95", "11")
    assert (cergy.epci, cergy.siren, cergy.population) == ("249500109", "219501277", 70_906)
    assert cergy.postal_codes == ("95000", "95800")


def test_an_epci_is_led_where_most_of_its_people_live(territories: Territories) -> None:
    agglomeration = territories.find("epci", "249500109")
    assert agglomeration is not None
    assert agglomeration.full_name == "Communauté d’agglomération de Cergy-Pontoise"
    assert agglomeration.departement == "95"
    assert agglomeration.departements == ("95", "78")
    members = territories.communes_of("249500109")
    assert len(members) == 13
    assert {member.departement for member in members} == {"95", "78"}
    assert {member.epci for member in members} == {"249500109"}


def test_every_member_of_an_epci_is_a_commune_of_today_and_says_so_itself(territories: Territories) -> None:
    for epci in read(default_folder()).territories:
        if epci.kind is ApplicantKind.EPCI and epci.category != "EPT":
            assert epci.code == epci.siren
            assert {member.epci for member in territories.communes_of(epci.code)} == {epci.code}


def test_a_territorial_establishment_of_greater_paris_is_an_epci_beside_the_metropolis(
    territories: Territories,
) -> None:
    plaine_commune = territories.find("epci", "200057867")
    assert plaine_commune is not None
    assert plaine_commune.departements == ("93",)
    assert {member.epci for member in territories.communes_of("200057867")} == {"200054781"}


def test_communes_of_what_is_no_epci_are_none(territories: Territories) -> None:
    assert territories.communes_of("95127") == ()


@pytest.mark.parametrize(
    ("kind", "code", "name", "departements"),
    [
        ("commune", "75056", "Paris", ("75",)),
        ("commune", "2A004", "Ajaccio", ("2A",)),
        ("commune", "2b033", "Bastia", ("2B",)),
        ("commune", "97611", "Mamoudzou", ("976",)),
        ("commune", " 80829 ", "Y", ("80",)),
        ("departement", "2a", "Corse-du-Sud", ("2A",)),
        ("departement", "974", "La Réunion", ("974",)),
        ("region", "94", "Corse", ("2A", "2B")),
        ("region", "06", "Mayotte", ("976",)),
        ("epci", "200 054 781", "Métropole du Grand Paris", ("75", "91", "92", "93", "94", "95")),
    ],
)
def test_a_code_leads_to_its_territory(
    territories: Territories, kind: str, code: str, name: str, departements: tuple[str, ...]
) -> None:
    found = territories.find(kind, code)
    assert found is not None
    assert found.name == name
    assert found.departements == departements


def test_the_same_code_is_another_territory_for_another_kind(territories: Territories) -> None:
    ain, guadeloupe = territories.find("departement", "01"), territories.find("region", "01")
    assert ain is not None
    assert guadeloupe is not None
    assert (ain.name, guadeloupe.name) == ("Ain", "Guadeloupe")


def test_a_region_of_several_departements_has_none_in_charge_and_an_island_has_its_own(
    territories: Territories,
) -> None:
    bretagne, martinique = territories.find("region", "53"), territories.find("region", "02")
    assert bretagne is not None
    assert martinique is not None
    assert bretagne.departement is None
    assert bretagne.departements == ("22", "29", "35", "56")
    assert martinique.departement == "972"


def test_populations_add_up_and_are_unknown_where_the_list_has_none(territories: Territories) -> None:
    paris, city = territories.find("departement", "75"), territories.find("commune", "75056")
    kerguelen, terres_australes = territories.find("commune", "98412"), territories.find("departement", "984")
    assert paris is not None
    assert city is not None
    assert kerguelen is not None
    assert terres_australes is not None
    assert paris.population == city.population == 2_103_778
    assert kerguelen.population is None
    assert terres_australes.population is None


def test_departements_come_with_their_time_zones(territories: Territories) -> None:
    departements = {departement.code: departement for departement in territories.departements()}
    assert len(departements) == 109
    assert list(departements)[:2] == ["01", "02"]
    assert departements["95"].name == "Val-d'Oise"
    assert departements["95"].time_zone == ZoneInfo("Europe/Paris")
    assert departements["972"].time_zone == ZoneInfo("America/Martinique")
    assert departements["974"].time_zone == ZoneInfo("Indian/Reunion")


def test_regions_come_by_name_whatever_their_accents(territories: Territories) -> None:
    names = [region.name for region in territories.regions()]
    assert len(names) == 18
    assert names[:3] == ["Auvergne-Rhône-Alpes", "Bourgogne-Franche-Comté", "Bretagne"]
    assert names.index("Hauts-de-France") < names.index("Île-de-France") < names.index("La Réunion")


def test_a_departement_names_its_region_and_a_collectivite_has_none(territories: Territories) -> None:
    departements = {one.code: one.region for one in territories.departements()}
    ile_de_france = territories.find("region", departements["95"] or "")
    assert ile_de_france is not None
    assert ile_de_france.name == "Île-de-France"
    assert departements["988"] is None


def test_the_source_names_licence_and_vintage(territories: Territories) -> None:
    assert territories.source == Source("6.0.0", 2026)
    assert "Découpage administratif 2026" in territories.source.sentence
    assert "Licence Ouverte" in territories.source.sentence
    assert "2026" not in Source("99.0.0", None).sentence


def test_missing_lists_are_told_with_the_command_that_mends_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(FOLDER_VARIABLE, str(tmp_path))
    with pytest.raises(TerritoriesUnreadable, match=r"communes\.json is missing\. Run `npm ci`.*COUSU_TERRITORIES"):
        Territories.load()


@pytest.mark.parametrize(
    ("communes", "complaint"),
    [
        (b"<html>", "cannot be read"),
        (b'[{"code": 1}]', "cannot be read"),
        (b"[]", "holds no commune"),
    ],
)
def test_broken_lists_are_refused(tmp_path: Path, communes: bytes, complaint: str) -> None:
    (tmp_path / "data").mkdir()
    (tmp_path / "package.json").write_text(json.dumps({"version": "6.0.0"}))
    for other in ("epci", "ept", "departements", "regions"):
        (tmp_path / "data" / f"{other}.json").write_text("[]")
    (tmp_path / "data" / "communes.json").write_bytes(communes)
    with pytest.raises(TerritoriesUnreadable, match=complaint):
        Territories.load(tmp_path)


def test_the_territories_within_a_departement_are_those_it_is_in_charge_of(territories: Territories) -> None:
    communes = territories.within("95", ApplicantKind.COMMUNE)
    assert len(communes) == 183
    assert [one.code for one in communes] == sorted(one.code for one in communes)
    assert {one.departement for one in territories.within(" 2a ", ApplicantKind.EPCI)} == {"2A"}
    assert territories.within("00", ApplicantKind.COMMUNE) == ()
