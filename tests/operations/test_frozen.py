"""PostgreSQL accepts connections and answers nothing: whoever asks is told so within seconds."""

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import replace
from urllib.parse import urlsplit

import httpx2
import pytest
from playwright.async_api import Browser, expect
from prometheus_client import generate_latest

from services.operations import jobs as gauges
from services.operations.adapters.connections import Connections, Watched
from services.operations.reads import behind, status
from shared.db import CANCELS_WITHIN, Database
from shared.web import sessions
from tests.conftest import FreshDatabase
from tests.faults.network import Link
from tests.operations.conftest import DATABASE, Scene

MACHINE = 5.0
"""Seconds more that a busy machine may take."""

Enter = Callable[..., Awaitable[httpx2.AsyncClient]]


@pytest.fixture
def patient(monkeypatch: pytest.MonkeyPatch) -> None:
    """These tests are about the time that a look takes."""


@pytest.fixture
async def frozen(scene: Scene) -> AsyncIterator[tuple[Connections, Link]]:
    """Two services, of which escalation's PostgreSQL is behind a link that can be frozen; both connected before."""
    url = urlsplit(scene.urls["escalation"].app_url)
    link = Link(url.port or 5432)
    await link.start()
    behind_link = url._replace(netloc=url.netloc.replace(f":{url.port}", f":{link.port}")).geturl()
    database = await Database.connect(behind_link, name="test")
    watched = {**scene.connections.services, "escalation": Watched("escalation", database, "escalation")}
    yield replace(scene.connections, services=watched), link
    link.flow()
    database.terminate()
    link.stop()


async def test_whoever_gives_up_waiting_for_a_frozen_database_waits_no_longer_for_its_confirmation(
    frozen: tuple[Connections, Link],
) -> None:
    connections, link = frozen
    database = connections.services["escalation"].database
    assert await database.fetchval("SELECT 1") == 1
    link.stall()
    began = time.monotonic()
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.5):
            await database.fetchval("SELECT 1")
    assert time.monotonic() - began < 0.5 + CANCELS_WITHIN + MACHINE
    link.flow()
    assert await database.fetchval("SELECT 1") == 1


async def test_the_status_names_a_frozen_database_in_seconds_and_the_gauges_say_so(
    frozen: tuple[Connections, Link],
) -> None:
    connections, link = frozen
    latest = gauges.Latest()
    await latest.measure(connections)
    link.stall()
    began = time.monotonic()
    await latest.measure(connections)
    assert time.monotonic() - began < status.PATIENCE + CANCELS_WITHIN + behind.PATIENCE + MACHINE
    assert latest.status is not None
    assert [one.where for one in latest.status.concerns if one.what == "database_away"] == ["escalation"]
    assert 'cousu_concerns{what="database_away",where="escalation"} 1.0' in generate_latest().decode()
    link.flow()
    await latest.measure(connections)
    assert "database_away" not in generate_latest().decode()


async def test_gauges_of_a_look_that_failed_are_not_left_as_they_were(
    frozen: tuple[Connections, Link], monkeypatch: pytest.MonkeyPatch
) -> None:
    connections, link = frozen
    link.stall()
    latest = gauges.Latest()
    await latest.measure(connections)

    async def fails(*_: object, **__: object) -> None:
        raise LookupError

    monkeypatch.setattr(gauges, "status", fails)
    with pytest.raises(LookupError):
        await latest.measure(connections)
    assert "cousu_concerns{" not in generate_latest().decode()
    assert latest.status is None


@pytest.fixture
async def own_link() -> AsyncIterator[Link]:
    """What leads to the page's own database."""
    link = Link(0)
    await link.start()
    yield link
    link.stop()


@pytest.fixture
async def own_database(
    fresh_database: Callable[[str], Awaitable[FreshDatabase]], own_link: Link
) -> AsyncIterator[Database]:
    """The page's own database, behind a link that can be frozen."""
    url = (await fresh_database("operations")).app_url
    own_link.to_port = urlsplit(url).port or 0
    async with DATABASE.opened(url.replace(f":{own_link.to_port}/", f":{own_link.port}/"), max_size=10) as database:
        yield database
        own_link.flow()


async def test_the_page_and_the_api_say_that_their_own_database_is_away_and_readiness_too(
    enter: Enter, own_link: Link
) -> None:
    browse = await enter()
    assert (await browse.get("/")).status_code == 200
    own_link.stall()
    began = time.monotonic()
    shown, told, ready = await asyncio.gather(
        browse.get("/"),
        browse.get("/api/v1/status", headers={"Authorization": "Bearer x"}),
        browse.get("/health/ready"),
    )
    assert time.monotonic() - began < sessions.IDENTIFIED_WITHIN + CANCELS_WITHIN + MACHINE
    assert [one.status_code for one in (shown, told, ready)] == [503, 503, 503]
    assert "La base de données de ce service ne répond pas" in shown.text
    assert told.json()["code"] == "database_away"
    assert "no answer within 3 seconds" in ready.json()["missing"][0]
    own_link.flow()
    assert (await browse.get("/")).status_code == 200


async def test_an_open_page_says_of_when_it_is_and_a_reloaded_one_comes_back_by_itself(
    enter: Enter, address: str, own_link: Link, chromium: Browser
) -> None:
    await enter()
    context = await chromium.new_context(locale="fr-FR")
    await context.add_cookies([{"name": "cousu_operations_session", "value": "the-key", "url": address}])
    opened, reloaded = await context.new_page(), await context.new_page()
    await opened.goto(address)
    bar = opened.locator(".live-bar")
    await expect(bar).to_contain_text("Cette page se met à jour d’elle-même.")
    own_link.stall()
    await expect(bar).to_contain_text("La base de données de ce service ne répond pas", timeout=40_000)
    await expect(bar).to_contain_text("Ce qui est affiché date de")
    await reloaded.goto(address)
    await expect(reloaded.locator("h1")).to_have_text("Le service est momentanément indisponible")
    await expect(reloaded.locator("main")).to_contain_text("Cette page se rechargera d’elle-même")
    own_link.flow()
    await expect(reloaded.locator("h1")).to_have_text("Une intervention est nécessaire", timeout=40_000)
    await expect(bar).to_contain_text("Mis à jour à", timeout=40_000)
