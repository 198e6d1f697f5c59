"""Find where each message ended: applied, duplicate, parked, held, or in quarantine with its bytes."""

import random
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

from shared.db import Database
from shared.messaging.envelope import Unreadable
from shared.messaging.handlers import ConsumedEvent, EventHandlers
from shared.messaging.inbox.held import RetryPolicy
from shared.messaging.inbox.inbox import Inbox
from shared.messaging.inbox.message import Message
from shared.messaging.inbox.streams import MOST_AHEAD

BATCH = 100
REDELIVERED = 0.2
DAMAGED = 0.02

Place = tuple[str, str, int]


@dataclass(slots=True)
class Fates:
    """What became of so many messages; `lost` must stay empty, and the sum is the number of messages."""

    counted: Counter[str] = field(default_factory=Counter)
    lost: list[bytes] = field(default_factory=list)

    @property
    def messages(self) -> int:
        """How many ended somewhere."""
        return self.counted.total()


def hear_all(
    handlers: Sequence[EventHandlers], bodies: Sequence[bytes]
) -> tuple[Counter[str], list[tuple[bytes, Exception]]]:
    """Let each service read each body; give what came of it, and the bodies that a decoder did not survive."""
    counted: Counter[str] = Counter()
    crashed: list[tuple[bytes, Exception]] = []
    for body in bodies:
        for one in handlers:
            try:
                heard = one.parse(body)
            except Unreadable:
                counted["unreadable"] += 1
            except Exception as error:  # noqa: BLE001 - whatever else it is, it is what is looked for
                crashed.append((body, error))
            else:
                counted["readable, handled" if heard.handler else "readable, nobody's business"] += 1
    return counted, crashed


async def take_all(
    database: Database, handlers: EventHandlers, bodies: Sequence[bytes], chance: random.Random
) -> Fates:
    """Send all through the inbox of a service, in batches as they come from a queue; then look where each one is."""
    messages = [Message(body, "fuzz", chance.random() < REDELIVERED, chance.random() < DAMAGED) for body in bodies]
    inbox = Inbox(database, handlers, RetryPolicy(first=0.0, longest=0.0, attempts=3))
    for start in range(0, len(messages), BATCH):
        await inbox.process(messages[start : start + BATCH])
        await inbox.retry_held(most=5)
    return await _look(database, handlers, messages)


async def _look(database: Database, handlers: EventHandlers, messages: Sequence[Message]) -> Fates:
    applied = {
        (row["subject"], row["source"]): row["applied"]
        for row in await database.fetch("SELECT subject, source, applied FROM inbox_stream")
    }
    waiting: set[Place] = {
        (row["subject"], row["source"], row["sequence"])
        for row in await database.fetch("SELECT subject, source, sequence FROM inbox_waiting")
    }
    held = {(row["subject"], row["source"]) for row in await database.fetch("SELECT subject, source FROM inbox_held")}
    rows = await database.fetch("SELECT body, times, reason LIKE 'forked%' AS forked FROM quarantine")
    aside = Counter({row["body"]: row["times"] for row in rows if not row["forked"]})
    seen: set[Place] = set()
    fates = Fates()
    for message in messages:
        fate = None
        heard = None if message.damaged else _heard(handlers, message.body)
        if heard is not None:
            place = heard.subject, heard.source, heard.sequence
            if heard.sequence <= applied.get(place[:2], 0):
                fate = "known" if place in seen else "applied"
            elif place in waiting:
                fate = "held" if place[:2] in held else "waiting"
            elif heard.sequence > applied.get(place[:2], 0) + MOST_AHEAD:
                fate = "too far ahead"
            seen.add(place)
        if fate is None and aside[message.body]:
            aside[message.body] -= 1
            fate = "quarantined"
        if fate is None:
            fates.lost.append(message.body)
        else:
            fates.counted[fate] += 1
    assert not +aside, "something is in quarantine that never came"
    return fates


def _heard(handlers: EventHandlers, body: bytes) -> ConsumedEvent | None:
    try:
        return handlers.parse(body)
    except Unreadable:
        return None
