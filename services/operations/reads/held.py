"""Held streams, each blocked by an event that cannot be applied: list, count, show."""

from collections.abc import Iterable
from datetime import datetime

from pydantic import BaseModel

from shared.db import Reader, Row
from shared.errors import NotFound
from shared.messaging.inbox.held import Code


class NotHeld(NotFound):
    """No stream of this service is held by this event (any more)."""

    code = "not_held"
    title = "No stream is held by this event"
    sentence = (
        "Cet événement ne retient plus rien dans ce service\u00a0: il a été appliqué, ou quelqu’un s’en est occupé."
    )


class Held(BaseModel):
    """One stream that waits: its event, why, how often it was tried, when it is tried next (None: you decide)."""

    service: str
    source: str
    subject: str
    sequence: int
    event_id: str
    type: str
    code: Code
    reason: str
    attempts: int
    next_attempt_at: datetime | None
    held_since: datetime
    last_attempt_at: datetime
    behind: int
    """Events of the same stream that wait behind it."""

    @property
    def given_up(self) -> bool:
        """Whether it is not tried again by itself."""
        return self.next_attempt_at is None


_HELD = """
    SELECT h.source, h.subject, h.sequence, h.event_id, h.type, h.code, h.reason, h.attempts, h.next_attempt_at,
           h.held_since, h.last_attempt_at,
           (SELECT count(*) FROM inbox_waiting w
            WHERE w.subject = h.subject AND w.source = h.source AND w.sequence > h.sequence) AS behind
    FROM inbox_held h
    WHERE ($1::text[] IS NULL
           OR h.departement = ANY($1)
           OR EXISTS (SELECT FROM inbox_waiting w
                      WHERE w.subject = h.subject AND w.source = h.source AND w.sequence = h.sequence
                        AND w.departement = ANY($1)))
"""


async def list_held(reader: Reader, service: str, *, most: int = 200, perimeter: list[str] | None = None) -> list[Held]:
    """Return the held streams of a service: those nobody tries any more first, then the oldest."""
    rows = await reader.fetch(
        _HELD + "ORDER BY (h.next_attempt_at IS NULL) DESC, h.held_since, h.subject, h.source LIMIT $2", perimeter, most
    )
    return [_held(service, row) for row in rows]


async def count(reader: Reader, *, perimeter: list[str] | None = None) -> list[int]:
    """Count the held streams of a service: one figure."""
    rows = await reader.fetch(f"SELECT count(*) FROM ({_HELD}) AS held", perimeter)
    return [row["count"] for row in rows]


class Group(BaseModel):
    """Held streams of a service that have the same code and the same type of event."""

    service: str
    code: Code
    type: str
    streams: int


async def groups(reader: Reader, service: str, *, perimeter: list[str] | None = None) -> list[Group]:
    """Return the groups of held streams, the largest first; strangers' types are bounded by those that are known."""
    rows = await reader.fetch(
        f"SELECT code, type, count(*) AS streams FROM ({_HELD}) AS held GROUP BY 1, 2 ORDER BY 3 DESC, 1, 2 LIMIT 100",
        perimeter,
    )
    return [Group(service=service, **row) for row in rows]


async def show(reader: Reader, service: str, event_id: str, *, perimeter: list[str] | None = None) -> Held:
    """Return the stream that an event holds; refuses with `NotHeld`."""
    rows = await reader.fetch(_HELD + "AND h.event_id = $2", perimeter, event_id)
    if not rows:
        raise NotHeld
    return _held(service, rows[0])


def _held(service: str, row: Row) -> Held:
    return Held(service=service, **row)


def in_order(held: Iterable[Held]) -> list[Held]:
    """Put together what several services hold: what needs a hand first, then the oldest."""
    return sorted(held, key=lambda one: (not one.given_up, one.held_since))
