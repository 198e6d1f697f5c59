"""The gallery in Chromium: accessible by axe-core's rules, within the screen, and useful with and without scripts."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.chromium import ASK_AXE, STRICTER_RULES, axe, violations
from tests.shared.web.templates.gallery import PAGES

pytestmark = pytest.mark.browser


@pytest.fixture
def opened(browser: Browser, gallery_address: str) -> Iterator[Page]:
    """Open a page of 1280 px, at the gallery's address."""
    context = browser.new_context(base_url=gallery_address, viewport={"width": 1280, "height": 800})
    yield context.new_page()
    context.close()


def broken_rules(page: Page) -> list[tuple[str, str, list[str]]]:
    """Ask axe-core about a page."""
    page.evaluate(axe())
    return violations(page.evaluate(ASK_AXE, STRICTER_RULES))


@pytest.mark.parametrize(("width", "scheme"), [(375, "dark"), (1280, "light")])
def test_every_page_is_accessible_and_fits(
    browser: Browser, gallery_address: str, scheme: Any, width: int, tmp_path: Path
) -> None:
    """No colour depends on the width, and no width on the colours: each once is enough."""
    context = browser.new_context(
        base_url=gallery_address, viewport={"width": width, "height": 800}, color_scheme=scheme
    )
    page = context.new_page()
    complaints: list[str] = []
    page.on("console", lambda message: complaints.append(message.text) if message.type == "error" else None)
    wrong: dict[str, Any] = {}
    for name in PAGES:
        page.goto(f"/{name}")
        page.evaluate("document.fonts.ready")
        page.screenshot(path=tmp_path / f"{name}.png", full_page=True)
        if found := broken_rules(page):
            wrong[name] = found
        if page.evaluate("document.documentElement.scrollWidth") > width:
            wrong[f"{name} is wider than the screen"] = width
    context.close()
    assert wrong == {}
    assert complaints == []


def test_the_summary_of_errors_is_read_first_and_leads_to_the_field(opened: Page) -> None:
    opened.goto("/form")
    expect(opened.get_by_role("alert")).to_be_focused()
    opened.get_by_role("link", name="Choisissez une note").click()
    expect(opened.locator("#field-urgency")).to_be_focused()


def test_a_form_is_sent_once(opened: Page) -> None:
    opened.goto("/form")
    sent = opened.evaluate(
        """() => {
          const form = document.querySelector("form[data-once]");
          let count = 0;
          form.addEventListener("submit", (event) => { if (!event.defaultPrevented) count += 1; });
          document.addEventListener("submit", (event) => event.preventDefault());
          const button = form.querySelector("button[type=submit]");
          button.click();
          button.click();
          return [form.dataset.sent, button.getAttribute("aria-disabled")];
        }"""
    )
    assert sent == ["1", "true"]


def test_a_territory_is_picked_from_the_official_list_with_the_keyboard(opened: Page) -> None:
    opened.goto("/form")
    box = opened.get_by_role("combobox", name="Commune")
    box.press_sequentially("Cer")
    expect(opened.get_by_role("option")).to_have_count(2)
    assert broken_rules(opened) == []
    box.press("ArrowDown")
    box.press("Enter")
    expect(box).to_have_value("Cergy")
    expect(opened.locator("[name=territory_code]")).to_have_value("95127")
    box.press_sequentially("x")
    expect(opened.locator("[name=territory_code]")).to_have_value("")


def test_fields_that_htmx_brings_are_enhanced_once(opened: Page) -> None:
    opened.goto("/form")
    opened.evaluate(
        """() => {
          const form = document.querySelector("form[data-once]");
          form.insertAdjacentHTML("beforeend", '<textarea id="later" maxlength="10" data-count></textarea>');
          for (let time = 0; time < 2; time += 1) document.dispatchEvent(new Event("htmx:after:swap"));
        }"""
    )
    expect(opened.locator("#later + .field-count")).to_have_text("10 caractères restants")
    expect(opened.locator(".field-count")).to_have_count(2)


def test_a_list_that_does_not_answer_leaves_a_plain_field(opened: Page) -> None:
    opened.route("**/api/v1/territories*", lambda route: route.abort())
    opened.goto("/form")
    opened.get_by_role("combobox", name="Commune").press_sequentially("Cergy")
    expect(opened.get_by_text("La liste ne répond pas")).to_be_visible()


def test_the_question_mark_shows_the_shortcuts_and_they_can_be_switched_off(opened: Page) -> None:
    opened.goto("/case")
    opened.keyboard.press("?")
    dialog = opened.get_by_role("dialog", name="Raccourcis clavier")
    expect(dialog).to_be_visible()
    assert broken_rules(opened) == []
    dialog.get_by_role("checkbox").uncheck()
    dialog.get_by_role("button", name="Fermer").click()
    opened.keyboard.press("?")
    expect(dialog).to_be_hidden()


def test_a_shortcut_does_not_act_while_one_types(opened: Page) -> None:
    opened.goto("/case")
    opened.get_by_label("Avis").press_sequentially("c")
    assert opened.url.endswith("/case")
    opened.locator("h1").click()
    with opened.expect_request("**/cases/1/complement"):
        opened.keyboard.press("c")


def test_no_single_key_sends_a_form(opened: Page) -> None:
    opened.goto("/case")
    opened.keyboard.press("p")
    expect(opened.get_by_role("button", name="Proposer une issue")).to_be_focused()
    assert opened.url.endswith("/case")


def test_without_scripts_everything_can_be_read_and_sent(browser: Browser, gallery_address: str) -> None:
    context = browser.new_context(base_url=gallery_address, java_script_enabled=False)
    page = context.new_page()
    page.goto("/case")
    page.get_by_text("Transférer à un autre département").click()
    expect(page.get_by_role("button", name="Transférer")).to_be_visible()
    expect(page.get_by_text("Raccourcis clavier")).to_have_count(2)
    expect(page.get_by_role("button", name="Raccourcis clavier")).to_be_hidden()
    context.close()


def test_a_page_of_a_list_that_has_the_focus_is_outlined(opened: Page) -> None:
    opened.goto("/table")
    for link in opened.locator(".page-link[href]").all():
        link.focus()
        opened.keyboard.press("Shift+Tab")
        opened.keyboard.press("Tab")
        outline = opened.evaluate("getComputedStyle(document.activeElement).outline")
        assert "3px" in outline, outline
        assert "solid" in outline, outline


def test_fonts_come_before_the_style_that_names_them_and_move_nothing(opened: Page) -> None:
    opened.goto("/table")
    preloaded = opened.locator("link[rel=preload][as=font]").evaluate_all("links => links.map(link => link.href)")
    opened.evaluate("document.fonts.ready")
    fetched = opened.evaluate("performance.getEntriesByType('resource').map(one => one.name)")
    fonts = [one for one in fetched if ".woff2" in one]
    assert len(preloaded) == 2
    assert set(preloaded) <= set(fonts)
    assert len(fonts) == len(set(fonts)), "the style names them by the same address"
    assert opened.evaluate("[...document.fonts].every(font => font.display === 'optional')")
