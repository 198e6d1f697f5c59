"""What strangers may do is limited for each purpose; who is refused learns when to come back, and loses nothing."""

import asyncio
import secrets
from collections.abc import Callable
from typing import Any
from uuid import UUID

import httpx2
import pytest
from litestar import Litestar

from services.intake.main import application
from services.intake.settings import Settings
from shared import clock
from shared.contracts.fact import Actor
from shared.contracts.vocabulary import Role
from shared.db import Database
from shared.identity import store
from shared.identity.model import Role as AgentRole
from shared.links import Links
from shared.territory.territories import Territories
from shared.web.mandates import Mandates
from tests.intake.conftest import DATABASE, LIFTED, Client, a_request, bearer
from tests.intake.test_documents import PDF
from tests.intake.test_pages import a_filled_draft, begin, hidden, send

LIMITS = {
    "limit_filings_per_address": "3/h",
    "limit_filings_per_email": "4/d",
    "limit_drafts_per_address": "3/h",
    "limit_draft_bytes_per_address": "2500/d",
    "draft_bytes": 4000,
    "limit_links_per_address": "4/h",
    "limit_links_per_email": "3/d",
    "limit_links_per_request": "1/h",
    "limit_invitations_per_address": "4/d",
    "limit_invitations_per_email": "2/d",
    "limit_invitations_per_request": "3/d",
    "limit_pdfs_per_address": "2/h",
    "limit_pdfs_per_request": "1/h",
}
Visit = Callable[[str], Client]


def test_no_limit_is_left_out_here() -> None:
    assert set(LIMITS) == {*LIFTED, "draft_bytes"}


@pytest.fixture(scope="module")
def limited(settings: Settings, territories: Territories) -> Litestar:
    """The service with narrow limits."""
    return application(
        Settings.model_validate({**settings.model_dump(), **LIMITS}), DATABASE, territories, describe=dict
    )


@pytest.fixture
def visit(database: Database, limited: Litestar) -> Visit:
    """Give a browser or a program that comes from an address."""
    assert database is DATABASE

    def come(address: str) -> Client:
        transport = httpx2.ASGITransport(app=limited, client=(address, 1))  # type: ignore[arg-type] # Litestar's scopes are narrower than ASGI's
        return httpx2.AsyncClient(transport=transport, base_url="http://intake.test")

    return come


def from_whom(email: str) -> dict[str, Any]:
    """The body of a request with this contact."""
    return a_request(contact={"name": "Mairie", "role": "Maire", "email": email})


async def file(client: Client, email: str = "", **headers: str) -> httpx2.Response:
    """File a request, with a contact of its own unless given."""
    body = from_whom(email or f"{secrets.token_hex(4)}@cergy.test")
    return await client.post("/api/v1/requests", json=body, headers=headers)


def refused(answer: httpx2.Response, code: str) -> None:
    """It is the limit, in all its parts."""
    assert (answer.status_code, answer.json()["code"]) == (429, code), answer.text
    assert answer.headers["content-type"].startswith("application/problem+json")
    assert int(answer.headers["retry-after"]) > 0
    assert " dans " in answer.json()["detail"]


async def test_filings_from_one_address_are_limited_also_when_they_come_together(
    visit: Visit, database: Database
) -> None:
    stranger = visit("198.51.100.1")
    answers = await asyncio.gather(*(file(stranger) for _ in range(12)))
    assert sorted(answer.status_code for answer in answers) == [201] * 3 + [429] * 9
    refused(next(answer for answer in answers if answer.status_code == 429), "too_many_filings")
    assert await database.fetchval("SELECT count(*) FROM request") == 3
    assert await database.fetchval("SELECT last FROM number_counter") == 3, "a refusal takes no number"
    assert (await file(visit("198.51.100.2"))).status_code == 201


async def test_a_network_of_ipv6_is_one_address(visit: Visit) -> None:
    answers = [await file(visit(f"2001:db8:1:2:{place:x}::1")) for place in range(1, 5)]
    assert [answer.status_code for answer in answers] == [201, 201, 201, 429]
    assert (await file(visit("2001:db8:1:3::1"))).status_code == 201


async def end_windows(database: Database, purpose: str) -> None:
    """Let the time pass after which a purpose counts from nothing."""
    async with database.transaction() as tx:
        await tx.execute("UPDATE rate_limit SET ends_at = now() WHERE purpose = $1", purpose)


