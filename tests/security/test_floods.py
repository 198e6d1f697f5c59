"""A stranger who floods intake from outside, and what each flood comes to.

The service runs on a real socket over a real PostgreSQL with the limits of production, behind a proxy that is trusted:
each visitor has an address of their own (`X-Forwarded-For`).
"""

import asyncio
import json
import os
import secrets
import signal
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import UUID

import httpx2
import pytest

from services.intake.main import application
from services.intake.settings import Settings
from shared.db import Database
from shared.links import Links
from shared.territory.territories import Territories
from shared.web import timeouts
from shared.web.server import serve
from tests.intake.conftest import a_request, bearer
from tests.intake.test_pages import hidden

WITHIN = 60.0
"""Seconds, generously, for a connection to end whose timeouts are a second."""


@dataclass(frozen=True, slots=True)
class Target:
    """The running service, as a stranger sees it, and its database, to look at what came of it."""

    port: int
    database: Database
    settings: Settings

    @asynccontextmanager
    async def visit(self, address: str) -> AsyncIterator[httpx2.AsyncClient]:
        """Come from an address, through the proxy."""
        async with httpx2.AsyncClient(
            base_url=f"http://127.0.0.1:{self.port}", headers={"X-Forwarded-For": address}, timeout=WITHIN
        ) as opened:
            yield opened

    async def count(self, table: str) -> int:
        """Count the rows of a table."""
        found: int = await self.database.fetchval(f"SELECT count(*) FROM {table}")
        return found

    async def told(self, fact: str) -> int:
        """Count the events of a kind that were recorded."""
        found: int = await self.database.fetchval("SELECT count(*) FROM journal WHERE type = $1", f"intake.{fact}.v1")
        return found


