"""The public figures, their description as open data, and the public profile of each territory."""

import csv
import io
from typing import Any
from uuid import UUID

import pytest

from services.intake.consumers import consumers
from services.intake.domain.disclosure import rounded, rounded_cents
from services.intake.web.open_data import DIMENSIONS
from shared.contracts.escalation import CoveredTerritory, ProgrammeCoverageSet, coverage_id
from shared.contracts.vocabulary import ApplicantKind, CommitteeOutcome, Programme
from shared.db import Database
from shared.messaging.inbox import Inbox
from shared.territory.territories import Territories
from tests.intake.conftest import Client, bearer, filed
from tests.intake.facts import NATIONAL, START, Life, Wire
from tests.intake.test_consumers import LATER

CERGY, ERAGNY = "95127", "95218"


async def some_requests(client: Client, inbox: Inbox, *, granted: int, local: int, pending: int) -> None:
    """Requests of Cergy of which so many were granted by the committee, answered locally, or wait."""
    for number in range(granted + local + pending):
        mine = await filed(client)
        life = Life(UUID(mine["id"]))
        wire = Wire()
        if number < granted:
            facts = [life.escalated(LATER), life.decided(LATER + 1, CommitteeOutcome.GRANTED)]
        elif number < granted + local:
            facts = [life.supported(LATER)]
        else:
            facts = []
        await inbox.take([wire.message(fact) for fact in facts])
        if facts:
            told = await client.post(
                f"/api/v1/requests/{mine['id']}/evaluation",
                json={"need_met": 4, "progress": 3, "satisfaction": 5},
                headers=bearer(mine["access_token"]),
            )
            assert told.status_code in {201, 409}, told.text


@pytest.fixture
def inbox(database: Database, territories: Territories) -> Inbox:
    """What intake hears."""
    return Inbox(database, consumers(territories))


async def test_each_request_is_counted_once_by_what_became_of_it(client: Client, inbox: Inbox) -> None:
    await some_requests(client, inbox, granted=6, local=8, pending=3)
    outcomes = (await client.get("/api/v1/statistics")).json()["outcomes"]
    assert outcomes["national_granted"] == 5
    assert outcomes["local"] == 10
    assert outcomes["departement_pending"] is None
    assert outcomes["withdrawn"] is None


async def test_amounts_and_opinions_are_told_once_there_are_enough(client: Client, inbox: Inbox) -> None:
    await some_requests(client, inbox, granted=0, local=4, pending=3)
    figures = (await client.get("/api/v1/statistics")).json()
    assert figures["amounts"]["local_support_cents"] is None
    assert figures["opinions"]["answers"] is None
    await some_requests(client, inbox, granted=0, local=3, pending=0)
    figures = (await client.get("/api/v1/statistics")).json()
    assert figures["amounts"]["local_support_cents"] % 100_000 == 0
    assert figures["opinions"] == {"answers": 5, "need_met": 4.0, "progress": 3.0, "satisfaction": 5.0}


async def test_every_line_of_the_open_data_is_described(client: Client, inbox: Inbox) -> None:
    await some_requests(client, inbox, granted=6, local=6, pending=6)
    table = list(csv.DictReader(io.StringIO((await client.get("/api/v1/statistics.csv")).text)))
    told = (await client.get("/api/v1/statistics/datapackage.json")).json()
    schema = told["resources"][0]["schema"]
    assert [field["name"] for field in schema["fields"]] == list(table[0])
    assert all(field["description"] for field in schema["fields"])
    assert {line["dimension"] for line in table} == set(DIMENSIONS)
    assert schema["fields"][0]["constraints"]["enum"] == list(DIMENSIONS)
    keys = [(line["dimension"], line["value"]) for line in table]
    assert len(keys) == len(set(keys))
    for line in table:
        assert all(float(line[name]) >= 0 for name in ("requests", "median_days", "amount_cents", "mean") if line[name])
    assert told["licenses"][0]["name"] == "etalab-2.0"


async def test_the_profile_of_a_commune_says_what_it_is_and_who_is_like_it(client: Client) -> None:
    told = (await client.get(f"/api/v1/territories/commune/{CERGY}")).json()
    assert told["territory"]["name"] == "Cergy"
    assert [one["code"] for one in told["composition"]["belongs_to"]] == ["249500109", "95", "11"]
    similar = told["similar"]
    assert len(similar) == 8
    assert CERGY not in {one["code"] for one in similar}
    assert all(one["population"] for one in similar)
    assert "trois mesures" in told["how_similar"]


