"""Apply the events of all journals with a service's handlers, in a database whose outbox is not relayed."""

from collections.abc import AsyncIterator
from dataclasses import dataclass, field

from services.operations.usecases.replay.order import Event, Stream
from shared.db import Database
from shared.messaging.inbox.inbox import Inbox
from shared.messaging.inbox.message import Message
from shared.messaging.names import matches_any
from shared.messaging.replay import Rebuilding

MOST_TOGETHER = 100
RETRIED_EVERY = 1_000
"""Events between two attempts at what could not be applied."""


@dataclass(slots=True)
class Fed:
    """What was given: how many events, how far each stream went, and how far of it the service must have consumed."""

    events: int = 0
    last: dict[Stream, int] = field(default_factory=dict)
    consumed: dict[Stream, int] = field(default_factory=dict)


async def feed(database: Database, rebuilding: Rebuilding, events: AsyncIterator[Event]) -> Fed:
    """Apply every event; what fails is tried again when others have come, and stays held in the end if it must.

    One batch never holds two streams of one request: the inbox takes the streams of a batch in an order of its own.
    """
    fed = Fed()
    inbox = Inbox(database, rebuilding.handlers)
    batch: dict[str, list[Event]] = {}
    count = 0
    async for event in events:
        beside = batch.get(event.subject)
        if count == MOST_TOGETHER or (beside and beside[0].source != event.source):
            await _take(inbox, batch)
            batch, count = {}, 0
        batch.setdefault(event.subject, []).append(event)
        count += 1
        fed.events += 1
        fed.last[event.stream] = max(event.sequence, fed.last.get(event.stream, 0))
        if event.source.split("/")[1] != rebuilding.service and matches_any(event.routing_key, rebuilding.bindings):
            fed.consumed[event.stream] = fed.last[event.stream]
        if fed.events % RETRIED_EVERY == 0:
            await _retry(database, inbox)
    await _take(inbox, batch)
    await _retry_while_it_helps(database, inbox)
    return fed


async def _take(inbox: Inbox, batch: dict[str, list[Event]]) -> None:
    await inbox.process([Message(event.body, event.routing_key) for events in batch.values() for event in events])


async def _retry_while_it_helps(database: Database, inbox: Inbox) -> None:
    """Try again what is held until nothing more gets through."""
    before = -1
    while before != (applied := await _applied(database)):
        before = applied
        await _retry(database, inbox)


async def _retry(database: Database, inbox: Inbox) -> None:
    """Try once what is held, whatever pause it should keep."""
    for row in await database.fetch(
        "SELECT subject, source FROM inbox_held WHERE code <> 'forked' ORDER BY held_since"
    ):
        await inbox.resume(row["subject"], row["source"])


async def _applied(database: Database) -> int:
    applied: int = await database.fetchval("SELECT coalesce(sum(applied), 0)::bigint FROM inbox_stream")
    return applied
