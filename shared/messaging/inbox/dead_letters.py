"""What the broker has parked: dead letters go to the quarantine of the service, filings of foreign forms are processed.

The service reads both with its own account, so that nobody else has to say who published a message (ADR 36).
"""

import contextlib
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import AbstractAsyncContextManager
from typing import Any, Final

import structlog
from aio_pika.abc import AbstractChannel, AbstractIncomingMessage, AbstractQueue

from shared.db import AWAY, CONFLICTS, Database
from shared.messaging.authenticity import Sender
from shared.messaging.connection import BROKER_AWAY
from shared.messaging.control_messages import is_control
from shared.messaging.envelope import DIGEST, is_damaged
from shared.messaging.inbox import attempts, quarantine
from shared.messaging.inbox.message import Message, fingerprint_of
from shared.messaging.names import UNROUTED_QUEUE

log = structlog.get_logger(__name__)

BATCH_SIZE: Final = 20
"""Dead letters stored in one transaction: each may have 16 MB."""

MOST_LOOKED_AT: Final = 10_000
"""Messages of `unrouted` that are looked at together."""

LOOKS_AGAIN_AFTER: Final = 300.0
"""Seconds after which `unrouted` is looked through although it is as long as before."""

REJECTED: Final = "ended its consumer again and again"
TOO_OFTEN: Final = "delivered too often without an answer"

Opens = Callable[[], AbstractAsyncContextManager[AbstractChannel]]


class ParkedMessages:
    """The messages that the broker parked for one service: in `<queue>.dead` and, for intake, in `unrouted`."""

    def __init__(self, database: Database, opens: Opens, *, dead_queue: str) -> None:
        """`opens` gives a channel for a short while."""
        self._database = database
        self._opens = opens
        self._dead_queue = dead_queue
        self._left = 0
        self._looked_at = 0.0

    async def store_dead(self) -> int:
        """Move the dead letters into the quarantine, where operators decide; return how many.

        A letter that ends even this is left in its queue after some attempts.
        """
        stored = 0
        with contextlib.suppress(*BROKER_AWAY):
            async with self._opens() as channel:
                parked = await channel.declare_queue(self._dead_queue, passive=True)
                if not _depth(parked):
                    return 0
                async with self._counted() as may_begin:
                    while may_begin and (letters := await _fetch(parked, BATCH_SIZE)):
                        await self._store(letters)
                        await letters[-1].ack(multiple=True)
                        stored += len(letters)
        if stored:
            log.error("message.dead", queue=self._dead_queue, messages=stored)
        return stored

    async def process_unrouted_filings(self, process: Callable[[Sequence[Message]], Awaitable[None]]) -> int:
        """Process what foreign forms filed while the service had no queue; return how many. The rest stays there.

        The queue is looked through when it has grown or shrunk, and from time to time.
        """
        taken = 0
        with contextlib.suppress(*BROKER_AWAY):
            async with self._opens() as channel:
                unrouted = await channel.declare_queue(UNROUTED_QUEUE, passive=True)
                depth, now = _depth(unrouted), time.monotonic()
                if not depth or (depth == self._left and now - self._looked_at < LOOKS_AGAIN_AFTER):
                    return 0
                for one in await _fetch(unrouted, min(depth, MOST_LOOKED_AT)):
                    message = _received(one)
                    if message.sender is not None and message.sender.is_foreign:
                        await process([message])
                        await one.ack()
                        taken += 1
                self._left, self._looked_at = depth - taken, now
        return taken

    async def _store(self, letters: Sequence[AbstractIncomingMessage]) -> None:
        async with self._database.transaction() as tx:
            for letter in letters:
                message = _received(letter)
                if is_control(letter.type) and message.sender is not None and not message.sender.is_foreign:
                    continue  # its service repeats it
                deaths, reason = _death(letter)
                await quarantine.put_aside(tx, message, reason, deaths=deaths)
                await attempts.leave_one(tx, message.fingerprint, readable=False)

    @contextlib.asynccontextmanager
    async def _counted(self) -> AsyncIterator[bool]:
        """Count an attempt that may end the process; say whether it may begin."""
        fingerprint = fingerprint_of(self._dead_queue.encode())
        attempt = await attempts.begin(self._database, fingerprint)
        if attempt.kills:
            log.error("message.dead_kills_its_reader", queue=self._dead_queue, attempts=attempt.number)
            yield False
            return
        try:
            yield True
        finally:
            with contextlib.suppress(*AWAY, *CONFLICTS):
                async with self._database.transaction() as tx:
                    await attempts.end(tx, [fingerprint])


async def _fetch(parked: AbstractQueue, most: int) -> list[AbstractIncomingMessage]:
    """Take at most so many messages; they go back when the channel closes."""
    found: list[AbstractIncomingMessage] = []
    while len(found) < most and (message := await parked.get(no_ack=False, fail=False)) is not None:
        found.append(message)
    return found


def _depth(queue: AbstractQueue) -> int:
    return queue.declaration_result.message_count or 0


def _received(message: AbstractIncomingMessage) -> Message:
    """Return a parked message with the account that published it; a dead letter's routing key is its queue's name."""
    key = message.routing_key or ""
    damaged = is_damaged(message.body, message.headers.get(DIGEST))
    return Message(message.body, key, redelivered=True, damaged=damaged, sender=Sender(message.user_id, key))


def _death(message: AbstractIncomingMessage) -> tuple[int, str]:
    """Return how often the broker gave a message up, and why."""
    deaths: Any = message.headers.get("x-death")
    first = deaths[0] if isinstance(deaths, list) and deaths and isinstance(deaths[0], dict) else {}
    count = first.get("count")
    reason = TOO_OFTEN if first.get("reason") == "delivery_limit" else REJECTED
    return (count if isinstance(count, int) and 1 <= count < 2**31 else 1), reason
