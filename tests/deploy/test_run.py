"""`make run` as a whole: ready, alone in its folder, replaced under load, whole after a kill, gone after Ctrl-C.

The tests share one run, for each start of everything costs fifteen seconds of processor time: they go on where the one
before stopped. One that is run alone starts what it needs.
"""

import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import httpx2
import pytest

from deploy.local.leftovers import VARIABLE
from deploy.local.personas import PERSONAS
from tests.deploy.clients import Applicants, registered
from tests.deploy.running import PATIENCE, ROOT, Running, answers, is_service
from tests.system import free_base

KEYS = {
    "intake", "qualification", "escalation", "notifications", "operations", "mail", "identity", "smtp",
    "management", "amqp", "postgres", "broker_metrics", "replies",
}  # fmt: skip
SERVICES = ("intake", "qualification", "escalation", "notifications")
COPIES = [f"{name}-{n}" for name in SERVICES for n in (1, 2)] + ["operations"]


@pytest.fixture(scope="module")
def supervisor(servers_folder: Path) -> Iterator[Running]:
    folder = servers_folder / "supervised"
    folder.mkdir(mode=0o711)
    started = Running(folder)
    started.start(copies=2)
    yield started
    if started.process.poll() is None:
        started.stop()


@pytest.fixture
def running(supervisor: Running) -> Running:
    """What runs, with all that it takes; the first start has two copies of each service, and later ones have one."""
    return supervisor.is_up()


