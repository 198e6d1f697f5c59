"""The operator's page in Chromium: accessible, within the screen, and the overview without scrolling."""

from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any
from uuid import UUID

import httpx2
import pytest
from playwright.async_api import Browser, expect

from services.operations.reads import quarantine
from shared.clock import new_id
from shared.messaging import journal
from shared.messaging.inbox.message import Message
from tests.chromium import ASK_AXE, STRICTER_RULES, axe, violations
from tests.operations.conftest import Scene
from tests.operations.test_journals import hear_all
from tests.operations.trouble import a_dead_letter, a_held_stream, an_unreadable_message, publish
from tests.shared.messaging.conftest import a_message
from tests.wire import wire

pytestmark = pytest.mark.browser

Enter = Callable[..., Awaitable[httpx2.AsyncClient]]


async def trouble(scene: Scene) -> list[str]:
    """Bring about one of each, and give the addresses to look at."""
    one = await a_held_stream(scene.inbox, scene.broken, scene.escalation, given_up=True)
    await a_held_stream(scene.inbox, scene.broken, scene.escalation)
    await an_unreadable_message(scene.inbox, b'{"specversion": "1.0", "data": {"text": "' + b"abc" * 400 + b'"}}')
    await a_dead_letter(scene, "escalation", b"dead")
    await publish(scene.channel, b"lost", "notifications.delivery_failed.95")
    for text in ("Bonjour", "first", "Et la suite"):
        async with scene.intake.transaction() as tx:
            await journal.record(tx, a_message(UUID(one.subject), text))
    await hear_all(scene)
    await scene.inbox.process([Message(wire(a_message(new_id()), 4), "intake.message_posted.95")])
    [unreadable] = await quarantine.list_quarantined(scene.escalation, "escalation")
    return [
        "/",
        "/retenues",
        f"/retenues/escalation?evenement={one.event_id}",
        "/quarantaine",
        f"/quarantaine/escalation/{unreadable.id}",
        "/files/escalation.dead",
        "/files/unrouted",
        "/demandes",
        f"/demandes/{one.subject}",
        "/journaux",
        "/actions",
        "/conduite",
    ]


@pytest.mark.parametrize("width", [375, 1280])
async def test_every_page_is_accessible_and_fits(
    scene: Scene, chromium: Browser, address: str, enter: Enter, width: int, tmp_path: Path
) -> None:
    await enter()
    context = await chromium.new_context(base_url=address, viewport={"width": width, "height": 800})
    await context.add_cookies([{"name": "cousu_operations_session", "value": "the-key", "url": address}])
    page = await context.new_page()
    complaints: list[str] = []
    page.on("console", lambda message: complaints.append(message.text) if message.type == "error" else None)
    wrong: dict[str, Any] = {}
    for number, name in enumerate(await trouble(scene)):
        await page.goto(name)
        await page.evaluate("document.fonts.ready")
        await page.screenshot(path=tmp_path / f"{number}.png", full_page=True)
        assert await page.locator("h1").count() == 1, name
        await page.evaluate(axe())
        if found := violations(await page.evaluate(ASK_AXE, STRICTER_RULES)):
            wrong[name] = found
        if await page.evaluate("document.documentElement.scrollWidth") > width:
            wrong[f"{name} is wider than the screen"] = width
    await context.close()
    assert wrong == {}
    assert complaints == []


async def test_the_overview_of_a_quiet_day_needs_no_scrolling(chromium: Browser, address: str, enter: Enter) -> None:
    await enter()
    context = await chromium.new_context(base_url=address, viewport={"width": 1280, "height": 800})
    await context.add_cookies([{"name": "cousu_operations_session", "value": "the-key", "url": address}])
    page = await context.new_page()
    await page.goto("/")
    assert await page.evaluate("document.documentElement.scrollHeight") <= 800
    await context.close()


async def test_the_overview_follows_by_itself_until_it_is_told_to_stop(
    scene: Scene, chromium: Browser, address: str, enter: Enter
) -> None:
    await enter()
    context = await chromium.new_context(base_url=address)
    await context.add_cookies([{"name": "cousu_operations_session", "value": "the-key", "url": address}])
    page = await context.new_page()
    await page.goto("/")
    row = page.get_by_role("row").filter(has=page.get_by_role("rowheader", name="Équipe nationale"))
    quarantine_cell = row.locator("[data-label=Quarantaine]").first
    await expect(quarantine_cell).to_have_text("0")
    await an_unreadable_message(scene.inbox)
    await expect(quarantine_cell).to_contain_text("1")
    await page.get_by_role("button", name="Suspendre la mise à jour").click()
    await an_unreadable_message(scene.inbox, b"another")
    await page.wait_for_timeout(6_000)
    await expect(quarantine_cell).to_contain_text("1")
    await page.get_by_role("button", name="Reprendre la mise à jour").click()
    await expect(quarantine_cell).to_contain_text("2")
    await context.close()
