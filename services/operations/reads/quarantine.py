"""Messages that a service could not read: list, count, show."""

import re
from collections.abc import Iterable
from datetime import datetime
from uuid import UUID

from pydantic import BaseModel

from shared.db import Reader
from shared.errors import NotFound


class NotInQuarantine(NotFound):
    """No message has this number in the quarantine of this service."""

    code = "not_in_quarantine"
    title = "No such message in quarantine"
    sentence = "Ce message n’est pas dans la quarantaine de ce service."


class Quarantined(BaseModel):
    """One message in quarantine; `settled_…` are None while nobody has decided."""

    service: str
    id: UUID
    received_at: datetime
    reason: str
    routing_key: str
    size: int
    damaged: bool
    """Not the bytes that were sent: never replayed; the true event is asked for again by the service itself."""
    times: int
    """How often these bytes came."""
    user_id: str | None
    """The broker's account that published it; empty where nobody vouches for it, None for what was checked before."""
    settled_at: datetime | None
    settled_by: str | None
    settlement: str | None
    why: str | None
    dead: bool = False
    """Whether it is a dead letter: whoever read it was ended."""


_SUBJECT = re.compile(r'"subject"\s*:\s*"([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})"')

COLUMNS = """
    id, received_at, reason, routing_key, octet_length(body) AS size, damaged, times, user_id,
    settled_at, settled_by, settlement, why, deaths IS NOT NULL AS dead
"""

SEEN = "($1::text[] IS NULL OR split_part(routing_key, '.', CASE WHEN deaths IS NULL THEN 3 ELSE 2 END) = ANY($1))"
"""Of one's départements, by the address; what strangers sent to none is seen by whoever sees all.

The address of a dead letter is the name of the queue that gave it up.
"""


async def list_quarantined(
    reader: Reader, service: str, *, settled: bool = False, most: int = 200, perimeter: list[str] | None = None
) -> list[Quarantined]:
    """Return the messages that wait for a decision, oldest first; or those that were settled, newest first.

    Dead letters that wait are listed apart (`undelivered`).
    """
    rows = await reader.fetch(
        f"SELECT {COLUMNS} FROM quarantine WHERE {SEEN} AND "
        + (
            "settled_at IS NOT NULL ORDER BY settled_at DESC"
            if settled
            else "settled_at IS NULL AND deaths IS NULL ORDER BY received_at"
        )
        + ", id LIMIT $2",
        perimeter,
        most,
    )
    return [Quarantined(service=service, **row) for row in rows]


async def count(reader: Reader, *, settled: bool = False, perimeter: list[str] | None = None) -> list[int]:
    """Count the messages that wait for a decision, or those that were settled: one figure."""
    rows = await reader.fetch(
        f"SELECT count(*) FROM quarantine WHERE {SEEN} AND (settled_at IS NOT NULL) = $2"
        " AND (settled_at IS NOT NULL OR deaths IS NULL)",
        perimeter,
        settled,
    )
    return [row["count"] for row in rows]


def in_order(rows: Iterable[Quarantined], *, settled: bool = False) -> list[Quarantined]:
    """Put together what several services have: the oldest first, or those that were settled last."""
    if settled:
        return sorted(rows, key=lambda one: one.settled_at or one.received_at, reverse=True)
    return sorted(rows, key=lambda one: one.received_at)


async def show(reader: Reader, service: str, message_id: UUID, *, perimeter: list[str] | None = None) -> Quarantined:
    """Return one message, settled or not; refuses with `NotInQuarantine`."""
    row = await reader.fetchrow(
        f"SELECT {COLUMNS} FROM quarantine WHERE {SEEN} AND id = $2",
        perimeter,
        message_id,
    )
    if row is None:
        raise NotInQuarantine
    return Quarantined(service=service, **row)


async def about(
    reader: Reader, service: str, request_id: UUID, *, most: int = 20, perimeter: list[str] | None = None
) -> list[Quarantined]:
    """Return the messages that wait for a decision and name this request, however unreadable they are, oldest first."""
    rows = await reader.fetch(
        f"SELECT {COLUMNS} FROM quarantine WHERE {SEEN} "
        "AND settled_at IS NULL AND position(convert_to($2, 'UTF8') IN body) > 0 ORDER BY received_at, id LIMIT $3",
        perimeter,
        str(request_id),
        most,
    )
    return [Quarantined(service=service, **row) for row in rows]


async def bytes_of(reader: Reader, message_id: UUID, *, perimeter: list[str] | None = None) -> bytes:
    """Return the bytes as they came; refuses with `NotInQuarantine`."""
    body: bytes | None = await reader.fetchval(
        f"SELECT body FROM quarantine WHERE {SEEN} AND id = $2",
        perimeter,
        message_id,
    )
    if body is None:
        raise NotInQuarantine
    return body


def request_named_in(body: str) -> str | None:
    """Find the request that an unreadable message is about, where that much of it can be read."""
    found = _SUBJECT.search(body)
    return found[1] if found else None
