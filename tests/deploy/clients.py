"""HTTP clients that keep connections, do not check them before use, and never retry."""

import http.client
import json
import random
import select
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Self
from urllib.parse import urlsplit

from tests.steps import a_body


class Connections:
    """One kept connection to each address; one that was unused for `lets_go` seconds is given up for a new one.

    With `look`, one that the other side has closed is given up too, as all but the simplest clients do. `seconds` takes
    down how long each answer took.
    """

    def __init__(self, *, lets_go: float, look: bool, seconds: list[float]) -> None:
        self._lets_go = lets_go
        self._look = look
        self._seconds = seconds
        self._kept: dict[str, tuple[http.client.HTTPConnection, float]] = {}

    def ask(self, url: str, *, body: Any = None, token: str | None = None) -> bytes:
        """Read an address, or send it a JSON body. Raises `http.client.HTTPException` unless all is well."""
        parts = urlsplit(url)
        connection, used = self._kept.get(parts.netloc, (http.client.HTTPConnection(parts.netloc, timeout=120), 0.0))
        began = time.monotonic()
        if began - used > self._lets_go or (self._look and _is_closed(connection)):
            connection.close()
        headers = {"Content-Type": "application/json"} | ({"Authorization": f"Bearer {token}"} if token else {})
        try:
            connection.request("POST" if body else "GET", parts.path, json.dumps(body) if body else None, headers)
            with connection.getresponse() as answer:
                read = answer.read()
        except (http.client.HTTPException, OSError):
            connection.close()
            raise
        ended = time.monotonic()
        self._kept[parts.netloc] = connection, ended
        self._seconds.append(ended - began)
        if answer.status not in {200, 201}:
            raise http.client.HTTPException(f"{answer.status} {read[:300]!r}")
        return read

    def close(self) -> None:
        """Let go of all of them."""
        for connection, _ in self._kept.values():
            connection.close()


def _is_closed(connection: http.client.HTTPConnection) -> bool:
    """Tell whether something has come that we did not ask for: the end."""
    return connection.sock is not None and bool(select.select([connection.sock], [], [], 0)[0])


@dataclass(frozen=True, slots=True)
class Failure:
    """A request that came to nothing: when it began (monotonic seconds), and why."""

    began: float
    why: str


class Clients:
    """So many clients who do the same again and again, each in a thread of their own, with pauses of all lengths."""

    def __init__(self, count: int, do: Callable[[Connections], None], *, lets_go: float, look: bool = False) -> None:
        self.done = 0
        self.failures: list[Failure] = []
        self.seconds: list[float] = []
        """How long each answer took."""
        self._do = do
        self._lets_go = lets_go
        self._look = look
        self._leave = threading.Event()
        self._threads = [threading.Thread(target=self._go_on, args=(random.Random(n),)) for n in range(count)]  # noqa: S311 - pauses only

    def __enter__(self) -> Self:
        """Let them begin."""
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        """Let them finish what they have begun."""
        self._leave.set()
        for thread in self._threads:
            thread.join()

    def _go_on(self, chance: random.Random) -> None:
        connections = Connections(lets_go=self._lets_go, look=self._look, seconds=self.seconds)
        while not self._leave.wait(self._lets_go * chance.choice([0, 0, 0.01, 0.1, 0.5, 0.9, 1.1])):
            began = time.monotonic()
            try:
                self._do(connections)
            except (http.client.HTTPException, OSError) as error:
                self.failures.append(Failure(began, repr(error)))
            else:
                self.done += 1
        connections.close()


LETS_GO = 4.0
"""Seconds that applicants keep an unused connection: less than the services keep theirs when they leave."""


class Applicants(Clients):
    """Clients of the whole product: each files a request, looks at it, and reads a page of every service."""

    def __init__(self, count: int, endpoints: dict[str, str], *, look: bool = False) -> None:
        self.filed: dict[str, str] = {}
        """Where each request is followed, and the token that opens it."""
        self._endpoints = endpoints
        super().__init__(count, self._work, lets_go=LETS_GO, look=look)

    def _work(self, connections: Connections) -> None:
        requests = f"{self._endpoints['intake']}/api/v1/requests"
        request = json.loads(connections.ask(requests, body=a_body()))
        address, token = f"{requests}/{request['id']}", request["access_token"]
        self.filed[address] = token
        connections.ask(address, token=token)
        for name in ("intake", "qualification", "escalation", "notifications", "operations"):
            connections.ask(f"{self._endpoints[name]}/deconnexion/faite")


def registered(address: str, token: str) -> bool:
    """Tell whether the département has a request, and the applicant sees so: two services took in what was told."""
    connections = Connections(lets_go=0, look=True, seconds=[])
    seen = json.loads(connections.ask(address, token=token))
    connections.close()
    return bool(seen["status"] == "registered")
