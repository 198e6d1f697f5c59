"""One command each, on a machine that has nothing yet."""

import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


@pytest.mark.parametrize("command", ["run", "restart", "test", "faults", "teeth", "bench"])
def test_a_command_that_starts_the_services_installs_all_they_need(command: str) -> None:
    would_do = subprocess.run(  # noqa: S603 - a command of ours
        ["make", "--dry-run", "--always-make", command],  # noqa: S607 - whichever make people have
        cwd=ROOT, check=True, capture_output=True, text=True, timeout=60,
    ).stdout  # fmt: skip
    for installs in ("system_packages.sh", "--requirement requirements.lock", "npm ci", "shared.web.assets"):
        assert installs in would_do, installs
