"""The official lists, read once for all tests of this room."""

import pytest

from shared.territory import Territories


@pytest.fixture(scope="session")
def territories() -> Territories:
    return Territories.load()
