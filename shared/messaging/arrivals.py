"""Messages in hand: from their arrival until each is safe in the database, or goes back."""

import asyncio
import contextlib
from dataclasses import replace
from enum import Enum, auto

import structlog

from shared.db import AWAY
from shared.messaging import metrics
from shared.messaging.inbox import Inbox, Message

log = structlog.get_logger(__name__)

PREFETCH = 100
"""Messages in hand at once, and so the most that one transaction applies."""


class Outcome(Enum):
    """What is to be said to the broker about a message."""

    SAFE = auto()
    FATAL = auto()
    """It ends whoever reads it, and belongs to the dead letters."""
    LEFT = auto()
    """Nothing was done with it: the broker gives it to the next."""


class Arrivals:
    """Hands the inbox together what arrived together, and answers for each as soon as it is safe."""

    def __init__(self, inbox: Inbox) -> None:
        self._inbox = inbox
        self._arrived: asyncio.Queue[tuple[Message, asyncio.Future[Outcome]]] = asyncio.Queue()
        self._open: set[asyncio.Future[Outcome]] = set()

    async def settle(self, message: Message) -> Outcome:
        """Wait until the message is safe, or is to go back."""
        outcome: asyncio.Future[Outcome] = asyncio.get_running_loop().create_future()
        self._open.add(outcome)
        outcome.add_done_callback(self._open.discard)
        self._arrived.put_nowait((message, outcome))
        return await outcome

    async def run(self) -> None:
        """Take what arrives, until cancelled; while the database is away, wait without giving anything back."""
        while True:
            batch = [await self._arrived.get()]
            while len(batch) < PREFETCH and not self._arrived.empty():
                batch.append(self._arrived.get_nowait())
            metrics.BATCH.observe(len(batch))
            await self._make_safe(batch)
            for _ in batch:
                self._arrived.task_done()

    async def finish(self, *, within: float) -> None:
        """Wait until nothing is in hand any more, at most so many seconds."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(within):
                await self._arrived.join()

    def leave(self) -> None:
        """Let what is still in hand go back as it came; call it once `run` has ended."""
        for outcome in tuple(self._open):
            if not outcome.done():
                outcome.set_result(Outcome.LEFT)

    async def _make_safe(self, batch: list[tuple[Message, asyncio.Future[Outcome]]]) -> None:
        """Give messages to the inbox until it has them all; after a failure as such that were begun before."""
        outcomes = {id(message): outcome for message, outcome in batch}

        def settle(message: Message, outcome: Outcome = Outcome.SAFE) -> None:
            if not outcomes[id(message)].done():
                outcomes[id(message)].set_result(outcome)

        pause = 0.1
        while True:
            messages = [message for message, outcome in batch if not outcome.done()]
            try:
                for message in await self._inbox.take(messages, settle):
                    settle(message, Outcome.FATAL)
            except AWAY as error:
                log.warning("inbox.database_away", error=type(error).__name__, messages=len(messages))
            except Exception:
                # Not the fault of one event (those are held): wait, and let the log say it, rather than drop anything.
                log.exception("inbox.failed", messages=len(messages))
            else:
                return
            await asyncio.sleep(pause)
            pause = min(pause * 2, 5.0)
            batch = [(replace(message, redelivered=True), outcome) for message, outcome in batch]
            outcomes = {id(message): outcome for message, outcome in batch}