async def test_filings_with_one_mail_address_are_limited_for_who_files_them_and_for_nobody_else(
    visit: Visit, database: Database
) -> None:
    stranger, answers = visit("198.51.100.8"), []
    for _ in range(5):
        answers.append(await file(stranger, "Maire@Cergy.test"))
        await end_windows(database, "filing:address")
    assert [answer.status_code for answer in answers] == [201] * 4 + [429]
    assert (await file(stranger, "autre@cergy.test")).status_code == 201
    assert (await file(visit("198.51.100.9"), "maire@cergy.test")).status_code == 201


async def test_a_filing_that_is_repeated_or_wrong_is_not_counted(visit: Visit) -> None:
    stranger, body = visit("198.51.100.3"), a_request()
    for _ in range(5):
        again = await stranger.post("/api/v1/requests", json=body, headers={"Idempotency-Key": "one"})
        assert again.status_code == 201
        wrong = await stranger.post("/api/v1/requests", json=a_request(support_types=["foret"]))
        assert wrong.status_code == 400
    assert [(await file(stranger)).status_code for _ in range(3)] == [201, 201, 429]


async def test_agents_and_their_programs_are_exempt(visit: Visit, database: Database, settings: Settings) -> None:
    stranger = visit("198.51.100.4")
    agent = Actor(role=Role.SAT_AGENT, name="Camille Martin", email="camille@sat.test")
    mandates = Mandates(settings.mandate_key.get_secret_value())
    for _ in range(6):
        headers = {"Filing-Mandate": mandates.give(agent, at=clock.now())}
        assert (await file(stranger, "m@c.test", **headers)).status_code == 201
    async with database.transaction() as tx:
        at = clock.now()
        program = await store.add_agent(
            tx, email="portail@region.test", name="Portail", roles=[AgentRole.OPERATOR], at=at
        )
        token = await store.issue_token(tx, agent_id=program.id, name="portail", at=at)
    assert {(await file(stranger, "m@c.test", **bearer(token))).status_code for _ in range(6)} == {201}
    assert await database.fetchval("SELECT bool_and(contact_confirmed_at IS NOT NULL) FROM request")
    assert [(await file(stranger, **bearer("wrong"))).status_code for _ in range(4)] == [201, 201, 201, 429]


async def test_a_form_that_is_limited_keeps_the_draft(visit: Visit, database: Database) -> None:
    stranger = visit("198.51.100.5")
    draft = await a_filled_draft(stranger)
    for _ in range(3):
        assert (await file(stranger)).status_code == 201
    summary = await stranger.get(f"{draft}/recapitulatif")
    answer = await send(stranger, summary, f"{draft}/recapitulatif")
    assert answer.status_code == 429
    assert int(answer.headers["retry-after"]) > 0
    assert "pas encore déposée" in answer.text
    assert f"http://intake.test{draft}" in answer.text
    assert await database.fetchval("SELECT request_id IS NULL AND answers <> '{}' FROM draft")
    async with database.transaction() as tx:
        await tx.execute("UPDATE rate_limit SET ends_at = now()")
    later = await send(stranger, answer, f"{draft}/recapitulatif")
    assert later.headers["location"] == f"{draft}/deposee"


async def test_drafts_and_their_bytes_are_limited(visit: Visit, database: Database, documents_folder: Any) -> None:
    stranger = visit("198.51.100.6")
    drafts = [await begin(stranger) for _ in range(3)]
    page = await stranger.get("/")
    answer = await send(stranger, page, "/demande")
    assert (answer.status_code, "Reprenez un brouillon" in answer.text) == (429, True)
    assert int(answer.headers["retry-after"]) > 0

    async def join(client: Client, draft: str, size: int) -> httpx2.Response:
        page = await client.get(f"{draft}/documents")
        content = PDF + b"\n" * (size - len(PDF))
        return await client.post(
            f"{draft}/documents", data=hidden(page, f"{draft}/documents"), files={"document": ("plan.pdf", content)}
        )

    assert (await join(stranger, drafts[0], 2000)).status_code == 303
    answer = await join(stranger, drafts[1], 2001)
    assert (answer.status_code, "Ajoutez celui-ci dans" in answer.text) == (429, True)
    assert int(answer.headers["retry-after"]) > 0
    other = visit("198.51.100.7")
    theirs = await begin(other)
    answer = await join(other, theirs, 2400)
    assert (answer.status_code, "pleine pour le moment" in answer.text) == (503, True)
    assert (await join(other, theirs, 1999)).status_code == 303
    assert await database.fetchval("SELECT sum(size) FROM draft_document") == 3999
    kept = [path for path in documents_folder.rglob("*") if path.is_file() and path.stat().st_size > 1000]
    assert len(kept) == 2, "what was refused lies nowhere"


