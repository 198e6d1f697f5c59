"""Actors of the browser tests: they read, click and type; axe checks each page, and a screenshot is stored."""

import re
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Self

from playwright.sync_api import Browser, Locator, Page, expect

from tests.chromium import ASK_AXE, NARROW, PICTURES, RULES, WIDE, axe, violations

PATIENCE = 30.0
LOST = """[...document.querySelectorAll('a[href^="#"]')].map(link => link.getAttribute('href'))
    .filter(place => place !== '#' && !document.getElementById(decodeURIComponent(place.slice(1))))"""
"""Gives the links within the page whose place is not there, as that of a field that an error names."""
ERRORS_ON_PURPOSE = re.compile(r"status of 4(00|09|13|15|29)")
"""What the browser says of a form that is shown again with its errors."""


@dataclass
class Person:
    """Somebody with a browser window of their own."""

    page: Page
    complaints: list[str] = field(default_factory=list)

    @classmethod
    def sits_down(cls, browser: Browser, *, scripts: bool = True) -> Self:
        """Open a window; what the browser complains about is kept."""
        context = browser.new_context(viewport=WIDE, locale="fr-FR", java_script_enabled=scripts)
        person = cls(context.new_page())
        person.page.on("pageerror", lambda error: person.complaints.append(str(error)))
        person.page.on(
            "console",
            lambda message: (
                person.complaints.append(f"{message.text} {message.location}")
                if message.type == "error" and not ERRORS_ON_PURPOSE.search(message.text)
                else None
            ),
        )
        return person

    @classmethod
    def signs_in(cls, browser: Browser, service: str, email: str, *, scripts: bool = True) -> Self:
        """Go to a service and sign in at the provider, as one of its personas."""
        person = cls.sits_down(browser, scripts=scripts)
        person.page.goto(service + "/")
        person.page.get_by_role("button", name=re.compile(email)).or_(
            person.page.get_by_role("link", name=re.compile(email))
        ).click()
        person.page.wait_for_url(service + "/**")
        return person

    def looks(self, name: str) -> None:
        """Look at the page at both widths: nothing for axe to say, nothing wider than the screen, a picture of each."""
        PICTURES.mkdir(parents=True, exist_ok=True)
        for size in (WIDE, NARROW):
            self.page.set_viewport_size(size)
            self.page.screenshot(path=PICTURES / f"{name}-{size['width']}.png", full_page=True)
            width = self.page.evaluate("document.documentElement.scrollWidth")
            assert width <= size["width"], f"{name} is {width} pixels wide on a screen of {size['width']}"
        self.page.set_viewport_size(WIDE)
        self.page.evaluate(axe())
        found = violations(self.page.evaluate(ASK_AXE, RULES))
        lost: list[str] = self.page.evaluate(LOST)
        assert not lost, f"{name} leads to places that it does not have: {lost}"
        assert not found, found
        assert not self.complaints, self.complaints

    def types(self, label: str, text: str) -> None:
        """Fill in the field with this label."""
        self.page.get_by_label(label, exact=False).first.fill(text)

    def chooses(self, label: str) -> None:
        """Tick the box or the choice with this label."""
        self.page.get_by_label(label, exact=False).first.check()

    def presses(self, button: str) -> None:
        """Press a button, or follow a link that looks like one."""
        self.page.get_by_role("button", name=button).or_(self.page.get_by_role("link", name=button)).first.click()

    def form(self, move: str) -> Locator:
        """Find the form of a move by the end of its address, and unfold what it is folded into."""
        form = self.page.locator(f'form[action$="/{move}"]')
        fold = self.page.locator("details", has=form).last
        if fold.count() and fold.get_attribute("open") is None:
            fold.locator("summary").first.click()
        return form

    def sends(self, move: str, **values: str) -> None:
        """Fill in the form of a move and send it."""
        form = self.form(move)
        for name, value in values.items():
            form.locator(f'[name="{name}"], [name="{move}.{name}"]').fill(value)
        form.locator("button[type=submit]").click()

    def reads(self, text: str) -> None:
        """See this text on the page."""
        expect(self.page.locator("body")).to_contain_text(text)

    def waits_to_read(self, text: str) -> None:
        """Reload until what happened elsewhere is told here."""
        self._reload_until(lambda: text in self.page.locator("body").inner_text(), text)

    def waits_to_find(self, number: str, service: str) -> None:
        """Reload the list until the request is there, and open it."""
        self.page.goto(f"{service}/?q={number}")
        row = self.page.locator("main tr").filter(has_text=number)
        self._reload_until(lambda: row.count() > 0, number)
        row.locator("a").first.click()

    def _reload_until(self, holds: Callable[[], bool], what: str) -> None:
        until = time.monotonic() + PATIENCE
        while not holds():
            assert time.monotonic() < until, f"«{what}» does not appear on {self.page.url}"
            self.page.wait_for_timeout(100)
            self.page.reload()
