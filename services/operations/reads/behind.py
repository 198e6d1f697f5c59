"""Consumer lag: events published by one service and not yet applied by another, and forks between them.

Each service knows its own figures only. Here the heads of the streams of a service are compared with what each
consumer applied, so that what stands in a queue, or was lost with it, has an age too.
"""

import asyncio
from collections import Counter
from collections.abc import Awaitable, Iterable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Final, TypeVar
from uuid import UUID

from pydantic import BaseModel

from services.operations.adapters.connections import UNREACHABLE, Connections, Watched
from services.operations.domain.services import is_for
from shared.messaging.handlers import single

RECENT: Final = timedelta(minutes=2)
"""What a listener applied since then is looked up in the journal of its source."""

LOOKED_UP: Final = 2_000
"""Streams that each listener applied last and that are looked up."""

LOOKED_AT: Final = 500
"""Streams of each service, those that changed last; what waits in others is shown as held, or as a gap."""

PATIENCE: Final = 3.0
"""Seconds after which a database counts as away."""

Found = TypeVar("Found")


class Behind(BaseModel):
    """`events` of `told_by` are not applied in `service`, the first for `seconds`; held streams are not counted."""

    told_by: str
    service: str
    events: int
    seconds: float


class Forked(BaseModel):
    """`service` applied last events of `streams` streams that are not in the journal of `told_by`, their source.

    Also of streams that the source does not have at all: somebody published as it.
    """

    told_by: str
    service: str
    streams: int
    first: str
    """The subject of one of them."""


@dataclass(frozen=True, slots=True)
class Compared:
    """What listeners lack, and where they applied another history than their source has."""

    behind: list[Behind]
    forked: list[Forked]


@dataclass(frozen=True, slots=True)
class _Head:
    """How far a stream goes."""

    told_by: str
    source: str
    subject: str
    sequence: int
    departement: str
    hash: bytes


@dataclass(frozen=True, slots=True)
class _Applied:
    """The last event that a listener applied of a stream; `event` is its id where it is a stream of its own."""

    service: str
    source: str
    subject: str
    applied: int
    hash: bytes | None
    event: UUID | None = None


@dataclass(frozen=True, slots=True)
class _Late:
    """A stream of which a listener has not applied up to its source's head: less, more, or something else."""

    head: _Head
    service: str
    applied: int
    hash: bytes | None

    @property
    def last(self) -> _Applied:
        """The last event that the listener applied."""
        return _Applied(self.service, self.head.source, self.head.subject, self.applied, self.hash)


async def compare(connections: Connections, perimeter: list[str] | None = None) -> Compared:
    """Compare what answers; who is away is neither behind nor ahead.

    Listeners are read after the heads, and the journals after the listeners: what was applied must be in the journals.
    """
    services = list(connections.services.values())
    heads = _flat(await asyncio.gather(*(_unless_away(_heads(one, perimeter)) for one in services)))
    late = _flat(await asyncio.gather(*(_unless_away(_late(one, heads)) for one in services)))
    applied = {one.last for one in late if one.applied and one.hash}
    if perimeter is None:
        applied |= set(_flat(await asyncio.gather(*(_unless_away(_recent(one)) for one in services))))
    return Compared(
        behind=_flat(await asyncio.gather(*(_unless_away(_aged(one, late)) for one in services))),
        forked=_flat(await asyncio.gather(*(_unless_away(_forked(one, applied)) for one in services))),
    )


async def behind(connections: Connections, perimeter: list[str] | None = None) -> list[Behind]:
    """Return what listeners have not applied."""
    return (await compare(connections, perimeter)).behind


async def _unless_away(read: Awaitable[list[Found]]) -> list[Found]:
    try:
        async with asyncio.timeout(PATIENCE):
            return await read
    except UNREACHABLE:
        return []


def _flat(found: Iterable[list[Found]]) -> list[Found]:
    return [one for part in found for one in part]


async def _heads(watched: Watched, perimeter: list[str] | None) -> list[_Head]:
    """Read the heads of the streams that a service published to last."""
    rows = await watched.database.fetch(
        """
        SELECT source, subject, sequence, departement, hash
        FROM stream
        WHERE $2::text[] IS NULL OR departement = ANY($2)
        ORDER BY changed_at DESC
        LIMIT $1
        """,
        LOOKED_AT,
        perimeter,
    )
    return [_Head(watched.name, **row) for row in rows]


