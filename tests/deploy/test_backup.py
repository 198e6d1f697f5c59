"""A backup is taken while people work, the machine is lost, and everything goes on from the backup."""

import json
import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import httpx2
import pytest

from tests.deploy.clients import Applicants, registered
from tests.deploy.test_run import ROOT, Running, ready, wait_until
from tests.system import free_base


def start(folder: Path, base: int, *arguments: str) -> Running:
    """Start a supervisor, or only the servers under it."""
    environment = os.environ | {"COUSU_RUN_FOLDER": str(folder), "COUSU_PORT_BASE": str(base)}
    with (folder / "output.log").open("wb") as output:
        process = subprocess.Popen(  # noqa: S603 - our own program
            [sys.executable, "-m", "deploy.local.run", *arguments],
            cwd=ROOT,
            env=environment,
            stdout=output,
            stderr=output,
        )
    return Running(folder, base, process)


def stop(running: Running) -> None:
    """Stop it as Ctrl-C would."""
    running.process.send_signal(signal.SIGINT)
    running.process.wait(120)


def command(running: Running, *arguments: str) -> Any:
    """Run `cousu-main` as an operator would, and read what it answers as JSON."""
    done = subprocess.run(  # noqa: S603 - our own program
        [Path(sys.executable).with_name("cousu-main"), *arguments, "--json"],
        env=os.environ
        | {"COUSU_ENVIRONMENT_FILE": str(running.folder / "environment"), "COUSU_RUN_FOLDER": str(running.folder)},
        check=False,
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return json.loads(done.stdout)


def join(address: str, token: str) -> str:
    """Join a document to a request; give where it is read."""
    content = b"%PDF-1.7 1 0 obj"
    answer = httpx2.post(
        f"{address}/documents",
        files={"document": ("plan.pdf", content, "application/pdf")},
        headers={"Authorization": f"Bearer {token}"},
    )
    assert answer.status_code == 201, answer.text
    return str(answer.json()["documents"][-1]["url"])


def status(url: str, token: str) -> int:
    """Tell how an address answers."""
    return httpx2.get(url, headers={"Authorization": f"Bearer {token}"}).status_code


@pytest.fixture
def folder(servers_folder: Path) -> Path:
    made = servers_folder / "backed-up"
    made.mkdir(mode=0o711)
    return made


def test_a_backup_taken_while_people_work_brings_everything_back_after_the_machine_is_lost(
    folder: Path, tmp_path: Path
) -> None:
    backup = tmp_path / "backup"
    running = start(folder, free_base())
    try:
        wait_until(lambda: ready(running), running)
        with Applicants(3, running.endpoints) as before:
            wait_until(lambda: before.done >= 20, running)
            first = dict(before.filed)
            document = join(*next(iter(first.items())))
            taken = command(running, "backup", "--to", str(backup))
            at_backup = dict(before.filed)
            wait_until(lambda: before.done >= 40 and len(before.filed) > len(at_backup) + 5, running)
        assert before.failures == []
        assert taken["barrier_seconds"] < 5
        stop(running)

        shutil.rmtree(folder / "postgres")
        shutil.rmtree(folder / "documents")
        running = start(folder, running.base, "--servers")
        wait_until(lambda: "and no service" in running.output, running)
        done = command(running, "restore", "--from", str(backup))
        assert done["documents"] >= 1
        stop(running)

        running = start(folder, running.base)
        wait_until(lambda: ready(running), running)
        wait_until(lambda: all(registered(*one) for one in first.items()), running)
        since = [one for one in before.filed.items() if one not in at_backup.items()]
        assert since
        assert {status(*one) for one in since} == {401}, "what was filed after the backup is not known"
        assert status(document, first[next(iter(first))]) == 200
        with Applicants(2, running.endpoints) as after:
            wait_until(lambda: after.done >= 5, running)
        assert after.failures == []
        wait_until(lambda: all(registered(*one) for one in after.filed.items()), running)
        wait_until(lambda: not command(running, "waiting", "list"), running)
        for listing in ("held", "quarantine"):
            assert command(running, listing, "list") == []
        assert not any(one["faults"] for one in command(running, "journal", "verify"))
    finally:
        if running.process.poll() is None:
            stop(running)
