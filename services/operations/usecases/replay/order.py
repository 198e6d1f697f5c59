"""Merge all journals into one sequence: by recording time, in stream order, causes before effects."""

import heapq
from collections import defaultdict, deque
from collections.abc import AsyncIterator, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from shared.db import Database, Row

AT_ONCE = 500
"""Rows read together: a journal may be larger than memory, and no snapshot is waiting open between two reads."""

Stream = tuple[str, str]


@dataclass(frozen=True, slots=True)
class Event:
    """One event as it stands in its journal; `cause` is the id of the event that it answers to, if it answers one."""

    id: UUID
    source: str
    subject: str
    sequence: int
    routing_key: str
    recorded_at: datetime
    cause: UUID | None
    body: bytes

    @property
    def stream(self) -> Stream:
        """Its stream: source and subject."""
        return self.source, self.subject


async def merge_journals(journals: Sequence[Database]) -> AsyncIterator[Event]:
    """Return every event of these journals, in an order in which the live system could have seen them.

    The services' clocks may differ: an event waits here for the one that led to it, and for those before it in its
    stream.
    """
    order = _Order()
    walks = [_walk(journal) for journal in journals]
    ahead: list[tuple[datetime, int, Event]] = []
    for place, walk in enumerate(walks):
        await _push(ahead, place, walk)
    while ahead:
        _, place, event = heapq.heappop(ahead)
        await _push(ahead, place, walks[place])
        if event.cause in order.given or event.cause is None or not await _stands_in(journals, event.cause):
            ready = order.offer(event, after=None)
        else:
            ready = order.offer(event, after=event.cause)
        for one in ready:
            yield one
    for one in order.rest():
        yield one


class _Order:
    """Keeps back what must come later."""

    def __init__(self) -> None:
        self.given: set[UUID] = set()
        self._waiting: dict[Stream, deque[tuple[Event, UUID | None]]] = {}
        self._waits_for: dict[UUID, list[Stream]] = defaultdict(list)

    def offer(self, event: Event, *, after: UUID | None) -> Iterator[Event]:
        """Take an event, and give what may be given now."""
        if event.stream in self._waiting:
            self._waiting[event.stream].append((event, after))
            return
        if after is not None and after not in self.given:
            self._waiting[event.stream] = deque([(event, after)])
            self._waits_for[after].append(event.stream)
            return
        self.given.add(event.id)
        yield event
        for stream in self._waits_for.pop(event.id, ()):
            for waiting, cause in self._waiting.pop(stream):
                yield from self.offer(waiting, after=cause)

    def rest(self) -> Iterator[Event]:
        """Return what waits for something that never came."""
        for waiting in list(self._waiting.values()):
            yield from (event for event, _ in waiting)


async def _push(ahead: list[tuple[datetime, int, Event]], place: int, walk: AsyncIterator[Event]) -> None:
    event = await anext(walk, None)
    if event is not None:
        heapq.heappush(ahead, (event.recorded_at, place, event))


async def _stands_in(journals: Sequence[Database], event_id: UUID) -> bool:
    """Return whether one of the journals holds this event: what a stranger's form led to waits for nothing."""
    for journal in journals:
        if await journal.fetchval("SELECT EXISTS (SELECT FROM journal WHERE id = $1)", event_id):
            return True
    return False


async def _walk(journal: Database) -> AsyncIterator[Event]:
    """Return the events of one journal in the order in which they were written down."""
    place = 0
    while True:
        rows = await journal.fetch(
            """
            SELECT position, id, source, subject, sequence, routing_key, recorded_at, body,
                   body::jsonb ->> 'causationid' AS cause
            FROM journal
            WHERE position > $1
            ORDER BY position
            LIMIT $2
            """,
            place,
            AT_ONCE,
        )
        for row in rows:
            yield _event(row)
        if len(rows) < AT_ONCE:
            return
        place = rows[-1]["position"]


def _event(row: Row) -> Event:
    try:
        cause = UUID(row["cause"]) if row["cause"] else None
    except ValueError:
        cause = None  # a stranger's id, which is no event of a journal
    return Event(
        id=row["id"],
        source=row["source"],
        subject=row["subject"],
        sequence=row["sequence"],
        routing_key=row["routing_key"],
        recorded_at=row["recorded_at"],
        cause=cause,
        body=row["body"].encode(),
    )
