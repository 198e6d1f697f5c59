"""`make run` as tests start it: in a folder of its own, with its processes, its output and its command line."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx2

from tests.command_line import run_command
from tests.system import free_base

ROOT = Path(__file__).resolve().parents[2]
PATIENCE = 600.0


@dataclass(slots=True)
class Running:
    """A supervisor in a folder of its own; it may end and be started again."""

    folder: Path
    base: int = field(default_factory=free_base)
    process: "subprocess.Popen[bytes]" = field(init=False)

    def start(self, *arguments: str, copies: int = 1) -> None:
        """Start it, with so many copies of each service."""
        told = {"COUSU_RUN_FOLDER": str(self.folder), "COUSU_PORT_BASE": str(self.base), "COUSU_COPIES": str(copies)}
        with (self.folder / "output.log").open("ab") as output:
            self.process = subprocess.Popen(  # noqa: S603 - our own program
                [sys.executable, "-m", "deploy.local.run", *arguments],
                cwd=ROOT,
                env=os.environ | told,
                stdout=output,
                stderr=output,
            )

    def is_up(self, *, copies: int = 1) -> "Running":
        """Start all of it unless it runs already, and wait until it is ready."""
        if self.process.poll() is not None:
            self.start(copies=copies)
        self.wait_until(self.ready)
        return self

    def stop(self, how: signal.Signals = signal.SIGINT) -> int:
        """Tell it to stop, as Ctrl-C does unless told otherwise; give its exit code."""
        self.process.send_signal(how)
        return self.process.wait(120)

    @property
    def endpoints(self) -> dict[str, str]:
        """What it tells programs."""
        read: dict[str, str] = json.loads((self.folder / "endpoints.json").read_text())
        return read

    @property
    def output(self) -> str:
        """What it said so far."""
        return (self.folder / "output.log").read_text()

    def ready(self) -> bool:
        """Tell whether it said where everything is."""
        return (self.folder / "endpoints.json").exists()

    def wait_until(self, condition: Callable[[], bool]) -> None:
        """Wait until it is so, and fail when the supervisor has ended before."""
        until = time.monotonic() + PATIENCE
        while not condition():
            assert self.process.poll() is None, self.output
            assert time.monotonic() < until, self.output
            time.sleep(0.05)

    def processes(self) -> list[int]:
        """Give the processes that were told of the folder, in their command or their environment."""
        found = []
        for process in Path("/proc").iterdir():
            try:
                told = (process / "cmdline").read_bytes() + (process / "environ").read_bytes()
            except OSError:
                continue
            if str(self.folder).encode() in told and process.name.isdecimal():
                found.append(int(process.name))
        return [pid for pid in found if pid != os.getpid()]

    def all_gone(self) -> bool:
        """Wait a little for the helpers of the broker, which notice only by themselves that it is gone."""
        until = time.monotonic() + 20
        while self.processes() and time.monotonic() < until:
            time.sleep(0.05)
        return not self.processes()

    def address_of(self, copy: str) -> str:
        """Read where Prometheus asks a copy."""
        targets = json.loads((self.folder / "copies.json").read_text())
        (found,) = (target["targets"][0] for target in targets if target["labels"]["copy"] == copy)
        return str(found)

    def command(self, *arguments: str) -> str:
        """Run `cousu-main` as an operator would; give what it prints."""
        told = {"COUSU_ENVIRONMENT_FILE": str(self.folder / "environment"), "COUSU_RUN_FOLDER": str(self.folder)}
        ran = run_command(*arguments, environment=os.environ | told, within=300)
        assert ran.code == 0, ran.output + ran.errors
        return ran.output.strip()

    def answer(self, *arguments: str) -> Any:
        """Run `cousu-main`, and read what it answers as JSON."""
        return json.loads(self.command(*arguments, "--json"))


def is_service(pid: int, name: str) -> bool:
    """Tell whether a process is a copy of this service."""
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")[1:3] == [b"-m", f"services.{name}".encode()]
    except (FileNotFoundError, ProcessLookupError):  # one of the servers' own, which live for a moment
        return False


def answers(url: str) -> bool:
    """Tell whether all is well there."""
    try:
        return httpx2.get(url).status_code == 200
    except httpx2.TransportError:
        return False
