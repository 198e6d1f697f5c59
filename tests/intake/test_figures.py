"""The public figures, their description as open data, and the public profile of each territory."""

import asyncio
import csv
import io
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest

from services.intake.domain.disclosure import Rhythm
from services.intake.handlers import handlers
from services.intake.reads.open_data import DIMENSIONS
from services.intake.reads.outcomes import count
from services.intake.usecases.publish_figures import publish_if_due
from shared import clock
from shared.contracts.escalation import CoveredTerritory, ProgrammeCoverageSet, coverage_id
from shared.contracts.vocabulary import ApplicantKind, CommitteeOutcome, Programme
from shared.db import Database
from shared.messaging.inbox.inbox import Inbox
from shared.territory.territories import Territories
from tests.intake.conftest import Client, bearer, filed
from tests.intake.facts import NATIONAL, START, Life
from tests.intake.test_handlers import LATER
from tests.wire import Streams

CERGY, ERAGNY = "95127", "95218"
NEIGHBOURS = (CERGY, ERAGNY, "95476", "95572", "95500")


REGIONS = {"95": "11", "78": "11", "45": "24"}


async def publish(database: Database) -> None:
    """Publish figures now."""
    await publish_if_due(database, Rhythm.MOMENT, REGIONS, at=clock.now())


async def some_requests(
    client: Client, inbox: Inbox, *, granted: int, local: int, pending: int, communes: Sequence[str] = (CERGY,)
) -> None:
    """Requests of these communes in turn, of which so many were granted by the committee, answered locally, or wait."""
    for number in range(granted + local + pending):
        mine = await filed(client, applicant={"kind": "commune", "code": communes[number % len(communes)]})
        life = Life(UUID(mine["id"]))
        wire = Streams()
        if number < granted:
            facts = [life.escalated(LATER), life.decided(LATER + 1, CommitteeOutcome.GRANTED)]
        elif number < granted + local:
            facts = [life.supported(LATER), life.work_done(LATER + 1)]
        else:
            facts = []
        await inbox.process([wire.message(fact) for fact in facts])
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
    return Inbox(database, handlers(territories))


async def test_each_request_is_counted_once_by_what_became_of_it(
    client: Client, inbox: Inbox, database: Database
) -> None:
    await some_requests(client, inbox, granted=6, local=13, pending=3)
    await publish(database)
    figures = (await client.get("/api/v1/statistics")).json()
    assert {name: shown for name, shown in figures["outcomes"].items() if shown} == {"national_granted": 5, "local": 10}
    assert figures["total"] == 20


async def test_a_program_of_before_still_finds_the_key_that_holds_nothing_now(client: Client) -> None:
    figures = (await client.get("/api/v1/statistics")).json()
    assert figures["by_status"] is None


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
    await inbox.process([Streams().message(Life(UUID(mine["id"])).supported(LATER))])
    assert await database.fetchval("SELECT status FROM request WHERE id = $1::text::uuid", mine["id"]) == "withdrawn"
    outcomes = (await count(database, clock.now())).outcomes
    assert {name: number for name, number in outcomes.items() if number} == {"local": 1, "departement_pending": 1}


async def test_amounts_and_opinions_are_published_once_enough_applicants_have_some(
    client: Client, inbox: Inbox, database: Database
) -> None:
    await some_requests(client, inbox, granted=0, local=6, pending=0, communes=NEIGHBOURS[:4])
    await publish(database)
    figures = (await client.get("/api/v1/statistics")).json()
    assert figures["amounts"]["local_support_cents"] is None
    assert figures["opinions"]["answers"] is None
    await some_requests(client, inbox, granted=0, local=1, pending=0, communes=NEIGHBOURS[4:])
    await publish(database)
    figures = (await client.get("/api/v1/statistics")).json()
    assert figures["amounts"]["local_support_cents"] == 7_000_000
    assert figures["opinions"] == {"answers": 5, "need_met": 4.0, "progress": 3.0, "satisfaction": 5.0}


