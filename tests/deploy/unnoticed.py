"""Measure what clients notice while services of a running product are replaced, or one of two copies is killed.

`COUSU_COPIES=2 make run`, and in another terminal `.venv/bin/python -m tests.deploy.unnoticed --replace 2 --kill 12`.
"""

import argparse
import json
import os
import random
import signal
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.client import HTTPException
from pathlib import Path
from statistics import quantiles

from deploy.local.places import Places
from shared.messaging.accounts import SERVICES
from tests.deploy.clients import Applicants, Connections, registered

WITHIN = 900.0


class Supervised:
    """The product that runs from a folder, as its supervisor's children and files show it."""

    def __init__(self, places: Places) -> None:
        self._places = places
        self.endpoints: dict[str, str] = json.loads(places.endpoints.read_text())
        self.supervisor = int((places.folder / "lock").read_text())

    def pids(self, service: str) -> list[int]:
        """Find the processes of a service, those included that are about to come or to go."""
        children = Path(f"/proc/{self.supervisor}/task/{self.supervisor}/children").read_text().split()
        return [int(pid) for pid in children if _command(pid)[1:3] == ["-m", f"services.{service}"]]

    def addresses(self) -> dict[str, str]:
        """Give where each copy answers alone: each replacement changes it."""
        copies = json.loads(self._places.copies_file.read_text())
        return {copy["labels"]["copy"]: copy["targets"][0] for copy in copies}

    def replace(self) -> None:
        """Have all copies replaced, and come back when the old ones have gone."""
        before = self.addresses()
        old = {pid for service in SERVICES for pid in self.pids(service)}
        os.kill(self.supervisor, signal.SIGHUP)
        wait_until(lambda: not set(before.values()) & set(self.addresses().values()))
        wait_until(lambda: not any(_command(str(pid)) for pid in old))

    def kill_one(self, service: str) -> float:
        """Kill one copy of a service, and wait for the next one; give the moment (monotonic) at which it was gone."""
        before = self.addresses()
        pids = self.pids(service)
        killed = random.choice(pids)  # noqa: S311 - any will do
        os.kill(killed, signal.SIGKILL)
        wait_until(lambda: not _command(str(killed)))
        gone = time.monotonic()
        wait_until(lambda: self.addresses() != before)
        wait_until(lambda: all(map(_is_ready, self.addresses().values())))
        return gone


def _is_ready(address: str) -> bool:
    connections = Connections(lets_go=0, look=True, seconds=[])
    try:
        connections.ask(f"http://{address}/health/ready")
    except (HTTPException, OSError):
        return False
    connections.close()
    return True


def _command(pid: str) -> list[str]:
    """Give what a process runs; nothing when it has ended."""
    try:
        told = Path(f"/proc/{pid}/cmdline").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return []
    return told.split("\0") if told else []


def wait_until(condition: Callable[[], bool]) -> None:
    """Wait until it is so. Raises `TimeoutError` after a quarter of an hour."""
    until = time.monotonic() + WITHIN
    while not condition():
        if time.monotonic() > until:
            raise TimeoutError
        time.sleep(0.02)


@contextmanager
def applicants(product: Supervised, *, look: bool) -> Iterator[Applicants]:
    """Let eight applicants work meanwhile; then wait until all that they filed has arrived, and tell the figures."""
    began = time.monotonic()
    with Applicants(8, product.endpoints, look=look) as people:
        yield people
    seconds = time.monotonic() - began
    for address, token in people.filed.items():
        wait_until(lambda address=address, token=token: registered(address, token))  # type: ignore[misc]
    hundredths = quantiles(people.seconds, n=100)
    print(  # noqa: T201 - for people
        f"{seconds:.0f} s, {len(people.seconds)} answers, {len(people.failures)} failures; "
        f"{len(people.filed)} requests filed, all of them registered; seconds for an answer: "
        f"median {hundredths[49]:.3f}, 99 of 100 within {hundredths[98]:.3f}, worst {max(people.seconds):.2f}",
        *(failure.why for failure in people.failures[:20]),
        sep="\n",
    )


def main() -> int:
    """Measure; the exit code is 1 if a client noticed what no client should."""
    parser = argparse.ArgumentParser(prog="python -m tests.deploy.unnoticed", description=__doc__)
    parser.add_argument("--replace", type=int, default=1, metavar="TIMES")
    parser.add_argument("--kill", type=int, default=4, metavar="TIMES")
    told = parser.parse_args()
    product = Supervised(Places.from_environment())
    with applicants(product, look=False) as replaced:
        for _ in range(told.replace):
            product.replace()
    late = 0
    with applicants(product, look=True) as killed:
        for n in range(told.kill):
            before = len(killed.failures)
            gone = product.kill_one(SERVICES[n % len(SERVICES)])
            late += sum(failure.began > gone for failure in killed.failures[before:])
    print(f"of the failures after kills, {late} had begun when the process was gone already")  # noqa: T201 - for people
    return 1 if replaced.failures or late else 0


if __name__ == "__main__":
    sys.exit(main())
