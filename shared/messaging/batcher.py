"""The message batcher: passes received messages to the inbox in batches, and acknowledges or rejects each (tuning)."""

import asyncio
import contextlib
from collections import deque
from collections.abc import Sequence
from dataclasses import replace
from enum import Enum, auto

import structlog

from shared.db import AWAY, CONFLICTS
from shared.messaging import metrics
from shared.messaging.inbox.inbox import Inbox
from shared.messaging.inbox.message import Message

log = structlog.get_logger(__name__)

BATCH_SIZE = 50
"""Messages of one batch, at most, which one transaction applies."""

CONCURRENT_BATCHES = 2
"""Batches under way at once: PostgreSQL works on one while Python works on the other (ADR 23)."""

PREFETCH = 2 * CONCURRENT_BATCHES * BATCH_SIZE
"""Unacknowledged messages, at most: as many wait as are under way, so that the next batch is full."""


class Outcome(Enum):
    """The answer to the broker for a message."""

    ACK = auto()
    REJECT = auto()
    """The message ends its reader, and goes to the dead-letter queue."""
    RELEASE = auto()
    """No answer: the broker redelivers it when the channel closes."""


_Arrived = tuple[Message, asyncio.Future[Outcome]]


class MessageBatcher:
    """Gives messages to the inbox in batches, and each its outcome as soon as its effect is committed."""

    def __init__(self, inbox: Inbox) -> None:
        self._inbox = inbox
        self._arrived: asyncio.Queue[_Arrived] = asyncio.Queue()
        self._open: set[asyncio.Future[Outcome]] = set()

    async def submit(self, message: Message) -> Outcome:
        """Return the outcome of a message, once it has one."""
        outcome: asyncio.Future[Outcome] = asyncio.get_running_loop().create_future()
        self._open.add(outcome)
        outcome.add_done_callback(self._open.discard)
        self._arrived.put_nowait((message, outcome))
        return await outcome

    async def run(self) -> None:
        """Process arriving messages until cancelled; while the database is away, hold them without an answer.

        A redelivered message is processed while no other batch is: if it ends the process, no other is blamed.
        """
        under_way: deque[asyncio.Task[None]] = deque()
        async with asyncio.TaskGroup() as group:
            while True:
                batch = [await self._arrived.get()]
                if len(under_way) == CONCURRENT_BATCHES:
                    await under_way.popleft()
                while len(batch) < BATCH_SIZE and not self._arrived.empty():
                    batch.append(self._arrived.get_nowait())
                metrics.BATCH.observe(len(batch))
                begun_before = any(message.redelivered for message, _ in batch)
                if begun_before and under_way:
                    await under_way[-1]
                under_way.append(group.create_task(self._process(batch, under_way[-1] if under_way else None)))
                if begun_before:
                    await under_way[-1]

    async def drain(self, *, within: float) -> None:
        """Wait until every submitted message has its outcome, at most so many seconds."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(within):
                await self._arrived.join()

    def release(self) -> None:
        """Give the outcome RELEASE to all unfinished messages; call it once `run` has ended."""
        for outcome in tuple(self._open):
            if not outcome.done():
                outcome.set_result(Outcome.RELEASE)

    async def _process(self, batch: Sequence[_Arrived], before: asyncio.Task[None] | None) -> None:
        """Give messages to the inbox until it has stored all; after a failure as redelivered ones."""
        left, pause = batch, 0.1
        while not await self._try(left, before):
            await asyncio.sleep(pause)
            pause = min(pause * 2, 5.0)
            left = [(replace(message, redelivered=True), outcome) for message, outcome in left if not outcome.done()]
        for _ in batch:
            self._arrived.task_done()

    async def _try(self, batch: Sequence[_Arrived], before: asyncio.Task[None] | None) -> bool:
        """Return whether the inbox has stored all messages now.

        Outcomes are given after those of the batch `before`, so that one acknowledgement serves both.
        """
        outcomes = {id(message): outcome for message, outcome in batch}

        def settle(message: Message, outcome: Outcome = Outcome.ACK) -> None:
            if not outcomes[id(message)].done():
                outcomes[id(message)].set_result(outcome)

        taken, early = False, list[Message]()
        in_turn = before is None or before.done()
        try:
            for message in await self._inbox.process([each for each, _ in batch], settle if in_turn else early.append):
                settle(message, Outcome.REJECT)
            taken = True
        except AWAY as error:
            log.warning("inbox.database_away", error=type(error).__name__, messages=len(batch))
        except CONFLICTS as error:
            log.warning("inbox.conflicts", error=type(error).__name__, messages=len(batch))
        except Exception:
            # Not the failure of one event (those hold their stream): log it and try again, drop nothing.
            log.exception("inbox.failed", messages=len(batch))
        if before is not None:
            await before
        for message in early:
            settle(message)
        return taken
