"""A few dozen named kills of all services, always from the same seed; more: `python -m tests.faults.kills`."""

import pytest

from deploy.local.postgres import LocalPostgres
from deploy.local.rabbitmq import LocalRabbit
from tests.faults.kills import runs
from tests.faults.kills.epoch import Plan
from tests.faults.kills.servers import Servers
from tests.faults.product import SERVICES

pytestmark = pytest.mark.faults

FEWEST_POINTS = 60


async def test_wherever_a_service_is_killed_every_promise_is_kept(
    postgres_server: LocalPostgres, rabbit_server: LocalRabbit
) -> None:
    plan = Plan(seed=20261125, kills=90, seconds=300, clients=8)  # 300 on a machine that is never free
    line = await runs.one(plan, running=Servers(postgres_server, rabbit_server))
    assert line.passed, line.text()
    assert len(line.kills_by_point) >= FEWEST_POINTS, line.text()
    assert {service for service, _ in line.counted()} == set(SERVICES)
    assert line.requests > 0
