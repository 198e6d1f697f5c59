"""One seeded bug is noticed; all of them: `make teeth`."""

from collections.abc import AsyncIterator

import pytest

from deploy.local.postgres import LocalPostgres
from deploy.local.rabbitmq import LocalRabbit
from tests.faults.kills.servers import Servers
from tests.faults.light.stage import Stage
from tests.faults.teeth import bugs
from tests.faults.teeth.drills import DRILLS
from tests.faults.teeth.trial import Ending, attempt

pytestmark = pytest.mark.faults


@pytest.fixture(scope="module")
async def stage(postgres_server: LocalPostgres, rabbit_server: LocalRabbit) -> AsyncIterator[Stage]:
    one = Stage(Servers(postgres_server, rabbit_server))
    try:
        await one.start()
        yield one
    finally:
        await one.stop()


async def test_a_chain_that_does_not_hold_its_past_is_noticed(stage: Stage) -> None:
    bug = bugs.named("chain_without_its_past")
    outcome = await attempt(stage, DRILLS[bug.drill], bug.name)
    assert outcome.ending is Ending.BROKEN, outcome.first
