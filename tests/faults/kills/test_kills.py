"""A few dozen named kills of all services, always from the same seed; more: `python -m tests.faults.kills`."""

import pytest

from tests.faults.kills import runs
from tests.faults.kills.epoch import Plan
from tests.faults.light.stage import Stage
from tests.faults.product import SERVICES

pytestmark = pytest.mark.faults

FEWEST_POINTS = 60


async def test_wherever_a_service_is_killed_every_promise_is_kept(stage: Stage) -> None:
    plan = Plan(seed=20261125, kills=90, seconds=300, clients=8)  # 300 on a machine that is never free
    await stage.seed(None)
    line = await runs.on(stage, plan)
    assert line.passed, line.text()
    assert len(line.kills_by_point) >= FEWEST_POINTS, line.text()
    assert {service for service, _ in line.counted()} == set(SERVICES)
    assert line.requests > 0
