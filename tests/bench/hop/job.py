"""The job that all contestants do, and their protocol with the harness; imports nothing of the product."""

import asyncio
import os
import sys
import time
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from typing import Self
from uuid import UUID, uuid5

TABLES = """
    CREATE TABLE effect (
        id bigint GENERATED ALWAYS AS IDENTITY, event_id uuid NOT NULL, request_id uuid NOT NULL, text text NOT NULL
    );
    CREATE TABLE step (event_id uuid NOT NULL, request_id uuid NOT NULL);
"""

EFFECT = """
    WITH one AS (INSERT INTO effect (event_id, request_id, text) VALUES ($1, $2, $3) RETURNING event_id, request_id)
    INSERT INTO step (event_id, request_id) SELECT event_id, request_id FROM one
"""
"""What a listener does about an event: two rows by one statement."""

EFFECT_PSYCOPG = EFFECT.replace("$1, $2, $3", "%s, %s, %s")

QUEUE = "bench"
EVENTS_OF_ONE_REQUEST = 5
IN_FLIGHT = 200
"""Publishes of the bare publishers that wait for their confirmation."""
SENDERS = 8
"""Threads of a sender that waits for each confirmation, as a web server's would."""
CONNECTIONS = 10
"""To the listener's database, for all who do more than one thing at a time: what a service of ours has."""
PREFETCH = 100
YEAR = 31_557_600
"""Seconds."""
_TODAY = time.time() // 86_400 * 86_400
_REQUESTS = UUID("0b1d3a52-8d0e-4c5a-9d1e-2f6f0f1f2a01")
_EVENTS = UUID("0b1d3a52-8d0e-4c5a-9d1e-2f6f0f1f2a02")
_REST = "Le conseil municipal souhaite réhabiliter l’ancienne école et y installer un tiers-lieu. " * 4


Payload = dict[str, str]
"""An event as the peers carry it: about as long as one of ours in its envelope."""


@dataclass(frozen=True, slots=True)
class Order:
    """What a contestant is told, by its environment."""

    source_amqp: str
    target_amqp: str
    source: str
    target: str
    events: int
    rate: float
    """Events a second; 0 is as fast as can be."""
    instances: int = 1
    """Listeners with a queue each, among which requests are shared out."""
    instance: int = 0
    """Which of them this one is."""

    @classmethod
    def from_environment(cls) -> Self:
        """Read it."""
        told = os.environ
        return cls(
            told["BENCH_SOURCE_AMQP"],
            told["BENCH_TARGET_AMQP"],
            told["BENCH_SOURCE"],
            told["BENCH_TARGET"],
            int(told["BENCH_EVENTS"]),
            float(told["BENCH_RATE"]),
            int(told.get("BENCH_INSTANCES", "1")),
            int(told.get("BENCH_INSTANCE", "0")),
        )

    def to_environment(self) -> dict[str, str]:
        """Write it."""
        return {
            "BENCH_SOURCE_AMQP": self.source_amqp,
            "BENCH_TARGET_AMQP": self.target_amqp,
            "BENCH_SOURCE": self.source,
            "BENCH_TARGET": self.target,
            "BENCH_EVENTS": str(self.events),
            "BENCH_RATE": str(self.rate),
            "BENCH_INSTANCES": str(self.instances),
            "BENCH_INSTANCE": str(self.instance),
        }

    def request_of(self, number: int) -> UUID:
        """Give the request that an event belongs to: five of each, far from each other, filed within the last year."""
        drawn = uuid5(_REQUESTS, str(self._request(number)))
        filed = _TODAY - YEAR * drawn.time_low / 2**32
        return UUID(f"{int(1000 * filed):012x}7{drawn.hex[13:]}")

    def instance_of(self, number: int) -> int:
        """Give the listener that an event is for."""
        return self._request(number) % self.instances

    def _request(self, number: int) -> int:
        return number % max(1, self.events // EVENTS_OF_ONE_REQUEST)


def event_id_of(number: int) -> UUID:
    """Give an event's id."""
    return uuid5(_EVENTS, str(number))


def text_of(number: int) -> str:
    """Give an event's text; it begins with the moment, by which its way is measured, and its number."""
    return f"{time.time():.6f} {number:08d} {_REST}"


def payload_of(order: Order, number: int) -> Payload:
    """Give an event as the peers carry it."""
    return {
        "event_id": str(event_id_of(number)),
        "request_id": str(order.request_of(number)),
        "text": text_of(number),
        "members": "x" * 300,
    }


def say(word: str) -> None:
    """Tell the harness something, whatever a framework has made of `sys.stdout`."""
    os.write(1, f"{word}\n".encode())


def ready_and_go() -> None:
    """Say that all is prepared, and wait until it begins."""
    say("ready")
    sys.stdin.readline()


def stay() -> None:
    """Say that all was sent, and wait to be ended."""
    say("done")
    sys.stdin.readline()


def paced(order: Order) -> Iterator[int]:
    """Give the number of each event when its time has come."""
    began = time.monotonic()
    for number in range(order.events):
        if order.rate and (early := began + number / order.rate - time.monotonic()) > 0:
            time.sleep(early)
        yield number


async def paced_async(order: Order) -> AsyncIterator[int]:
    """Give the number of each event when its time has come."""
    began = time.monotonic()
    for number in range(order.events):
        if order.rate and (early := began + number / order.rate - time.monotonic()) > 0:
            await asyncio.sleep(early)
        yield number