async def test_a_published_sum_changes_by_the_grants_of_five_applicants_at_once(
    client: Client, inbox: Inbox, database: Database
) -> None:
    await some_requests(client, inbox, granted=0, local=5, pending=0, communes=NEIGHBOURS)
    await publish(database)
    seen = []
    for commune in (*NEIGHBOURS[:4], NEIGHBOURS[0], NEIGHBOURS[4]):
        await some_requests(client, inbox, granted=0, local=1, pending=0, communes=[commune])
        await publish(database)
        figures = (await client.get("/api/v1/statistics")).json()
        seen.append((figures["amounts"]["local_support_cents"], figures["opinions"]["answers"]))
    assert seen == [(5_000_000, 5)] * 5 + [(11_000_000, 10)]


async def test_a_corrected_amount_enters_with_those_of_others(client: Client, inbox: Inbox, database: Database) -> None:
    await some_requests(client, inbox, granted=0, local=5, pending=0, communes=NEIGHBOURS)
    await publish(database)
    async with database.transaction() as tx:
        await tx.execute("UPDATE request SET decision = jsonb_set(decision, '{amount_cents}', '100')")
        await tx.execute("UPDATE request SET decision = NULL WHERE number = (SELECT min(number) FROM request)")
    await publish(database)
    assert (await client.get("/api/v1/statistics")).json()["amounts"]["local_support_cents"] == 400


async def test_the_share_of_local_answers_divides_published_numbers(
    client: Client, inbox: Inbox, database: Database
) -> None:
    await some_requests(client, inbox, granted=11, local=9, pending=7)
    await publish(database)
    figures = (await client.get("/api/v1/statistics")).json()
    assert (figures["answered"], figures["answered_locally"]) == (15, 5)
    assert figures["outcomes"]["local"] == 5
    assert figures["share_answered_locally"] == 0.33
    assert "part de deux nombres arrondis" in (await client.get("/statistiques")).text


async def test_page_table_program_and_profile_tell_the_same_numbers(
    client: Client, inbox: Inbox, database: Database
) -> None:
    await some_requests(client, inbox, granted=6, local=16, pending=6, communes=NEIGHBOURS)
    await publish(database)
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
        ("kind", figures["by_kind"]),
        ("departement", figures["by_departement"]),
        ("region", figures["by_region"]),
        ("month", figures["by_month"]),
        ("outcome", figures["outcomes"]),
    ):
        assert listed(dimension) == told, dimension
    assert int(lines["amount", "local"]["amount_cents"]) == figures["amounts"]["local_support_cents"] == 16_000_000
    assert float(lines["evaluation", "need_met"]["mean"]) == figures["opinions"]["need_met"] == 4.0
    assert lines["delay", "first_answer"]["median_days"] == str(figures["delays"][2]["median_days"])
    departement = (await client.get("/api/v1/territories/departement/95")).json()
    assert departement["requests"]["requests"] == figures["by_departement"]["95"] == 25
    assert departement["at"] == figures["at"]
    region = (await client.get("/api/v1/territories/region/11")).json()
    assert region["requests"]["requests"] == figures["by_region"]["11"] == 25
    page = (await client.get("/statistiques")).text
    assert "Val-d’Oise (95)\u00a0: 25" in page
    assert '<tr><td>Demandes</td><th scope="row">Réponse locale</th><td class="numeric">15</td></tr>' in page


async def test_figures_are_of_the_moment_that_they_name_until_the_next_are_due(
    client: Client, inbox: Inbox, database: Database
) -> None:
    assert "pas encore publiés" in (await client.get("/statistiques")).text
    assert (await client.get("/api/v1/statistics")).json()["at"] is None
    start = datetime(2100, 3, 31, 22, 30, tzinfo=UTC)
    for hours, requests, published in ((0, 6, True), (1, 6, False), (24 * 30 - 1, 6, False), (24 * 30, 0, True)):
        await some_requests(client, inbox, granted=0, local=0, pending=requests)
        moment = start + timedelta(hours=hours)
        assert await publish_if_due(database, Rhythm.MONTH, REGIONS, at=moment) == published, moment
        figures = (await client.get("/api/v1/statistics")).json()
        assert figures["by_departement"] == ({"95": 15} if hours == 24 * 30 else {"95": 5})
    assert "Chiffres arrêtés au samedi 1er\u00a0mai 2100" in (await client.get("/statistiques")).text
    assert await database.fetchval("SELECT count(*) FROM published_figures") == 2


