"""A few faults of the most telling kinds, always the same, so that each change meets them; more: `make faults`."""

from pathlib import Path

import pytest

from tests.faults.harness import Plan, run

pytestmark = pytest.mark.faults

KINDS = ("kill_broker", "kill_database", "reorder", "rogue")


async def test_whatever_is_killed_every_promise_is_kept(servers_folder: Path) -> None:
    folder = servers_folder / "faults"
    folder.mkdir()
    report = await run(Plan(seed=20261124, seconds=60, kinds=KINDS, clients=3, most=len(KINDS)), folder)
    assert report.passed, report.text()
    assert report.verdict.requests > 0
    assert len(report.faults) >= len(KINDS)
