"""Server-sent events of the bell: one database poll per process serves all open pages."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Final
from uuid import UUID

from services.notifications.reads import bell
from services.notifications.usecases.bell import rings_for
from shared import clock, rounds
from shared.db import Database
from shared.identity.model import Agent

LOOKS_EVERY: Final = 2.0
"""Seconds."""


@dataclass(eq=False, slots=True)
class Listener:
    """One open page: whose it is, and how much they had not read at the last look."""

    agent_id: UUID
    holders: list[str]
    unread: int
    changed: asyncio.Event = field(default_factory=asyncio.Event)

    async def other_than(self, known: int, *, within: float) -> int | None:
        """Wait until the number is another one; None when it is still the same after so many seconds."""
        if self.unread == known:
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self.changed.wait(), within)
        self.changed.clear()
        return None if self.unread == known else self.unread


class EventStream:
    """Looks while somebody listens: one query each time, however many pages are open."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._listeners: set[Listener] = set()
        self._looking: asyncio.Task[None] | None = None

    @contextlib.asynccontextmanager
    async def listening(self, agent: Agent) -> AsyncIterator[Listener]:
        """Count at once, and again whenever it changes, while the block lasts."""
        holders = rings_for(agent)
        listener = Listener(agent.id, holders, (await self._count({agent.id: holders}))[agent.id])
        self._listeners.add(listener)
        if self._looking is None:
            looking = rounds.for_ever(self._look, every=LOOKS_EVERY, name="event_stream")
            self._looking = asyncio.create_task(looking, name="event_stream")
        try:
            yield listener
        finally:
            self._listeners.discard(listener)
            if not self._listeners and self._looking is not None:
                self._looking.cancel()
                self._looking = None

    async def _look(self) -> None:
        counts = await self._count({listener.agent_id: listener.holders for listener in self._listeners})
        for listener in self._listeners:
            unread = counts.get(listener.agent_id, listener.unread)
            if unread != listener.unread:
                listener.unread = unread
                listener.changed.set()

    async def _count(self, holders_of: dict[UUID, list[str]]) -> dict[UUID, int]:
        return await bell.unread(self._database, holders_of, at=clock.now())
