"""Messages in hand: from their arrival until each is safe in the database, or goes back."""

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
"""The most messages that one transaction applies."""

CONCURRENT_BATCHES = 2
"""Batches under way beside each other: PostgreSQL works for the one while Python does for the other (ADR 23)."""

PREFETCH = 2 * CONCURRENT_BATCHES * BATCH_SIZE
"""Messages in hand at once: as many again wait, so that no batch begins with the few that came last."""


class Outcome(Enum):
    """What is to be said to the broker about a message."""

    ACK = auto()
    REJECT = auto()
    """It ends whoever reads it, and belongs to the dead letters."""
    RELEASE = auto()
    """Nothing was done with it: the broker gives it to the next."""


_Arrived = tuple[Message, asyncio.Future[Outcome]]


class MessageBatcher:
    """Hands the inbox together what arrived together, and answers for each as soon as it is safe."""

    def __init__(self, inbox: Inbox) -> None:
        self._inbox = inbox
        self._arrived: asyncio.Queue[_Arrived] = asyncio.Queue()
        self._open: set[asyncio.Future[Outcome]] = set()

    async def submit(self, message: Message) -> Outcome:
        """Wait until the message is safe, or is to go back."""
        outcome: asyncio.Future[Outcome] = asyncio.get_running_loop().create_future()
        self._open.add(outcome)
        outcome.add_done_callback(self._open.discard)
        self._arrived.put_nowait((message, outcome))
        return await outcome

    async def run(self) -> None:
        """Take what arrives, until cancelled; while the database is away, wait without giving anything back.

        What was begun before is taken while nothing else is: if it ends its consumer, no neighbour is blamed for it.
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
        """Wait until nothing is in hand any more, at most so many seconds."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(within):
                await self._arrived.join()

    def release(self) -> None:
        """Let what is still in hand go back as it came; call it once `run` has ended."""
        for outcome in tuple(self._open):
            if not outcome.done():
                outcome.set_result(Outcome.RELEASE)

    async def _process(self, batch: Sequence[_Arrived], before: asyncio.Task[None] | None) -> None:
        """Give messages to the inbox until it has them all; after a failure as such that were begun before."""
        left, pause = batch, 0.1
        while not await self._try(left, before):
            await asyncio.sleep(pause)
            pause = min(pause * 2, 5.0)
            left = [(replace(message, redelivered=True), outcome) for message, outcome in left if not outcome.done()]
        for _ in batch:
            self._arrived.task_done()

    async def _try(self, batch: Sequence[_Arrived], before: asyncio.Task[None] | None) -> bool:
        """Tell whether the inbox has them all now.

        They are answered after all `before` them: one acknowledgement is enough for both.
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
            # Not the fault of one event (those are held): wait, and let the log say it, rather than drop anything.
            log.exception("inbox.failed", messages=len(batch))
        if before is not None:
            await before
        for message in early:
            settle(message)
        return taken
