"""The operator's page is worked with by somebody who never touches the mouse."""

from collections.abc import AsyncIterator, Awaitable, Callable

import httpx2
import pytest
from playwright.async_api import Browser, Locator, Page, expect

from services.operations.reads import quarantine
from services.operations.store import record
from shared.messaging.inbox import resubmitted
from tests.operations.conftest import Scene
from tests.operations.test_in_a_browser import trouble
from tests.operations.trouble import a_dead_letter, a_held_stream, an_unreadable_message, publish

pytestmark = pytest.mark.browser

Enter = Callable[..., Awaitable[httpx2.AsyncClient]]
FAR = 150
"""More presses of the tabulator than any page asks for."""

SHOWS = """() => {
  const style = getComputedStyle(document.activeElement);
  return style.outlineStyle !== "none" || style.boxShadow !== "none";
}"""
REACHABLE = """() => [...document.querySelectorAll(
    "a[href], button, input:not([type=hidden]), select, textarea, summary, [tabindex='0']"
  )].filter((one) => !one.disabled && one.checkVisibility({visibilityProperty: true})).length"""
MARKED = """() => {
  const one = document.activeElement;
  if (one === document.body || one.dataset.visited) return false;
  return one.dataset.visited = "yes";
}"""


@pytest.fixture
async def desk(chromium: Browser, address: str, enter: Enter) -> AsyncIterator[Page]:
    """An operator's window."""
    await enter()
    context = await chromium.new_context(base_url=address, viewport={"width": 1280, "height": 900}, locale="fr-FR")
    await context.add_cookies([{"name": "cousu_operations_session", "value": "the-key", "url": address}])
    yield await context.new_page()
    await context.close()


async def goes_to(target: Locator) -> None:
    """Press the tabulator until the target has the focus, and see that it shows."""
    await expect(target).to_be_visible()
    for _ in range(FAR):
        if await target.evaluate("element => element === document.activeElement"):
            assert await target.page.evaluate(SHOWS), "the focus does not show"
            return
        await target.page.keyboard.press("Tab")
    raise AssertionError(f"the tabulator never comes to {target}")


async def presses(page: Page, name: str) -> None:
    """Go to a button or a link of the page and press Enter."""
    found = page.get_by_role("button", name=name).or_(page.get_by_role("link", name=name))
    await goes_to(found.first)
    await page.keyboard.press("Enter")


async def says_why(page: Page, motive: str) -> None:
    await goes_to(page.get_by_label("Motif"))
    await page.keyboard.type(motive)


async def test_the_tabulator_visits_everything_on_every_page_shows_where_it_is_and_comes_out_again(
    scene: Scene, desk: Page
) -> None:
    for address in await trouble(scene):
        await desk.goto(address)
        visited = 0
        for _ in range(FAR):
            await desk.keyboard.press("Tab")
            if not await desk.evaluate(MARKED):
                break
            assert await desk.evaluate(SHOWS), f"{address}: the focus does not show"
            visited += 1
        assert visited == await desk.evaluate(REACHABLE) > 10, address


async def test_a_held_request_is_tried_again_and_another_is_led_past_its_event(scene: Scene, desk: Page) -> None:
    await a_held_stream(scene.inbox, scene.broken, scene.escalation, given_up=True)
    scene.broken.texts.clear()
    await desk.goto("/")
    await presses(desk, "Retenues")
    await presses(desk, "Message")
    await presses(desk, "Essayer à nouveau")
    await expect(desk.get_by_role("alert")).to_contain_text("Donnez le motif")
    await says_why(desk, "Cause corrigée")
    await presses(desk, "Essayer à nouveau")
    await desk.wait_for_url("**/demandes/**")
    await expect(desk.get_by_text("un nouvel essai dans la seconde")).to_be_visible()
    await scene.inbox.retry_held()
    assert scene.broken.applied == ["first", "second", "third"]

    await a_held_stream(scene.inbox, scene.broken, scene.escalation)
    await presses(desk, "Retenues")
    await presses(desk, "Message")
    await says_why(desk, "Sans effet ici")
    fold = desk.locator("summary", has_text="Il ne pourra jamais être appliqué")
    await goes_to(fold)
    await desk.keyboard.press("Enter")
    await goes_to(desk.get_by_label("Je confirme"))
    await desk.keyboard.press("Space")
    await presses(desk, "Laisser de côté")
    await desk.wait_for_url("**/demandes/**")
    done = await record.latest(scene.escalation, "escalation")
    assert {(one.action, one.why) for one in done} == {
        ("held.retry", "Cause corrigée"),
        ("held.skip", "Sans effet ici"),
    }


async def test_unreadable_dead_and_undelivered_are_settled_with_a_motive(scene: Scene, desk: Page) -> None:
    await an_unreadable_message(scene.inbox)
    await an_unreadable_message(scene.inbox, b"another")
    await a_dead_letter(scene, "escalation", b"dead")
    await publish(scene.channel, b"lost", "notifications.lost.95")

    await desk.goto("/quarantaine")
    for action, why in (("Écarter", "Ne veut rien dire"), ("Renvoyer au service", "Mis à jour")):
        await goes_to(desk.locator("main tbody a[href^='/quarantaine/']:not([href*='/cause/'])").first)
        await desk.keyboard.press("Enter")
        await says_why(desk, why)
        await presses(desk, action)
        await desk.wait_for_url("**/quarantaine")
    settled = await quarantine.list_quarantined(scene.escalation, "escalation", settled=True)
    assert {one.why for one in settled} == {"Ne veut rien dire", "Mis à jour"}

    for queue, action, said in (
        ("escalation.dead", "Remettre en file", "1 message remis en file."),
        ("unrouted", "Publier à nouveau", "0 message publié à nouveau ; 1 toujours sans destinataire."),
    ):
        await desk.goto(f"/files/{queue}")
        await says_why(desk, "Corrigé")
        await presses(desk, action)
        await expect(desk.get_by_text(said)).to_be_visible()

    assert len(await resubmitted.following(scene.escalation)) == 2


async def test_what_is_new_waits_while_one_reads_and_comes_when_one_leaves(scene: Scene, desk: Page) -> None:
    await an_unreadable_message(scene.inbox)
    await desk.goto("/")
    row = desk.get_by_role("row").filter(has=desk.get_by_role("rowheader", name="Équipe nationale"))
    cell = row.locator("[data-label=Quarantaine]").first
    await expect(cell).to_contain_text("1")
    help_link = desk.locator("main").get_by_role("link", name="Que faire").first
    await goes_to(help_link)
    await an_unreadable_message(scene.inbox, b"another")
    await expect(desk.get_by_text("Du nouveau s’affichera dès que vous quitterez")).to_be_visible()
    await expect(help_link).to_be_focused()
    await expect(cell).to_contain_text("1")
    stop = desk.get_by_role("button", name="Suspendre la mise à jour")
    for _ in range(FAR):
        await desk.keyboard.press("Shift+Tab")
        if await stop.evaluate("element => element === document.activeElement"):
            break
    await expect(cell).to_contain_text("2")
    await desk.keyboard.press("Enter")
    resume = desk.get_by_role("button", name="Reprendre la mise à jour")
    await expect(resume).to_be_focused()
    await expect(desk.get_by_text("Mise à jour suspendue.")).to_be_visible()
