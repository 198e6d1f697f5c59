"""Fixture: all four services on real databases, without a broker."""

import logging
from collections.abc import AsyncIterator, Iterator

import pytest
import structlog

from shared.db import Database
from shared.territory.territories import Territories
from tests.crossing.world import SERVICES, World
from tests.rebuilt import FreshDatabases


@pytest.fixture(autouse=True)
def quiet() -> Iterator[None]:
    """Log nothing of the thousands of events, many of which wait for others on purpose."""
    before = structlog.get_config()
    structlog.configure(
        wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL), cache_logger_on_first_use=False
    )
    yield
    structlog.configure(**before)


@pytest.fixture
async def world(fresh_database: FreshDatabases, territories: Territories) -> AsyncIterator[World]:
    """All services, empty."""
    databases = {name: await Database.connect((await fresh_database(name)).app_url, name=name) for name in SERVICES}
    made = World(databases, territories)
    await made.prepare()
    yield made
    for database in databases.values():
        await database.close()
