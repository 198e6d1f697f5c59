"""Clients that forgive nothing: they keep connections, use them without a look, and never try twice."""

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


class Connections:
    """One kept connection to each address; one that was unused for `lets_go` seconds is given up for a new one.

    With `look`, one that the other side has closed is given up too, as all but the simplest clients do.
    """

    def __init__(self, *, lets_go: float, look: bool) -> None:
        self._lets_go = lets_go
        self._look = look
        self._kept: dict[str, tuple[http.client.HTTPConnection, float]] = {}

    def ask(self, url: str, *, body: Any = None, token: str | None = None) -> bytes:
        """Read an address, or send it a JSON body. Raises `http.client.HTTPException` unless all is well."""
        parts = urlsplit(url)
        connection, used = self._kept.get(parts.netloc, (http.client.HTTPConnection(parts.netloc, timeout=120), 0.0))
        if time.monotonic() - used > self._lets_go or (self._look and _is_closed(connection)):
            connection.close()
        headers = {"Content-Type": "application/json"} | ({"Authorization": f"Bearer {token}"} if token else {})
        try:
            connection.request("POST" if body else "GET", parts.path, json.dumps(body) if body else None, headers)
            with connection.getresponse() as answer:
                read = answer.read()
        except (http.client.HTTPException, OSError):
            connection.close()
            raise
        self._kept[parts.netloc] = connection, time.monotonic()
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
    """So many clients who do the same again and again, each in a thread of his own, with pauses of all lengths."""

    def __init__(self, count: int, do: Callable[[Connections], None], *, lets_go: float, look: bool = False) -> None:
        self.done = 0
        self.failures: list[Failure] = []
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
        connections = Connections(lets_go=self._lets_go, look=self._look)
        while not self._leave.wait(self._lets_go * chance.choice([0, 0, 0.01, 0.1, 0.5, 0.9, 1.1])):
            began = time.monotonic()
            try:
                self._do(connections)
            except (http.client.HTTPException, OSError) as error:
                self.failures.append(Failure(began, repr(error)))
            else:
                self.done += 1
        connections.close()