@pytest.fixture
async def target(
    territories: Territories,
    database_url: Callable[[str], Awaitable[str]],
    free_ports: Callable[[int], list[int]],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> AsyncIterator[Target]:
    """Intake with the limits that it has unless somebody changes them, and timeouts of a second."""
    monkeypatch.setattr(timeouts, "AFTER_ANSWER", 1.0)
    database = await Database.connect(await database_url("intake"), name="flooded", max_size=20)
    port = free_ports(1)[0]
    settings = Settings.model_validate(
        {
            "database_url": "postgresql://unused",
            "port": port,
            "public_url": f"http://127.0.0.1:{port}",
            "secret_key": secrets.token_hex(32),
            "tracking_key": secrets.token_hex(32),
            "document_key": secrets.token_hex(32),
            "mandate_key": secrets.token_hex(32),
            "documents_folder": tmp_path / "documents",
            "header_seconds": 1,
            "body_seconds": 1,
        }
    )
    running = asyncio.create_task(serve(application(settings, database, territories, describe=dict), settings))
    target = Target(port, database, settings)
    async with target.visit("192.0.2.250") as client:
        for _ in range(200):
            try:
                await client.get("/health/live")
                break
            except httpx2.HTTPError:
                await asyncio.sleep(0.05)
    yield target
    os.kill(os.getpid(), signal.SIGINT)
    await running
    await database.close()


async def file(client: httpx2.AsyncClient, email: str, **changes: Any) -> httpx2.Response:
    """File a request."""
    contact = {"name": "Mairie", "role": "Maire", "email": email}
    return await client.post("/api/v1/requests", json=a_request(contact=contact, **changes))


async def test_two_hundred_drafts_are_forty(target: Target) -> None:
    async with target.visit("198.51.100.1") as stranger:
        page = await stranger.get("/")
        form = hidden(page, "/demande")
        answers: Counter[int] = Counter()
        for batch in range(4):
            keys = [f"{batch}-{place}" for place in range(50)]
            asked = [stranger.post("/demande", data=form | {"_form_key": key}) for key in keys]
            answers.update(answer.status_code for answer in await asyncio.gather(*asked))
    assert answers == {303: 40, 429: 160}
    assert await target.count("draft") == 40


async def test_filings_from_many_addresses_of_one_ipv6_network_are_twenty(target: Target) -> None:
    async def one(place: int) -> int:
        async with target.visit(f"2001:db8:bad:1:{place:x}::{place:x}") as stranger:
            return (await file(stranger, f"{place}@cergy.test")).status_code

    answers = Counter(await asyncio.gather(*(one(place) for place in range(1, 41))))
    assert answers == {201: 20, 429: 20}
    assert await target.count("request") == 20
    async with target.visit("2001:db8:bad:2::1") as neighbour:
        assert (await file(neighbour, "voisine@cergy.test")).status_code == 201


async def test_an_address_that_the_proxy_did_not_say_is_not_believed(target: Target) -> None:
    """The proxy appends the address that it sees: what the stranger wrote before it changes nothing."""

    async def one(place: int) -> int:
        async with target.visit(f"203.0.113.{place}, 198.51.100.7") as stranger:
            return (await file(stranger, f"{place}@cergy.test")).status_code

    assert Counter([await one(place) for place in range(22)]) == {201: 20, 429: 2}


async def test_a_stranger_files_twenty_requests_in_a_mairies_name_and_the_mairie_files_its_own(target: Target) -> None:
    """Mails are bounded where they are sent (`notifications/test_mails_per_recipient.py`)."""
    async with target.visit("198.51.101.1") as stranger:
        for most in (20, 0):
            answers = [(await file(stranger, "mairie@cergy.test")).status_code for _ in range(22)]
            assert Counter(answers) == Counter({201: most, 429: 22 - most})
            await target.database.fetch(
                "UPDATE rate_limit SET ends_at = now() WHERE purpose = 'filing:address' RETURNING used"
            )
    assert await target.told("request_submitted") == 20
    async with target.visit("198.51.101.2") as mairie:
        assert (await file(mairie, "mairie@cergy.test")).status_code == 201


async def test_invented_numbers_leave_a_mairie_its_new_link(target: Target) -> None:
    async with target.visit("198.51.100.21") as mairie:
        mine = (await file(mairie, "mairie@cergy.test")).json()

    async def ask(address: str, number: str) -> int:
        async with target.visit(address) as somebody:
            form = hidden(await somebody.get("/suivi"), "/suivi")
            wanted = {"number": number, "email": "mairie@cergy.test"}
            return (await somebody.post("/suivi", data=form | wanted)).status_code

    invented = [await ask("198.51.101.3", f"95-2026-9000{place:02}") for place in range(12)]
    assert Counter(invented) == {303: 12}
    assert await ask("198.51.100.21", mine["number"]) == 303
    async with asyncio.timeout(WITHIN):  # it is looked up after the answer
        while not await target.told("tracking_link_replaced"):
            await asyncio.sleep(0.05)


async def test_new_links_in_a_row_send_one_mail_and_end_nothing(target: Target) -> None:
    async with target.visit("198.51.100.20") as mairie:
        mine = (await file(mairie, "mairie@cergy.test")).json()
    answers = []
    for place in range(5):
        async with target.visit(f"198.51.102.{place}") as stranger:
            form = hidden(await stranger.get("/suivi"), "/suivi")
            wanted = {"number": mine["number"], "email": "mairie@cergy.test"}
            answers.append((await stranger.post("/suivi", data=form | wanted)).status_code)
    assert answers == [303, 429, 429, 429, 429]
    assert await target.told("tracking_link_replaced") == 1
    async with target.visit("198.51.100.20") as mairie:
        assert (await mairie.get(f"/suivi/{mine['access_token']}")).status_code == 200
        seen = await mairie.get(f"/api/v1/requests/{mine['id']}", headers=bearer(mine["access_token"]))
        assert seen.status_code == 200


async def test_invitations_to_twenty_strangers_leave_none_before_the_contact_and_ten_after(target: Target) -> None:
    async with target.visit("198.51.100.30") as stranger:
        mine = (await file(stranger, "victime@cergy.test", title="GAGNEZ http://evil.example")).json()
        answers = Counter(
            [
                (
                    await stranger.post(
                        f"/api/v1/requests/{mine['id']}/colleagues",
                        json={"name": "http://evil.example", "email": f"{place}@exemple.test"},
                        headers=bearer(mine["access_token"]),
                    )
                ).status_code
                for place in range(20)
            ]
        )
        assert answers == {201: 10, 429: 10}
        for token in (mine["access_token"], Links("x" * 32, "mailed").token(UUID(mine["id"]))):
            await stranger.get(f"/suivi/{token}")
        assert await target.told("colleague_invited") == 0, "the link of the answer proves nothing"
    mailed = Links(target.settings.tracking_key.get_secret_value(), "mailed").token(UUID(mine["id"]))
    async with target.visit("198.51.100.31") as contact:
        for _ in range(2):
            assert (await contact.get(f"/suivi/{mailed}")).status_code == 200
    assert await target.told("colleague_invited") == 10


async def test_acknowledgements_in_a_row_are_made_twenty_times(target: Target) -> None:
    async with target.visit("198.51.100.40") as stranger:
        mine = (await file(stranger, "mairie@cergy.test")).json()
        await target.database.fetch(
            "UPDATE rate_limit SET used = used + 19 WHERE purpose = 'pdf:request' RETURNING used"
        )
        first = await stranger.get(f"/suivi/{mine['access_token']}/accuse-de-reception.pdf")
        assert first.headers["content-type"] == "application/pdf"
        await target.database.fetch("UPDATE rate_limit SET used = 20 WHERE purpose = 'pdf:request' RETURNING used")
        refused = await stranger.get(
            f"/api/v1/requests/{mine['id']}/acknowledgement.pdf", headers=bearer(mine["access_token"])
        )
    assert (refused.status_code, refused.json()["code"]) == (429, "too_many_pdfs")


async def ends(port: int, *parts: bytes) -> bytes:
    """Send this, wait for the server to end the connection, and give what it said."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    for part in parts:
        writer.write(part)
    async with asyncio.timeout(WITHIN):
        said = await reader.read()
    writer.close()
    return said


async def test_a_hundred_connections_with_half_a_header_are_all_cut(target: Target) -> None:
    said = await asyncio.gather(*(ends(target.port, b"POST /api/v1/requests HTTP/1.1\r\nHost: x") for _ in range(100)))
    assert all(one.startswith(b"HTTP/1.1 408 ") for one in said)
    document = json.loads(said[0].partition(b"\r\n\r\n")[2])
    assert (document["code"], document["status"]) == ("request_timeout", 408)


async def test_a_body_that_never_ends_is_cut_and_one_that_is_too_large_is_refused_unread(target: Target) -> None:
    head = b"POST /api/v1/requests HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n"
    slow = await ends(target.port, head % 500, b'{"title": "')
    assert slow.startswith(b"HTTP/1.1 408 ")
    assert json.loads(slow.partition(b"\r\n\r\n")[2])["code"] == "request_timeout"
    large = await ends(target.port, head % 2_000_000)
    assert large.startswith(b"HTTP/1.1 413 ")
    assert json.loads(large.partition(b"\r\n\r\n")[2])["code"] == "too_large"
    assert await target.count("request") == 0


async def test_headers_without_end_are_refused(target: Target) -> None:
    said = await ends(target.port, b"GET / HTTP/1.1\r\nCookie: ", b"a" * 1_000_000)
    assert said.startswith(b"HTTP/1.1 431 ")