async def _late(watched: Watched, heads: Sequence[_Head]) -> list[_Late]:
    """Find those of which a listener has applied something else than the head; not those that are held there."""
    by_stream = {
        (head.source, head.subject): head
        for head in heads
        if is_for(watched.queue, publisher=head.told_by, service=watched.name, departement=head.departement)
    }
    rows = await watched.database.fetch(
        """
        SELECT k.source, k.subject, coalesce(s.applied, 0) AS applied, s.hash
        FROM unnest($1::text[], $2::text[], $3::bigint[], $4::bytea[]) AS k (source, subject, sequence, hash)
        LEFT JOIN inbox_stream s ON s.subject = k.subject AND s.source = k.source
        WHERE (coalesce(s.applied, 0) <> k.sequence OR s.hash <> k.hash)
          AND NOT EXISTS (SELECT FROM inbox_held h WHERE h.subject = k.subject AND h.source = k.source)
        """,
        [head.source for head in by_stream.values()],
        [head.subject for head in by_stream.values()],
        [head.sequence for head in by_stream.values()],
        [head.hash for head in by_stream.values()],
    )
    return [_Late(by_stream[row["source"], row["subject"]], watched.name, row["applied"], row["hash"]) for row in rows]


async def _recent(watched: Watched) -> list[_Applied]:
    """Read what a listener applied last of any source, whether or not that source has such a stream."""
    rows = await watched.database.fetch(
        """
        SELECT source, subject, applied, hash
        FROM inbox_stream s
        WHERE changed_at > now() - $1::interval AND applied > 0
          AND NOT EXISTS (SELECT FROM inbox_held h WHERE h.subject = s.subject AND h.source = s.source)
        ORDER BY changed_at DESC
        LIMIT $2
        """,
        RECENT,
        LOOKED_UP,
    )
    return [_Applied(watched.name, **row, event=single(row["subject"])) for row in rows]


async def _forked(watched: Watched, applied: Iterable[_Applied]) -> list[Forked]:
    """Count by listener the streams of this service whose last applied event is not in its journal."""
    of_ours = [one for one in applied if one.source.split("/")[1:2] == [watched.name]]
    rows = await watched.database.fetch(
        """
        SELECT k.service, count(*) AS streams, min(k.subject) AS first
        FROM unnest($1::text[], $2::text[], $3::text[], $4::bigint[], $5::bytea[], $6::uuid[])
             AS k (service, source, subject, applied, hash, event)
        WHERE NOT EXISTS (SELECT FROM journal j
                          WHERE j.source = k.source AND j.subject = k.subject AND j.sequence = k.applied
                            AND (k.hash IS NULL OR j.hash = k.hash))
          AND NOT EXISTS (SELECT FROM journal j WHERE j.id = k.event AND j.source = k.source)
        GROUP BY k.service
        """,
        [one.service for one in of_ours],
        [one.source for one in of_ours],
        [one.subject for one in of_ours],
        [one.applied for one in of_ours],
        [one.hash for one in of_ours],
        [one.event for one in of_ours],
    )
    return [Forked(told_by=watched.name, **row) for row in rows]


async def _aged(watched: Watched, late: Sequence[_Late]) -> list[Behind]:
    """Count by consumer the events of this service that it lacks, and the age of the first."""
    of_ours = [one for one in late if one.head.told_by == watched.name and one.applied < one.head.sequence]
    if not of_ours:
        return []
    rows = await watched.database.fetch(
        """
        SELECT k.service, extract(epoch FROM now() - min(j.recorded_at))::float AS seconds
        FROM unnest($1::text[], $2::text[], $3::text[], $4::bigint[]) AS k (service, source, subject, sequence)
        JOIN journal j ON j.source = k.source AND j.subject = k.subject AND j.sequence = k.sequence
        GROUP BY k.service
        """,
        [one.service for one in of_ours],
        [one.head.source for one in of_ours],
        [one.head.subject for one in of_ours],
        [one.applied + 1 for one in of_ours],
    )
    events: Counter[str] = Counter()
    for one in of_ours:
        events[one.service] += one.head.sequence - one.applied
    return [
        Behind(told_by=watched.name, service=row["service"], events=events[row["service"]], seconds=row["seconds"])
        for row in rows
    ]
