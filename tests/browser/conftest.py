"""Fixtures of the browser tests: Debian's Chromium, driven by Playwright, started once."""

from collections.abc import Iterator
from contextlib import ExitStack

import pytest
from playwright.sync_api import Browser, sync_playwright

from tests.chromium import LAUNCH
from tests.rooms import room

OPEN = pytest.StashKey[ExitStack]()


@pytest.fixture(scope="session")
def browser(pytestconfig: pytest.Config) -> Iterator[Browser]:
    """Open Chromium; it is closed before another room begins, whose tests may have an event loop of their own."""
    with ExitStack() as opened:
        pytestconfig.stash[OPEN] = opened
        yield opened.enter_context(sync_playwright()).chromium.launch(**LAUNCH)


@pytest.hookimpl(trylast=True)
def pytest_runtest_teardown(item: pytest.Item, nextitem: pytest.Item | None) -> None:
    """Close Chromium after the last test of the room: its event loop would stand in the way of asynchronous tests."""
    if OPEN in item.config.stash and nextitem is not None and room(nextitem.nodeid) != room(item.nodeid):
        item.config.stash[OPEN].close()