async def test_the_bytes_of_all_drafts_are_not_passed_by_those_who_come_together(
    visit: Visit, database: Database
) -> None:
    visitors = [visit(f"198.51.100.{10 + n}") for n in range(6)]
    drafts = [await begin(one) for one in visitors]

    async def join(client: Client, draft: str) -> int:
        page = await client.get(f"{draft}/documents")
        answer = await client.post(
            f"{draft}/documents",
            data=hidden(page, f"{draft}/documents"),
            files={"document": ("plan.pdf", PDF + b"\n" * (1500 - len(PDF)))},
        )
        return answer.status_code

    answers = await asyncio.gather(*(join(*pair) for pair in zip(visitors, drafts, strict=True)))
    assert sorted(answers) == [303, 303, 503, 503, 503, 503]
    assert await database.fetchval("SELECT sum(size) FROM draft_document") == 3000


async def ask_link(client: Client, number: str, email: str) -> httpx2.Response:
    """Ask for a new tracking link."""
    return await send(client, await client.get("/suivi"), "/suivi", number=number, email=email)


async def test_a_new_link_is_sent_once_an_hour_and_the_answer_is_the_same_for_a_request_that_does_not_exist(
    visit: Visit,
) -> None:
    number = (await file(visit("198.51.100.20"), "mairie@cergy.test")).json()["number"]
    for place, (asked, email) in enumerate([(number, "mairie@cergy.test"), ("95-2026-999999", "autre@cergy.test")]):
        stranger = visit(f"198.51.100.{21 + place}")
        first = await ask_link(stranger, asked, email)
        assert (first.status_code, first.headers["location"]) == (303, "/suivi/lien-envoye")
        again = await ask_link(visit(f"198.51.100.{31 + place}"), asked.lower(), email.upper())
        assert again.status_code == 429
        assert int(again.headers["retry-after"]) > 0
        assert "L’ancien lien reste valable" in again.text
        assert f'value="{asked.lower()}"' in again.text


async def links_sent(database: Database, mine: dict[str, Any]) -> int:
    """Count the new links that were sent of a request."""
    found: int = await database.fetchval(
        "SELECT count(*) FROM journal WHERE type = 'intake.tracking_link_replaced.v1' AND subject = $1", mine["id"]
    )
    return found


async def test_new_links_are_limited_by_address(visit: Visit) -> None:
    stranger = visit("198.51.100.40")
    answers = [await ask_link(stranger, f"95-2026-00000{n}", f"{n}@cergy.test") for n in range(5)]
    assert [answer.status_code for answer in answers] == [303] * 4 + [429]


async def test_links_that_a_stranger_asks_for_by_invented_numbers_take_none_from_the_mairie(
    visit: Visit, database: Database
) -> None:
    mine = (await file(visit("198.51.100.41"), "mairie@cergy.test")).json()
    for n in range(10):
        answer = await ask_link(visit(f"198.51.102.{n}"), f"95-2026-90000{n}", "mairie@cergy.test")
        assert answer.status_code == 303
    assert (await ask_link(visit("198.51.100.41"), mine["number"], "mairie@cergy.test")).status_code == 303
    assert await links_sent(database, mine) == 1


async def test_links_mailed_to_one_address_are_limited_and_the_answer_stays_the_same(
    visit: Visit, database: Database
) -> None:
    mine = [(await file(visit(f"198.51.100.{42 + n}"), "victime@cergy.test")).json() for n in range(4)]
    answers = [
        await ask_link(visit(f"198.51.100.{50 + n}"), one["number"], "Victime@Cergy.test") for n, one in enumerate(mine)
    ]
    assert {(answer.status_code, answer.headers["location"]) for answer in answers} == {(303, "/suivi/lien-envoye")}
    assert [await links_sent(database, one) for one in mine] == [1, 1, 1, 0]
    assert await database.fetchval("SELECT count(*) FROM wanted_link") == 0, "it is dropped, not kept"
    await end_windows(database, "link:request")
    await end_windows(database, "link:email")
    await ask_link(visit("198.51.100.55"), mine[3]["number"], "victime@cergy.test")
    assert await links_sent(database, mine[3]) == 1