@pytest.mark.parametrize(
    ("address", "communes", "similar"),
    [("epci/249500109", 13, 8), ("departement/95", 183, 8), ("region/11", 1266, 5)],
)
async def test_larger_territories_say_what_they_are_made_of(
    client: Client, address: str, communes: int, similar: int
) -> None:
    told = (await client.get(f"/api/v1/territories/{address}")).json()
    assert told["composition"]["communes"] == communes
    assert len(told["composition"]["largest_communes"]) == 10
    assert 0 < told["composition"]["share_of_largest_commune"] < 1
    assert len(told["similar"]) == similar


@pytest.mark.parametrize("address", ["commune/99999", "canton/95", "priority/x", "region/95"])
async def test_what_is_no_official_territory_has_no_profile(client: Client, address: str) -> None:
    assert (await client.get(f"/api/v1/territories/{address}")).status_code == 404
    assert (await client.get(f"/territoires/{address}")).status_code == 404


async def test_requests_count_for_all_territories_they_lie_in_but_small_numbers_are_not_told(client: Client) -> None:
    for _ in range(4):
        await filed(client)

    async def counted(address: str) -> Any:
        return (await client.get(f"/api/v1/territories/{address}")).json()["requests"]["requests"]

    everywhere = ("commune/95127", "epci/249500109", "departement/95", "region/11")
    assert [await counted(address) for address in everywhere] == [None] * 4
    await filed(client, applicant={"kind": "commune", "code": ERAGNY})
    assert [await counted(address) for address in everywhere] == [None, 5, 5, 5]
    await filed(client, applicant={"kind": "epci", "code": "249500109"}, lead_departement="95")
    assert await counted("epci/249500109") == 5
    assert await counted("departement/78") is None


async def test_a_profile_names_the_programmes_that_cover_the_territory_and_those_inside(
    client: Client, inbox: Inbox
) -> None:
    told = ProgrammeCoverageSet(
        request_id=coverage_id(Programme.PETITES_VILLES_DE_DEMAIN, "95"),
        departement="95",
        at=START,
        programme=Programme.PETITES_VILLES_DE_DEMAIN,
        territories=(
            CoveredTerritory(kind=ApplicantKind.EPCI, code="249500109", name="CA de Cergy-Pontoise"),
            CoveredTerritory(kind=ApplicantKind.COMMUNE, code=CERGY, name="Cergy", until=START.date()),
        ),
        by=NATIONAL,
    )
    await inbox.take([Wire().message(told)])
    commune = (await client.get(f"/api/v1/territories/commune/{CERGY}")).json()
    assert [(one["programme"], one["kind"]) for one in commune["programmes"]] == [("petites_villes_de_demain", "epci")]
    whole = (await client.get("/api/v1/territories/departement/95")).json()
    assert whole["programmes"] == []
    assert whole["programmes_inside"] == {"petites_villes_de_demain": 1}
    assert "Petites Villes de Demain" in (await client.get(f"/territoires/commune/{CERGY}")).text


async def test_the_pages_show_the_same(client: Client, inbox: Inbox) -> None:
    await some_requests(client, inbox, granted=6, local=6, pending=6)
    figures = (await client.get("/statistiques")).text
    assert "(95)</title>" not in figures
    assert "Val-d’Oise (95)" in figures
    assert "Réponse locale" in figures
    found = (await client.get("/territoires?q=cergy")).text
    assert 'href="/territoires/commune/95127"' in found
    assert "Aucun territoire trouvé" in (await client.get("/territoires?q=zzzz")).text
    shown = (await client.get("/territoires/commune/95127")).text
    assert "Environ 20" in shown
    assert "Moins de 5" in shown


@pytest.mark.parametrize(("count", "told"), [(0, None), (4, None), (5, 5), (7, 5), (8, 10), (12, 10), (13, 15)])
def test_a_count_is_rounded_to_five_and_a_small_one_is_not_told(count: int, told: int | None) -> None:
    assert rounded(count) == told


def test_the_difference_of_two_counts_never_tells_a_small_group_exactly() -> None:
    """Whatever pair of counts is told, groups of other sizes may stand between them."""
    told: dict[tuple[int | None, int | None], set[int]] = {}
    for count in range(5, 60):
        for between in range(30):
            told.setdefault((rounded(count), rounded(count + between)), set()).add(between)
    assert all(len(sizes) > 1 for (smaller, larger), sizes in told.items() if smaller and larger and larger < 40)


def test_amounts_of_a_few_are_not_told_and_others_are_rounded() -> None:
    assert rounded_cents(1_234_567_89, of=4) is None
    assert rounded_cents(1_234_567_89, of=5) == 1_235_000_00
