"""Twenty blows of a storm, always the same seed, so that each change meets it; more: `make faults`."""

from pathlib import Path

import pytest

from tests.faults.harness import Plan, run

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
    report = await run(Plan(seed=20261124, seconds=60, kinds=KINDS, clients=4, most=20, storm=True), folder)
    assert report.passed, report.text()
    assert report.verdict.requests > 0
    assert len(report.faults) > 10
