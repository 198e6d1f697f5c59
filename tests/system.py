"""The whole product as `make run` starts it, once for journeys and browser, in a folder and on ports of its own."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from tests.actors import HTTP, Agent, Caller, Json
from tests.collector import Collector
from tests.command_line import run_command
from tests.rooms import shares_product

RUNNING = pytest.StashKey[ExitStack]()
"""What is to be stopped, once nobody needs it any more."""

USE_THE_ONE_IN = "COUSU_TESTS_USE"
"""Name the run folder of a product that runs already, to write a test without waiting for its start each time.

`OTEL_EXPORTER_OTLP_ENDPOINT`, where that product was told one, has its traces collected here.
"""

ROOT = Path(__file__).resolve().parents[1]


@dataclass(frozen=True, slots=True)
class System:
    """A running product: where everything is, and the command line beside it."""

    folder: Path
    endpoints: dict[str, str]
    collector: Collector
    """What collects the traces of all services."""

    def command(self, *arguments: str, within: float = 60) -> str:
        """Run `cousu-main` as an operator would, for so many seconds at most; give what it prints."""
        told = {"COUSU_ENVIRONMENT_FILE": str(self.folder / "environment"), "COUSU_RUN_FOLDER": str(self.folder)}
        ran = run_command(*arguments, environment=os.environ | told, within=within)
        assert ran.code == 0, ran.errors
        return ran.output.strip()

    def token(self, service: str, email: str) -> str:
        """Get a token for a persona."""
        return self.command("agent", "token", "--service", service, "--email", email)

    def mails(self, number: str) -> list[Json]:
        """Read what the sink received about a request."""
        found: list[Json] = HTTP.get(f"{self.endpoints['mail']}/api/email").json()
        return [mail for mail in found if number in mail["subject"]]


def free_base() -> int:
    """Find a port base with thirty-two free ports above it, below those that Linux gives to outgoing connections."""
    import random  # noqa: PLC0415 - needed nowhere else
    import socket  # noqa: PLC0415 - same

    bases = range(21_000, 32_700, 100)
    for base in random.sample(bases, len(bases)):  # two that start at the same moment should not choose the same
        probes = []
        try:
            for offset in range(1, 33):
                probe = socket.socket()
                probes.append(probe)
                probe.bind(("127.0.0.1", base + offset))
        except OSError:
            continue
        finally:
            for probe in probes:
                probe.close()
        return base
    raise AssertionError("no free ports")


@pytest.fixture(scope="session")
def system(servers_folder: Path, pytestconfig: pytest.Config) -> Iterator[System]:
    """Start everything, give it, and stop it as Ctrl-C would."""
    with ExitStack() as running:
        pytestconfig.stash[RUNNING] = running
        collector = Collector(urlsplit(os.environ.get("OTEL_EXPORTER_OTLP_ENDPOINT", "")).port or 0)
        running.callback(collector.close)
        running.callback(HTTP.close)
        if USE_THE_ONE_IN in os.environ:
            folder = Path(os.environ[USE_THE_ONE_IN])
        else:
            folder = servers_folder / "run"
            folder.mkdir(mode=0o711)
            running.enter_context(_started(folder, collector.address))
        yield System(folder, json.loads((folder / "endpoints.json").read_text()), collector)


@pytest.hookimpl(trylast=True)
def pytest_runtest_teardown(item: pytest.Item, nextitem: pytest.Item | None) -> None:
    """Stop the product after the last test that shares it: even idle it takes its part of a small machine."""
    if RUNNING in item.config.stash and nextitem is not None and not shares_product(nextitem.nodeid):
        item.config.stash[RUNNING].close()


@contextmanager
def _started(folder: Path, collector: str) -> Iterator[None]:
    log = (folder / "supervisor.log").open("wb")
    process = subprocess.Popen(
        [sys.executable, "-m", "deploy.local.run"],
        cwd=ROOT,
        env=os.environ
        | {
            "COUSU_RUN_FOLDER": str(folder),
            "COUSU_PORT_BASE": str(free_base()),
            "OTEL_EXPORTER_OTLP_ENDPOINT": collector,
            "OTEL_BSP_SCHEDULE_DELAY": "200",
        },
        stdout=log,
        stderr=subprocess.STDOUT,
    )
    endpoints = folder / "endpoints.json"
    until = time.monotonic() + 120
    while not endpoints.exists():
        if process.poll() is not None or time.monotonic() > until:
            process.terminate()
            raise AssertionError((folder / "supervisor.log").read_text(errors="replace"))
        time.sleep(0.1)
    yield
    process.send_signal(signal.SIGINT)
    assert process.wait(60) == 0
    assert not endpoints.exists()
    log.close()


@pytest.fixture(scope="session")
def agent(system: System) -> Callable[[str], Agent]:
    """Give a persona at the service where they work, by the first part of their address."""
    made: dict[str, Agent] = {}

    def get(name: str) -> Agent:
        if name not in made:
            departemental = name[-2:].isdigit()
            service, objects = ("qualification", "cases") if departemental else ("escalation", "escalations")
            token = system.token(service, f"{name}@cousu.test")
            made[name] = Agent(Caller(system.endpoints[service], token), objects)
        return made[name]

    return get
