"""Watch the running product: readiness as a load balancer polls it, and logged errors."""

import asyncio
import json
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, Protocol

CLOSED_FOR = 60.0
"""Seconds in which no copy of a service is ready although it runs and its servers are there: nobody reaches it."""
LOOKS_EVERY = 1.0
OK, UNAVAILABLE = 200, 503


class Balanced(Protocol):
    """A product whose copies a load balancer asks whether they are ready."""

    def servers_listen(self) -> bool:
        """Tell whether PostgreSQL and RabbitMQ take connections."""
        ...

    async def readiness(self) -> Mapping[str, Sequence[tuple[int, int]]]:
        """Give, service by service, what each copy answers to `/health/live` and to `/health/ready`; 0: nothing."""
        ...


@dataclass(slots=True)
class Gate:
    """A load balancer's view: it sends nobody to a copy that is not ready."""

    product: Balanced
    closed_for: float = CLOSED_FOR
    closed: list[str] = field(default_factory=list)
    """The services that were closed for too long."""
    _since: dict[str, float] = field(default_factory=dict)

    async def watch(self) -> None:
        """Look again and again."""
        while True:
            await self.look(time.monotonic())
            await asyncio.sleep(LOOKS_EVERY)

    async def look(self, now: float) -> None:
        """Look once: what is down, or whose servers are down, has a reason not to be ready."""
        well = self.product.servers_listen()
        for service, copies in (await self.product.readiness()).items():
            alive = bool(copies) and all(live == OK for live, _ in copies)
            if not (well and alive and all(ready == UNAVAILABLE for _, ready in copies)):
                self._since.pop(service, None)
                continue
            since = self._since.setdefault(service, now)
            if now - since > self.closed_for:
                self.closed.append(f"no copy of {service} was ready for {now - since:.0f} s, and nothing was wrong")
                self._since[service] = float("inf")


OURS = ("services.", "shared.")
"""The loggers of the product; what libraries log of a connection that was cut is their own affair."""
EXPECTED: Final[Mapping[str, str]] = {
    "consumer.unanswered": "a stalled or wiped broker does not answer",
    "message.forged": "the rogue publishes in the name of others: each such message is set aside with an alarm",
    "message.kills_its_reader": "a message was redelivered often because its reader was killed often",
}
"""Event of a log line of level error → why it may appear under faults."""


def errors(folder: Path, services: Sequence[str]) -> Counter[str]:
    """Count what these services logged as an error, by service and event, but for what is expected under faults."""
    found: Counter[str] = Counter()
    for service in services:
        for log in folder.glob(f"{service}*.log"):
            for line in log.read_text(errors="replace").splitlines():
                try:
                    said = json.loads(line)
                except ValueError:
                    continue
                if not isinstance(said, dict) or said.get("level") not in {"error", "critical"}:
                    continue
                event = str(said.get("event"))
                if str(said.get("logger")).startswith(OURS) and event not in EXPECTED:
                    found[f"{service}: {event}"] += 1
    return found
