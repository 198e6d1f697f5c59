"""Agents' pages of notifications in a real browser, at both widths, without broker or senders."""

import asyncio
import contextlib
import re
import socket
from collections.abc import AsyncIterator

import pytest
import uvicorn
from playwright.async_api import Browser, Page, expect

from services.notifications.main import application
from services.notifications.rendering import examples
from services.notifications.settings import Settings
from services.notifications.usecases.parts import Parts
from shared.contracts import qualification
from shared.db import Database
from shared.identity.model import Role
from shared.web import assets
from tests.chromium import ASK_AXE, NARROW, PICTURES, RULES, WIDE, axe, violations
from tests.notifications.conftest import Client, People, World
from tests.notifications.test_bell import looking
from tests.polling import eventually

pytestmark = pytest.mark.browser


@pytest.fixture
async def page(
    database: Database, settings: Settings, parts: Parts, people: People, client: Client, chromium: Browser
) -> AsyncIterator[Page]:
    """Give the window of an agent of the Val-d'Oise who is signed in."""
    assets.gather()
    await people.enters(client, Role.SAT_AGENT, "95")
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        app = application(settings, database, parts, describe=dict)
        server = uvicorn.Server(uvicorn.Config(app, log_config=None, lifespan="on"))
        serving = asyncio.create_task(server.serve(sockets=[listening]))
        context = await chromium.new_context(
            base_url=f"http://127.0.0.1:{listening.getsockname()[1]}", viewport=WIDE, locale="fr-FR"
        )
        await context.add_cookies(
            [
                {"name": name, "value": value, "domain": "127.0.0.1", "path": "/"}
                for name, value in client.cookies.items()
            ]
        )
        yield await context.new_page()
        await context.close()
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
    await page.evaluate(axe())
    found = violations(await page.evaluate(ASK_AXE, RULES))
    assert not found, found


async def test_the_bell_rings_while_one_looks_and_is_silent_once_all_is_read(page: Page, world: World) -> None:
    await page.goto("/cloche")
    await expect(page.get_by_text("Rien de nouveau")).to_be_visible()
    await expect(page.locator(".bell-count")).to_be_hidden()
    await eventually(looking)
    await world.filed()
    await world.consume(examples.example_of(qualification.ProposalRejected))
    await expect(page.locator(".bell-count")).to_have_text("2 non lues")
    await expect(page.get_by_role("link", name=re.compile("Nouvelle demande de"))).to_be_visible()
    await expect(page.get_by_role("status").first).to_have_text("Une nouveauté est arrivée.")
    await looks(page, "notifications-cloche")
    await page.get_by_role("button", name="Tout marquer comme lu").click()
    await expect(page.get_by_text("Tout est lu")).to_be_visible()
    await expect(page.locator(".bell-count")).to_be_hidden()


async def test_preferences_templates_and_directory_are_within_everybody_s_reach(page: Page, world: World) -> None:
    await world.filed()
    await world.consume(examples.example_of(qualification.OrientedLocally))
    for path, name in (
        ("/preferences", "notifications-preferences"),
        ("/modeles", "notifications-modeles"),
        (f"/modeles/decision_made?exemple=3&demande={examples.NUMBER}", "notifications-modele"),
        ("/annuaire", "notifications-annuaire"),
        ("/annuaire/departement:95", "notifications-fiche"),
    ):
        await page.goto(path)
        await looks(page, name)


async def test_a_preview_is_about_the_request_that_one_chooses(page: Page, world: World) -> None:
    await world.filed()
    await page.goto("/modeles/request_submitted")
    await page.get_by_label("Demande").select_option(examples.NUMBER)
    await page.get_by_role("button", name="Voir").click()
    await expect(page.get_by_text(f"la demande {examples.NUMBER} est réelle")).to_be_visible()


async def test_an_operator_opens_a_subscription_and_shows_its_secret(
    page: Page, client: Client, people: People, database: Database, world: World
) -> None:
    await people.enters(client, Role.OPERATOR)
    await page.context.add_cookies(
        [{"name": name, "value": value, "domain": "127.0.0.1", "path": "/"} for name, value in client.cookies.items()]
    )
    await page.goto("/abonnements")
    await looks(page, "notifications-abonnements-aucun")
    await page.get_by_role("link", name="Ouvrir un abonnement").click()
    await page.get_by_label("Nom du partenaire").fill("Région")
    await page.get_by_label("Adresse du programme").fill("https://10.0.0.1/")
    await page.get_by_label("Départements").fill("95, 78")
    await page.get_by_text("Choisir les événements").click()
    await page.get_by_label("Transmise à l’équipe nationale de l’ANCT").check()
    await page.get_by_role("button", name="Ouvrir l’abonnement").click()
    await expect(page.get_by_text("mène à un réseau").first).to_be_visible()
    await looks(page, "notifications-abonnement-refuse")
    await page.get_by_label("Adresse du programme").fill("https://partenaire.example/evenements")
    await page.get_by_role("button", name="Ouvrir l’abonnement").click()
    await expect(page.get_by_text("L’abonnement est ouvert")).to_be_visible()
    await page.get_by_role("button", name="Montrer le secret").click()
    await expect(page.get_by_text(re.compile("^whsec_"))).to_be_visible()
    await world.filed()
    async with database.transaction() as tx:
        await tx.execute("UPDATE partner_event SET position = 1")
        await tx.execute(
            """
            INSERT INTO webhook_attempt (id, webhook_id, event_id, position, began_at, ended_at, result, status, answer)
            SELECT w.id, w.id, e.event_id, 1, now(), now(), 'refused', 503, '503 Service en maintenance'
            FROM webhook w, partner_event e
            """
        )
        await tx.execute("UPDATE webhook SET failures = 1, failing_since = now()")
    await looks(page, "notifications-abonnement-secret")
    await page.goto("/abonnements")
    await page.get_by_role("link", name="Région").click()
    await looks(page, "notifications-abonnement")
