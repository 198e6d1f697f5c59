"""Agents' pages of notifications in a real browser, at both widths, without broker or senders."""

import asyncio
import contextlib
import re
import socket
from collections.abc import AsyncIterator

import pytest
import uvicorn
from playwright.async_api import Page, async_playwright, expect

from services.notifications import examples
from services.notifications.main import application
from services.notifications.office import Office
from services.notifications.settings import Settings
from shared.contracts import qualification
from shared.db import Database
from shared.identity.model import Role
from shared.web import assets
from tests.browser.conftest import CHROMIUM, QUIET
from tests.browser.people import AXE, NARROW, PICTURES, RULES, WIDE
from tests.notifications.conftest import Client, People, World

pytestmark = pytest.mark.browser


@pytest.fixture
async def page(
    database: Database, settings: Settings, office: Office, people: People, client: Client
) -> AsyncIterator[Page]:
    """Give the window of an agent of the Val-d'Oise who is signed in."""
    assets.gather()
    await people.enters(client, Role.SAT_AGENT, "95")
    with socket.socket() as door:
        door.bind(("127.0.0.1", 0))
        app = application(settings, database, office)
        server = uvicorn.Server(uvicorn.Config(app, log_config=None, lifespan="on"))
        serving = asyncio.create_task(server.serve(sockets=[door]))
        async with async_playwright() as playwright:
            browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=QUIET)
            context = await browser.new_context(
                base_url=f"http://127.0.0.1:{door.getsockname()[1]}", viewport=WIDE, locale="fr-FR"
            )
            await context.add_cookies(
                [
                    {"name": name, "value": value, "domain": "127.0.0.1", "path": "/"}
                    for name, value in client.cookies.items()
                ]
            )
            yield await context.new_page()
            await browser.close()
        server.should_exit = True
        with contextlib.suppress(asyncio.CancelledError):
            await serving


async def looks(page: Page, name: str) -> None:
    """See the page at both widths: nothing for axe to say, nothing wider than the screen, a picture of each."""
    PICTURES.mkdir(parents=True, exist_ok=True)
    for size in (WIDE, NARROW):
        await page.set_viewport_size(size)
        await page.screenshot(path=PICTURES / f"{name}-{size['width']}.png", full_page=True)
        assert await page.evaluate("document.documentElement.scrollWidth") <= size["width"], name
    await page.set_viewport_size(WIDE)
    await page.evaluate(AXE)
    found = await page.evaluate("rules => axe.run(document, {runOnly: {type: 'tag', values: rules}})", RULES)
    assert not found["violations"], [(rule["id"], rule["help"]) for rule in found["violations"]]


async def test_the_bell_rings_while_one_looks_and_is_silent_once_all_is_read(page: Page, world: World) -> None:
    await page.goto("/cloche")
    await expect(page.get_by_text("Rien de nouveau")).to_be_visible()
    await expect(page.locator(".bell-count")).to_be_hidden()
    await world.filed()
    await world.tell(examples.example_of(qualification.ProposalRejected))
    await expect(page.locator(".bell-count")).to_have_text("2 non lues", timeout=15_000)
    await expect(page.get_by_role("link", name=re.compile("Nouvelle demande de"))).to_be_visible()
    await expect(page.get_by_role("status").first).to_have_text("Une nouveauté est arrivée.")
    await looks(page, "notifications-cloche")
    await page.get_by_role("button", name="Tout marquer comme lu").click()
    await expect(page.get_by_text("Tout est lu")).to_be_visible()
    await expect(page.locator(".bell-count")).to_be_hidden()


async def test_preferences_and_templates_are_within_everybody_s_reach(page: Page) -> None:
    for path, name in (("/preferences", "notifications-preferences"), ("/modeles", "notifications-modeles")):
        await page.goto(path)
        await looks(page, name)