def second_start(folder: Path, base: int) -> "subprocess.CompletedProcess[str]":
    """Start another supervisor, which is expected to give up."""
    return subprocess.run(
        [sys.executable, "-m", "deploy.local.run"],
        cwd=ROOT,
        env=os.environ | {"COUSU_RUN_FOLDER": str(folder), "COUSU_PORT_BASE": str(base)},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def test_everything_is_told_and_answers(running: Running) -> None:
    assert set(running.endpoints) == KEYS
    assert (running.folder / "endpoints.json").stat().st_mode & 0o077 == 0
    assert (running.folder / "environment").stat().st_mode & 0o077 == 0
    for name in (*SERVICES, "operations"):
        assert httpx2.get(f"{running.endpoints[name]}/health/ready").status_code == 200
    assert isinstance(httpx2.get(f"{running.endpoints['mail']}/api/email").json(), list)
    assert "sat95@cousu.test" in httpx2.get(running.endpoints["identity"]).text
    said = "".join(running.output.split())  # lines are broken where a terminal would
    assert f"Logs:{running.folder}/logs" in said
    assert f"{running.folder}/endpoints.json" in said


def test_a_second_supervisor_of_the_same_folder_is_refused(running: Running) -> None:
    second = second_start(running.folder, free_base())
    assert second.returncode == 1
    assert f"already runs from this folder (process {running.process.pid})" in second.stdout
    assert running.ready()


def test_a_busy_port_is_one_sentence(running: Running, tmp_path: Path) -> None:
    second = second_start(tmp_path, running.base)
    assert second.returncode == 1
    assert f"Port {running.base + 1} of 127.0.0.1 is used by another program." in second.stdout


def test_the_command_line_finds_everything_by_itself(running: Running) -> None:
    token = running.command("agent", "token", "--service", "qualification", "--email", "sat95@cousu.test")
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
    before = {name: running.address_of(name) for name in COPIES}
    with Applicants(4, running.endpoints) as people:
        running.process.send_signal(signal.SIGHUP)
        running.wait_until(lambda: "Everything was replaced in" in running.output)
        so_far = people.done
        running.wait_until(lambda: people.done > so_far + 8)  # a little more, on the new ones alone
    assert people.failures == []
    assert len(people.filed) == people.done > 20
    for address, token in people.filed.items():
        running.wait_until(partial(registered, address, token))
    for name in COPIES:
        assert running.address_of(name) != before[name]
        assert httpx2.get(f"http://{running.address_of(name)}/metrics").status_code == 200


def test_a_killed_service_and_a_killed_database_come_back(running: Running) -> None:
    postmaster = int((running.folder / "postgres" / "data" / "postmaster.pid").read_text().split()[0])
    both = [pid for pid in running.processes() if is_service(pid, "intake")]
    assert len(both) == 2
    os.kill(postmaster, signal.SIGKILL)
    for pid in both:
        os.kill(pid, signal.SIGKILL)
    for name in ("PostgreSQL", "intake-1", "intake-2"):
        running.wait_until(lambda again=f"{name} runs again": again in running.output)  # type: ignore[misc]
    running.wait_until(lambda: answers(f"{running.endpoints['intake']}/health/ready"))


def test_a_killed_supervisor_leaves_nothing_to_the_next_start(running: Running) -> None:
    before = [pid for pid in running.processes() if pid != running.process.pid]
    neighbour = subprocess.Popen(["sleep", "600"], env=os.environ | {VARIABLE: f"{running.folder}-other"})  # noqa: S607 - coreutils
    frozen = next(pid for pid in before if is_service(pid, "notifications"))
    os.kill(frozen, signal.SIGSTOP)  # one that cannot end by itself
    running.process.kill()
    running.process.wait()
    (running.folder / "endpoints.json").unlink()
    running.start()
    running.wait_until(running.ready)
    assert not set(before) & set(running.processes())
    assert "of its programs are still there, and end first" in running.output
    assert neighbour.poll() is None
    neighbour.kill()
    neighbour.wait()
    for name in SERVICES:
        assert httpx2.get(f"{running.endpoints[name]}/health/ready").status_code == 200


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


def test_a_backup_taken_while_people_work_brings_everything_back_after_ctrl_c_and_the_loss_of_the_machine(
    running: Running, tmp_path: Path
) -> None:
    backup = tmp_path / "backup"
    with Applicants(3, running.endpoints) as before:
        running.wait_until(lambda: before.done >= 20)
        first = dict(before.filed)
        document = join(*next(iter(first.items())))
        taken = running.answer("backup", "--to", str(backup))
        at_backup = dict(before.filed)
        running.wait_until(lambda: before.done >= 40 and len(before.filed) > len(at_backup) + 5)
    assert before.failures == []
    assert taken["barrier_seconds"] < 5
    assert running.stop() == 0
    assert not running.ready()
    assert running.all_gone()

    shutil.rmtree(running.folder / "postgres")
    shutil.rmtree(running.folder / "documents")
    said = len(running.output)
    running.start("--servers")
    running.wait_until(lambda: "and no service" in running.output[said:])
    done = running.answer("restore", "--from", str(backup))
    assert done["documents"] >= 1
    running.stop()

    running.is_up()
    running.wait_until(lambda: all(registered(*one) for one in first.items()))
    since = [one for one in before.filed.items() if one not in at_backup.items()]
    assert since
    assert {status(*one) for one in since} == {401}, "what was filed after the backup is not known"
    assert status(document, first[next(iter(first))]) == 200
    with Applicants(2, running.endpoints) as after:
        running.wait_until(lambda: after.done >= 5)
    assert after.failures == []
    running.wait_until(lambda: all(registered(*one) for one in after.filed.items()))
    running.wait_until(lambda: not running.answer("waiting", "list"))
    for listing in ("held", "quarantine"):
        assert running.answer(listing, "list") == []
    assert not any(one["faults"] for one in running.answer("journal", "verify"))


def test_sigterm_stops_everything_too_and_the_next_start_goes_on(running: Running) -> None:
    assert running.stop(signal.SIGTERM) == 0
    assert not running.ready()
    assert running.all_gone()
    running.is_up()


def test_a_second_ctrl_c_ends_all_at_once(running: Running) -> None:
    notifications = next(pid for pid in running.processes() if is_service(pid, "notifications"))
    os.kill(notifications, signal.SIGSTOP)  # the first Ctrl-C alone would wait for it
    running.process.send_signal(signal.SIGINT)
    running.wait_until(lambda: not running.ready())
    until = time.monotonic() + PATIENCE
    while running.process.poll() is None:
        assert time.monotonic() < until, running.output
        time.sleep(1)
        running.process.send_signal(signal.SIGINT)
    assert running.process.returncode == 1
    assert "Stopped at once: " in running.output
    assert running.all_gone()