async def test_requests_that_a_stranger_files_for_a_mairie_take_no_links_from_those_it_confirmed(
    visit: Visit, database: Database, settings: Settings
) -> None:
    mine = (await file(visit("198.51.100.56"), "mairie@cergy.test")).json()
    mailed = Links(settings.tracking_key.get_secret_value(), "mailed").token(UUID(mine["id"]))
    assert (await visit("198.51.100.56").get(f"/suivi/{mailed}")).status_code == 200
    for n in range(5):
        theirs = (await file(visit(f"198.51.103.{n}"), "mairie@cergy.test")).json()
        assert (await ask_link(visit(f"198.51.103.{n}"), theirs["number"], "mairie@cergy.test")).status_code == 303
    for wanted in (1, 2, 3, 3):
        assert (await ask_link(visit("198.51.100.56"), mine["number"], "mairie@cergy.test")).status_code == 303
        assert await links_sent(database, mine) == wanted
        await end_windows(database, "link:request")


async def invite(client: Client, mine: dict[str, Any], email: str) -> httpx2.Response:
    """Invite a colleague."""
    return await client.post(
        f"/api/v1/requests/{mine['id']}/colleagues",
        json={"name": "Dominique Petit", "email": email},
        headers=bearer(mine["access_token"]),
    )


async def test_invitations_are_limited_by_request_address_and_invited_person(visit: Visit) -> None:
    mine = [(await file(visit(f"198.51.100.{60 + n}"))).json() for n in range(5)]
    stranger, other = visit("198.51.100.70"), visit("198.51.100.71")
    answers = [await invite(stranger, mine[0], f"{n}@cergy.test") for n in range(4)]
    assert [answer.status_code for answer in answers] == [201, 201, 201, 429]
    refused(answers[-1], "too_many_invitations_now")
    assert [(await invite(stranger, mine[1], f"{n}@cergy.test")).status_code for n in range(2)] == [201, 429]
    assert [(await invite(other, one, "0@cergy.test")).status_code for one in mine[1:4]] == [409, 201, 201]
    page = await other.get(f"/suivi/{mine[4]['access_token']}")
    answer = await send(other, page, f"/suivi/{mine[4]['access_token']}/collegues", name="Sacha", email="0@cergy.test")
    assert (answer.status_code, 'value="Sacha"' in answer.text) == (429, True)
    assert int(answer.headers["retry-after"]) > 0


async def test_strangers_do_not_use_up_the_invitations_to_a_colleague(visit: Visit) -> None:
    filed = [(await file(visit(f"198.51.100.{100 + n}"))).json() for n in range(4)]
    stranger, mairie = visit("198.51.100.110"), visit("198.51.100.111")
    tried = [(await invite(stranger, one, "colleague@cergy.test")).status_code for one in filed[:3]]
    assert tried == [201, 201, 429]
    assert (await invite(mairie, filed[3], "colleague@cergy.test")).status_code == 201


async def test_acknowledgements_are_made_so_often_and_no_more(visit: Visit) -> None:
    mine = [(await file(visit(f"198.51.100.{80 + n}"))).json() for n in range(3)]
    reader = visit("198.51.100.90")

    async def acknowledgement(one: dict[str, Any]) -> httpx2.Response:
        return await reader.get(
            f"/api/v1/requests/{one['id']}/acknowledgement.pdf", headers=bearer(one["access_token"])
        )

    assert (await acknowledgement(mine[0])).status_code == 200
    refused(await acknowledgement(mine[0]), "too_many_pdfs")
    assert (await acknowledgement(mine[1])).status_code == 200
    refused(await acknowledgement(mine[2]), "too_many_pdfs")
    page = await reader.get(f"/suivi/{mine[2]['access_token']}/accuse-de-reception.pdf")
    assert (page.status_code, "version à imprimer" in page.text) == (429, True)


async def test_the_counts_name_nobody(visit: Visit, database: Database) -> None:
    await file(visit("198.51.100.99"), "mairie@cergy.test")
    kept = str([tuple(row) for row in await database.fetch("SELECT * FROM rate_limit")])
    assert "cergy" not in kept
    assert "198.51" not in kept
