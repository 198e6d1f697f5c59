"""Chromium's start options, the window sizes, and the axe-core rules of the tests."""

from functools import cache
from typing import Any, Final

from playwright.sync_api import ViewportSize

from shared.web.assets import ROOT

LAUNCH: Final[dict[str, Any]] = {
    "executable_path": "/usr/bin/chromium",
    "args": [
        "--no-sandbox",
        "--disable-gpu",
        "--disable-background-networking",
        "--disable-component-update",
        "--no-first-run",
    ],
}
WIDE: Final[ViewportSize] = {"width": 1280, "height": 900}
NARROW: Final[ViewportSize] = {"width": 375, "height": 800}
PICTURES: Final = ROOT / ".run" / "screenshots"
"""Where pictures of pages are stored for people who want to look at them."""

RULES: Final = ("wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice")
STRICTER_RULES: Final = (*RULES, "wcag2aaa")
ASK_AXE: Final = "rules => axe.run(document, {runOnly: {type: 'tag', values: rules}})"
"""A function of a page into which `axe()` was loaded; it takes a list of rules, and `violations` reads its answer."""


@cache
def axe() -> str:
    """Read the script that looks at a page."""
    return (ROOT / "node_modules" / "axe-core" / "axe.min.js").read_text(encoding="utf-8")


def violations(answer: dict[str, Any]) -> list[tuple[str, str, list[str]]]:
    """Give each rule that the page breaks: its id, what it asks, and the elements that break it."""
    return [(rule["id"], rule["help"], [node["html"][:200] for node in rule["nodes"]]) for rule in answer["violations"]]