async def test_copies_that_publish_at_once_publish_one_snapshot(database: Database) -> None:
    at = clock.now()
    done = await asyncio.gather(*(publish_if_due(database, Rhythm.DAY, REGIONS, at=at) for _ in range(4)))
    assert sorted(done) == [False, False, False, True]
    assert await database.fetchval("SELECT count(*) FROM published_figures") == 1


async def test_a_snapshot_that_says_nothing_new_takes_the_place_of_the_latest(
    client: Client, inbox: Inbox, database: Database
) -> None:
    await some_requests(client, inbox, granted=0, local=0, pending=7)
    for day in range(1, 4):
        await publish_if_due(database, Rhythm.DAY, REGIONS, at=datetime(2100, 5, day, tzinfo=UTC))
    assert await database.fetchval("SELECT count(*) FROM published_figures") == 1


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
    await publish(database)
    by_month = (await client.get("/api/v1/statistics")).json()["by_month"]
    assert len(by_month) == 3
    assert set(by_month.values()) == {None}


async def test_every_line_of_the_open_data_is_described(client: Client, inbox: Inbox, database: Database) -> None:
    await some_requests(client, inbox, granted=6, local=6, pending=6)
    await publish(database)
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


async def test_requests_count_for_departement_and_region_and_are_not_published_of_smaller_territories(
    client: Client, database: Database
) -> None:
    async def counted(address: str) -> Any:
        return (await client.get(f"/api/v1/territories/{address}")).json()["requests"]["requests"]

    everywhere = ("commune/95127", "epci/249500109", "departement/95", "region/11")
    for _ in range(4):
        await filed(client)
    await publish(database)
    assert [await counted(address) for address in everywhere] == [None] * 4
    for _ in range(8):
        await filed(client, applicant={"kind": "commune", "code": ERAGNY})
    await publish(database)
    assert [await counted(address) for address in everywhere] == [None, None, 10, 10]
    assert await counted("departement/78") is None
    commune = (await client.get("/api/v1/territories/commune/95127")).json()
    around = [(one["territory"]["code"], one["requests"]) for one in commune["requests_around"]]
    assert around == [("95", 10), ("11", 10)]
    assert set(commune["requests"]["outcomes"].values()) == {None}
    departement = (await client.get("/api/v1/territories/departement/95")).json()
    assert departement["rate"] == round(10 / departement["territory"]["population"] * 100_000, 2)
    assert departement["rate_of_similar"] is None, "too few requests of similar territories"


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
    await inbox.process([Streams().message(told)])
    commune = (await client.get(f"/api/v1/territories/commune/{CERGY}")).json()
    assert [(one["programme"], one["kind"]) for one in commune["programmes"]] == [("petites_villes_de_demain", "epci")]
    whole = (await client.get("/api/v1/territories/departement/95")).json()
    assert whole["programmes"] == []
    assert whole["programmes_inside"] == {"petites_villes_de_demain": 1}
    assert "Petites Villes de Demain" in (await client.get(f"/territoires/commune/{CERGY}")).text


async def test_the_pages_show_the_same(client: Client, inbox: Inbox, database: Database) -> None:
    await some_requests(client, inbox, granted=6, local=6, pending=6)
    await publish(database)
    figures = (await client.get("/statistiques")).text
    assert '<a href="/territoires/departement/95"' in figures
    assert "Réponse locale" in figures
    found = (await client.get("/territoires?q=cergy")).text
    assert 'href="/territoires/commune/95127"' in found
    assert "Aucun territoire trouvé" in (await client.get("/territoires?q=zzzz")).text
    commune = (await client.get("/territoires/commune/95127")).text
    assert "n’est pas publié" in commune
    assert "Au moins 15" in commune
    assert "Trop peu pour être publié, ou aucune" in (await client.get("/territoires/departement/48")).text
