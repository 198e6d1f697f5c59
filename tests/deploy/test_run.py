"""`make run` as a whole: ready, alone in its folder, replaced under load, whole after a kill, gone after Ctrl-C."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import httpx2
import pytest

from deploy.local.leftovers import VARIABLE
from deploy.local.personas import PERSONAS
from tests.deploy.clients import Applicants, registered
from tests.system import free_base

ROOT = Path(__file__).resolve().parents[2]
KEYS = {
    "intake", "qualification", "escalation", "notifications", "operations", "mail", "identity", "smtp",
    "management", "amqp", "postgres", "broker_metrics", "replies",
}  # fmt: skip
PATIENCE = 600.0
COPIES = [f"{name}-{n}" for name in ("intake", "qualification", "escalation", "notifications") for n in (1, 2)] + [
    "operations"
]


@dataclass(slots=True)
class Running:
    """A supervisor that was started in a folder of its own."""

    folder: Path
    base: int
    process: "subprocess.Popen[bytes]"

    @property
    def endpoints(self) -> dict[str, str]:
        """What it tells programs."""
        read: dict[str, str] = json.loads((self.folder / "endpoints.json").read_text())
        return read

    @property
    def output(self) -> str:
        """What it said so far."""
        return (self.folder / "output.log").read_text()


def start(folder: Path, base: int) -> Running:
    environment = os.environ | {"COUSU_RUN_FOLDER": str(folder), "COUSU_PORT_BASE": str(base), "COUSU_COPIES": "2"}
    with (folder / "output.log").open("ab") as output:
        process = subprocess.Popen(
            [sys.executable, "-m", "deploy.local.run"], cwd=ROOT, env=environment, stdout=output, stderr=output
        )
    return Running(folder, base, process)


def wait_until(condition: Callable[[], bool], running: Running) -> None:
    until = time.monotonic() + PATIENCE
    while not condition():
        assert running.process.poll() is None, running.output
        assert time.monotonic() < until, running.output
        time.sleep(0.05)


def ready(running: Running) -> bool:
    return (running.folder / "endpoints.json").exists()


def processes_of(folder: Path) -> list[int]:
    """Give the processes that were told of the folder, in their command or their environment."""
    found = []
    for process in Path("/proc").iterdir():
        try:
            told = (process / "cmdline").read_bytes() + (process / "environ").read_bytes()
        except OSError:
            continue
        if str(folder).encode() in told and process.name.isdecimal():
            found.append(int(process.name))
    return [pid for pid in found if pid != os.getpid()]


@pytest.fixture(scope="module")
def running(servers_folder: Path) -> Iterator[Running]:
    folder = servers_folder / "supervised"
    folder.mkdir(mode=0o711)
    started = start(folder, free_base())
    wait_until(lambda: ready(started), started)
    yield started
    if started.process.poll() is None:
        started.process.send_signal(signal.SIGINT)
        started.process.wait(60)


def test_everything_is_told_and_answers(running: Running) -> None:
    assert set(running.endpoints) == KEYS
    assert (running.folder / "endpoints.json").stat().st_mode & 0o077 == 0
    assert (running.folder / "environment").stat().st_mode & 0o077 == 0
    for name in ("intake", "qualification", "escalation", "notifications", "operations"):
        assert httpx2.get(f"{running.endpoints[name]}/health/ready").status_code == 200
    assert isinstance(httpx2.get(f"{running.endpoints['mail']}/api/email").json(), list)
    assert "sat95@cousu.test" in httpx2.get(running.endpoints["identity"]).text
    said = "".join(running.output.split())  # lines are broken where a terminal would
    assert f"Logs:{running.folder}/logs" in said
    assert f"{running.folder}/endpoints.json" in said


def test_a_second_supervisor_of_the_same_folder_is_refused(running: Running) -> None:
    environment = os.environ | {"COUSU_RUN_FOLDER": str(running.folder), "COUSU_PORT_BASE": str(free_base())}
    second = subprocess.run(
        [sys.executable, "-m", "deploy.local.run"],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert second.returncode == 1
    assert f"already runs from this folder (process {running.process.pid})" in second.stdout
    assert ready(running)


def test_a_busy_port_is_one_sentence(running: Running, tmp_path: Path) -> None:
    second = subprocess.run(
        [sys.executable, "-m", "deploy.local.run"],
        cwd=ROOT,
        env=os.environ | {"COUSU_RUN_FOLDER": str(tmp_path), "COUSU_PORT_BASE": str(running.base)},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert second.returncode == 1
    assert f"Port {running.base + 1} of 127.0.0.1 is used by another program." in second.stdout


def test_the_command_line_finds_everything_by_itself(running: Running) -> None:
    token = subprocess.run(  # noqa: S603 - our own command
        [
            Path(sys.executable).with_name("cousu-main"),
            "agent",
            "token",
            "--service",
            "qualification",
            "--email",
            "sat95@cousu.test",
        ],
        env=os.environ | {"COUSU_ENVIRONMENT_FILE": str(running.folder / "environment")},
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    ).stdout.strip()
    authorized = {"Authorization": f"Bearer {token}"}
    assert httpx2.get(f"{running.endpoints['qualification']}/api/v1/cases", headers=authorized).status_code == 200


def test_a_persona_signs_in_with_one_click(running: Running) -> None:
    persona = next(persona for persona in PERSONAS if persona.email == "sat95@cousu.test")
    with httpx2.Client(follow_redirects=True) as browser:
        choice = browser.get(f"{running.endpoints['qualification']}/connexion?next=/")
        assert choice.url.port == running.base + 7
        assert persona.name in choice.text
        arrived = browser.post(choice.url, data={"sub": persona.subject})
        assert arrived.status_code == 200
        assert arrived.url.port == running.base + 2
        assert persona.name in arrived.text


def test_everything_is_replaced_while_people_work_and_they_notice_nothing(running: Running) -> None:
    before = {name: address_of(running, name) for name in COPIES}
    with Applicants(4, running.endpoints) as people:
        running.process.send_signal(signal.SIGHUP)
        wait_until(lambda: "Everything was replaced in" in running.output, running)
        so_far = people.done
        wait_until(lambda: people.done > so_far + 8, running)  # a little more, on the new ones alone
    assert people.failures == []
    assert len(people.filed) == people.done > 20
    for address, token in people.filed.items():
        wait_until(partial(registered, address, token), running)
    for name in COPIES:
        assert address_of(running, name) != before[name]
        assert httpx2.get(f"http://{address_of(running, name)}/metrics").status_code == 200


def address_of(running: Running, copy: str) -> str:
    """Read where Prometheus asks a copy."""
    targets = json.loads((running.folder / "copies.json").read_text())
    (found,) = (target["targets"][0] for target in targets if target["labels"]["copy"] == copy)
    return str(found)


def test_a_killed_service_and_a_killed_database_come_back(running: Running) -> None:
    postmaster = int((running.folder / "postgres" / "data" / "postmaster.pid").read_text().split()[0])
    both = [pid for pid in processes_of(running.folder) if is_service(pid, "intake")]
    assert len(both) == 2
    os.kill(postmaster, signal.SIGKILL)
    for pid in both:
        os.kill(pid, signal.SIGKILL)
    for name in ("PostgreSQL", "intake-1", "intake-2"):
        wait_until(lambda again=f"{name} runs again": again in running.output, running)  # type: ignore[misc]
    wait_until(lambda: answers(f"{running.endpoints['intake']}/health/ready"), running)


def is_service(pid: int, name: str) -> bool:
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")[1:3] == [b"-m", f"services.{name}".encode()]
    except (FileNotFoundError, ProcessLookupError):  # one of the servers' own, which live for a moment
        return False


def all_gone(running: Running) -> bool:
    """Wait a little for the helpers of the broker, which notice only by themselves that it is gone."""
    until = time.monotonic() + 20
    while processes_of(running.folder) and time.monotonic() < until:
        time.sleep(0.05)
    return not processes_of(running.folder)


def answers(url: str) -> bool:
    try:
        return httpx2.get(url).status_code == 200
    except httpx2.TransportError:
        return False


def test_a_killed_supervisor_leaves_nothing_to_the_next_start(running: Running) -> None:
    before = [pid for pid in processes_of(running.folder) if pid != running.process.pid]
    neighbour = subprocess.Popen(["sleep", "600"], env=os.environ | {VARIABLE: f"{running.folder}-other"})  # noqa: S607 - coreutils
    frozen = next(pid for pid in before if is_service(pid, "notifications"))
    os.kill(frozen, signal.SIGSTOP)  # one that cannot end by itself
    running.process.kill()
    running.process.wait()
    (running.folder / "endpoints.json").unlink()
    running.process = start(running.folder, running.base).process
    wait_until(lambda: ready(running), running)
    assert not set(before) & set(processes_of(running.folder))
    assert "of its programs are still there, and end first" in running.output
    assert neighbour.poll() is None
    neighbour.kill()
    neighbour.wait()
    for name in ("intake", "qualification", "escalation", "notifications"):
        assert httpx2.get(f"{running.endpoints[name]}/health/ready").status_code == 200


def test_ctrl_c_stops_everything_and_a_second_start_goes_on(running: Running) -> None:
    running.process.send_signal(signal.SIGINT)
    assert running.process.wait(60) == 0
    assert not ready(running)
    assert all_gone(running)
    again = start(running.folder, running.base)
    wait_until(lambda: ready(again), again)
    again.process.send_signal(signal.SIGTERM)
    assert again.process.wait(60) == 0
    assert not ready(again)
    assert all_gone(running)


def test_a_second_ctrl_c_ends_all_at_once(running: Running) -> None:
    again = start(running.folder, running.base)
    wait_until(lambda: ready(again), again)
    notifications = next(pid for pid in processes_of(running.folder) if is_service(pid, "notifications"))
    os.kill(notifications, signal.SIGSTOP)  # the first Ctrl-C alone would wait for it
    again.process.send_signal(signal.SIGINT)
    wait_until(lambda: not ready(again), again)
    until = time.monotonic() + PATIENCE
    while again.process.poll() is None:
        assert time.monotonic() < until, again.output
        time.sleep(1)
        again.process.send_signal(signal.SIGINT)
    assert again.process.returncode == 1
    assert "Stopped at once: " in again.output
    assert all_gone(running)
