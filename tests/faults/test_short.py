"""Twenty blows of a storm, always the same seed, so that each change meets it; more: `make faults`."""

from pathlib import Path

import pytest

from tests.faults.harness import Plan, run
from tests.faults.lives import WAYS

pytestmark = pytest.mark.faults

KINDS = (
    "kill_service",
    "kill_broker",
    "kill_database",
    "end_connections",
    "unseat_relay",
    "second_relay",
    "cut",
    "tear",
    "half_open",
    "tear_database",
    "duplicate",
    "reorder",
    "truncate",
    "purge_queue",
    "rogue",
    "step_clock",
)


async def test_whatever_is_killed_every_promise_is_kept(servers_folder: Path) -> None:
    folder = servers_folder / "faults"
    folder.mkdir()
    lives = (*WAYS, "validated_and_rejected", "admissible_while_answered", "written_while_escalated")
    report = await run(Plan(20261124, 60, KINDS, clients=4, lives=lives, most=20, storm=True), folder)
    assert report.passed, report.text()
    assert report.verdict.requests > 0
    assert len(report.faults) > 10
