"""The services under faults, for short runs in the suite."""

from collections.abc import AsyncIterator

import pytest

from deploy.local.postgres import LocalPostgres
from deploy.local.rabbitmq import LocalRabbit
from tests.faults.kills.servers import Servers
from tests.faults.light.stage import Stage


@pytest.fixture(scope="session")
async def stage(postgres_server: LocalPostgres, rabbit_server: LocalRabbit) -> AsyncIterator[Stage]:
    """One stage for the session: whoever wants empty databases seeds it (`Stage.seed`)."""
    one = Stage(Servers(postgres_server, rabbit_server))
    try:
        await one.start()
        yield one
    finally:
        await one.stop()
