"""Fixture: the official lists, read once for all tests of this folder."""

import pytest

from shared.territory import Territories


@pytest.fixture(scope="session")
def territories() -> Territories:
    return Territories.load()
