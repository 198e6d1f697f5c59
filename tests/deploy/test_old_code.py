"""Code from before the newest migrations works on while they are applied, and afterwards (ADR 34)."""

import asyncio
import io
import os
import signal
import subprocess
import sys
import tarfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from deploy.local.environment import DATABASES
from services.operations.adapters import migrations
from tests.deploy.clients import Applicants, registered
from tests.deploy.older_code import code_before_the_newest_tables, git
from tests.system import free_base

ROOT = Path(__file__).resolve().parents[2]
WITHIN = 600.0


@dataclass(frozen=True, slots=True)
class Old:
    """The product as old code runs it."""

    tree: Path
    folder: Path
    environment: dict[str, str]

    @property
    def output(self) -> str:
        """What its supervisor said so far."""
        return (self.folder / "output.log").read_text(errors="replace")

    def told(self) -> dict[str, str]:
        """Read what operators' commands are told, the owners' addresses among it."""
        lines = (self.folder / "environment").read_text().splitlines()
        return dict(line.split("=", 1) for line in lines)

    def lives(self) -> "subprocess.CompletedProcess[str]":
        """Live one request's whole life, through all four services, by old code's own command."""
        return subprocess.run(
            [sys.executable, "-m", "services.operations.cli.main", "demo", "life"],
            cwd=self.tree,
            env=self.environment | {"COUSU_ENVIRONMENT_FILE": str(self.folder / "environment")},
            capture_output=True, text=True, timeout=WITHIN, check=False,
        )  # fmt: skip


@pytest.fixture
def old(servers_folder: Path, tmp_path: Path) -> Iterator[Old]:
    """Take old code out of the history, and run all of it in a folder of its own."""
    if not (ROOT / ".git").exists():
        pytest.skip("no repository, hence no older code to run")
    assert git(ROOT, "rev-parse", "--is-shallow-repository") == "false", "the history is cut off: git fetch --unshallow"
    commit = code_before_the_newest_tables(ROOT)
    if commit is None:
        pytest.skip("no earlier commit has today's first migrations: they were squashed just now")
    tree, folder = tmp_path / "tree", servers_folder / "old"
    archive = subprocess.run(  # noqa: S603 - arguments of ours
        ["git", "archive", commit, "--", "deploy", "services", "shared", "pyproject.toml"],  # noqa: S607 - same
        cwd=ROOT, check=True, capture_output=True,
    ).stdout  # fmt: skip
    with tarfile.open(fileobj=io.BytesIO(archive)) as files:
        files.extractall(tree, filter="data")
    (tree / "node_modules").symlink_to(ROOT / "node_modules")
    imported = [sys.executable, "-c", "import deploy, services, shared; print(deploy.__file__, shared.__file__)"]
    assert subprocess.check_output(imported, cwd=tree, text=True).count(str(tree)) == 2  # noqa: S603 - ours
    folder.mkdir(mode=0o711)
    environment = os.environ | {"COUSU_RUN_FOLDER": str(folder), "COUSU_PORT_BASE": str(free_base())}
    run = Old(tree, folder, environment)
    with (folder / "output.log").open("wb") as output:
        supervisor = subprocess.Popen(
            [sys.executable, "-m", "deploy.local.run"], cwd=tree, env=environment, stdout=output, stderr=output
        )
    try:
        until = time.monotonic() + WITHIN
        while not (folder / "endpoints.json").exists():
            assert supervisor.poll() is None, run.output
            assert time.monotonic() < until, run.output
            time.sleep(0.1)
        yield run
    finally:
        supervisor.send_signal(signal.SIGINT)
        supervisor.wait(WITHIN)


def test_old_code_works_on_while_the_newest_tables_are_made_and_afterwards(old: Old) -> None:
    told = old.told()
    with Applicants(3, {name: told[f"{name.upper()}_PUBLIC_URL"] for name in DATABASES}) as people:
        wait_until(lambda: people.done >= 3 or people.failures)
        for service in DATABASES:
            asyncio.run(migrations.migrate(service, told[f"{service.upper()}_MIGRATION_URL"]))
            asyncio.run(
                migrations.grant(told[f"{service.upper()}_MIGRATION_URL"], to=told[f"{service.upper()}_DATABASE_URL"])
            )
        so_far = people.done
        lived = None if people.failures else old.lives()
        wait_until(lambda: people.done >= so_far + 3 or people.failures)
    assert people.failures == []
    assert lived is not None
    assert lived.returncode == 0, lived.stdout + lived.stderr
    for address, token in people.filed.items():
        wait_until(lambda address=address, token=token: registered(address, token))  # type: ignore[misc]


def wait_until(condition: Callable[[], object]) -> None:
    until = time.monotonic() + WITHIN
    while not condition():
        assert time.monotonic() < until
        time.sleep(0.05)
