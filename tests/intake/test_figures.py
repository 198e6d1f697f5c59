"""The public figures, their description as open data, and the public profile of each territory."""

import csv
import io
from collections.abc import Sequence
from typing import Any
from uuid import UUID

import pytest

from services.intake.consumers import consumers
from services.intake.reads.outcomes import outcomes_of
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
NEIGHBOURS = (CERGY, ERAGNY, "95476", "95572", "95500")


async def some_requests(
    client: Client, inbox: Inbox, *, granted: int, local: int, pending: int, communes: Sequence[str] = (CERGY,)
) -> None:
    """Requests of these communes in turn, of which so many were granted by the committee, answered locally, or wait."""
    for number in range(granted + local + pending):
        mine = await filed(client, applicant={"kind": "commune", "code": communes[number % len(communes)]})
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


async def test_a_request_counts_as_before_until_its_withdrawal_is_answered(
    client: Client, inbox: Inbox, database: Database
) -> None:
    await some_requests(client, inbox, granted=0, local=0, pending=1)
    mine = await filed(client)
    await client.post(
        f"/api/v1/requests/{mine['id']}/withdrawal",
        json={"motive": "Abandon"},
        headers=bearer(mine["access_token"]),
    )
    await inbox.take([Wire().message(Life(UUID(mine["id"])).supported(LATER))])
    assert await database.fetchval("SELECT status FROM request WHERE id = $1::text::uuid", mine["id"]) == "withdrawn"
    assert await outcomes_of(database) == {"local": 1, "departement_pending": 1}


async def test_amounts_and_opinions_are_told_once_enough_applicants_have_some(client: Client, inbox: Inbox) -> None:
    await some_requests(client, inbox, granted=0, local=6, pending=0, communes=NEIGHBOURS[:4])
    figures = (await client.get("/api/v1/statistics")).json()
    assert figures["amounts"]["local_support_cents"] is None
    assert figures["opinions"]["answers"] is None
    await some_requests(client, inbox, granted=0, local=1, pending=0, communes=NEIGHBOURS[4:])
    figures = (await client.get("/api/v1/statistics")).json()
    assert figures["amounts"]["local_support_cents"] == 7_000_000
    assert figures["opinions"] == {"answers": 5, "need_met": 4.0, "progress": 3.0, "satisfaction": 5.0}
    commune = (await client.get(f"/api/v1/territories/commune/{CERGY}")).json()["requests"]
    assert commune["amounts"] == {"national_granted_cents": None, "local_support_cents": None}
    assert commune["opinions"]["satisfaction"] is None


async def test_the_share_of_local_answers_is_that_of_what_the_same_page_calls_local(
    client: Client, inbox: Inbox
) -> None:
    await some_requests(client, inbox, granted=11, local=9, pending=7)
    figures = (await client.get("/api/v1/statistics")).json()
    assert (figures["answered"], figures["answered_locally"]) == (20, 10)
    assert figures["outcomes"]["local"] == 10
    assert figures["share_answered_locally"] == 0.5


async def test_page_table_program_and_profile_tell_the_same_numbers(client: Client, inbox: Inbox) -> None:
    await some_requests(client, inbox, granted=6, local=13, pending=6, communes=NEIGHBOURS)
    figures = (await client.get("/api/v1/statistics")).json()
    table = csv.DictReader(io.StringIO((await client.get("/api/v1/statistics.csv")).text))
    lines = {(line["dimension"], line["value"]): line for line in table}

    def listed(dimension: str) -> dict[str, int | None]:
        return {
            value: int(line["requests"]) if line["requests"] else None
            for (named, value), line in lines.items()
            if named == dimension
        }

    for dimension, told in (
        ("total", {"": figures["total"]}),
        ("answered", {"": figures["answered"]}),
        ("answered_locally", {"": figures["answered_locally"]}),
        ("status", figures["by_status"]),
        ("kind", figures["by_kind"]),
        ("departement", figures["by_departement"]),
        ("month", figures["by_month"]),
        ("outcome", figures["outcomes"]),
        ("delay", {delay["step"]: delay["requests"] for delay in figures["delays"]}),
    ):
        assert listed(dimension) == told, dimension
    amount = lines["amount", "local"]["amount_cents"]
    assert int(amount) == figures["amounts"]["local_support_cents"]
    assert float(lines["evaluation", "need_met"]["mean"]) == figures["opinions"]["need_met"]
    departement = (await client.get("/api/v1/territories/departement/95")).json()["requests"]
    assert departement["requests"] == figures["by_departement"]["95"] == 25
    assert departement["outcomes"] == figures["outcomes"]
    assert departement["amounts"] == figures["amounts"]
    assert departement["opinions"] == figures["opinions"]
    page = (await client.get("/statistiques")).text
    assert "Val-d’Oise (95)\u00a0: 25" in page
    assert '<tr><td>Demandes</td><th scope="row">Réponse locale</th><td class="numeric">15</td></tr>' in page


async def test_months_without_requests_are_told_like_those_with_few(
    client: Client, inbox: Inbox, database: Database
) -> None:
    await some_requests(client, inbox, granted=0, local=0, pending=7)
    async with database.transaction() as tx:
        await tx.execute(
            """
            UPDATE request
            SET submitted_at = submitted_at - interval '2 months'
            WHERE number = (SELECT min(number) FROM request)
            """
        )
    by_month = (await client.get("/api/v1/statistics")).json()["by_month"]
    assert len(by_month) == 3
    assert set(by_month.values()) == {None}


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
    profile = (await client.get("/api/v1/territories/epci/249500109")).json()
    assert profile["rate"] == round(5 / profile["territory"]["population"] * 100_000, 2)
    assert profile["rate_of_similar"] is None, "too few requests of similar territories"
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
