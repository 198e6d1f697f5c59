"""Run a replay: empty database, events of all journals, comparison with the live database."""

from dataclasses import dataclass
from typing import Final

from pydantic import BaseModel

from services.operations.adapters.connections import Connections
from services.operations.usecases.replay.comparison import Compared, compare
from services.operations.usecases.replay.feeding import Fed, feed
from services.operations.usecases.replay.order import Stream, merge_journals
from shared.db import Connection, Database, Reader
from shared.messaging.handlers import SINGLE
from shared.messaging.replay import Rebuilding


class Behind(BaseModel):
    """A stream of which the service has applied less than the journals hold, and than the rebuilt one could apply."""

    source: str
    subject: str
    applied: int
    told: int
    """How far the journal goes."""


class Forked(Behind):
    """A stream of which the service has applied what the journal of its source does not have.

    `told` is `applied` where only the hashes differ.
    """


class Held(BaseModel):
    """An event that the rebuilt service could not apply either."""

    source: str
    subject: str
    sequence: int
    type: str
    reason: str


class Replayed(BaseModel):
    """What came of it. `moving` counts the requests about which something happened meanwhile: they are not compared.

    What stood still and is further than the journals is `forked`, and compared.
    """

    service: str
    events: int
    moving: int
    tables: list[Compared]
    behind: list[Behind]
    forked: list[Forked]
    held: list[Held]

    @property
    def identical(self) -> bool:
        """Whether the service shows what the journals hold."""
        return not self.behind and not self.forked and not any(table.different for table in self.tables)


NOTHING: Final = (0, None)


@dataclass(frozen=True, slots=True)
class _Stands:
    """How far a database is at one moment, with the chain hash there: streams applied, and streams of its own."""

    applied: dict[Stream, tuple[int, bytes | None]]
    told: dict[Stream, tuple[int, bytes | None]]


async def replay(connections: Connections, rebuilding: Rebuilding, into: Database) -> Replayed:
    """Rebuild a service from the journals of all into an empty, migrated database, and compare; changes nothing live.

    The live service may go on working: a request that has a newer event is left aside.
    """
    into.replaying = True
    before = await _stands(connections.service(rebuilding.service).database)
    fed = await feed(into, rebuilding, merge_journals([watched.database for watched in connections.services.values()]))
    async with (
        connections.service(rebuilding.service).database.connection() as live,
        live.transaction(isolation="repeatable_read", readonly=True),
        into.connection() as rebuilt,
        rebuilt.transaction(isolation="repeatable_read", readonly=True),
    ):
        for one in (live, rebuilt):
            await one.execute("SET LOCAL idle_in_transaction_session_timeout = 0")  # it waits while the other is read
        behind, forked, moving = await _progress(before, live, rebuilt, fed)
        return Replayed(
            service=rebuilding.service,
            events=fed.events,
            moving=len(moving),
            tables=[
                await compare(live, rebuilt, table, moving=moving)
                for table in rebuilding.tables
                if table.request or not moving  # what is about no one request may have moved with any
            ],
            behind=behind,
            forked=forked,
            held=[Held(**row) for row in await _held(rebuilt)],
        )


async def _progress(
    before: _Stands, live: Reader, rebuilt: Reader, fed: Fed
) -> tuple[list[Behind], list[Forked], set[str]]:
    """Find what the service has not applied, what no journal holds, and the requests that moved since.

    `before` is where the service stood before the journals were read: what it had applied then must be in them.
    """
    now, possible = await _stands(live), await _stands(rebuilt)
    forked = _forked(before, now, possible, fed)
    standing_still = {fork.subject for fork in forked}
    moving = {
        stream[1]
        for stream, (last, _) in [*now.applied.items(), *now.told.items()]
        if last > fed.last.get(stream, 0) and not stream[1].startswith(SINGLE) and stream[1] not in standing_still
    }
    behind = [
        Behind(source=stream[0], subject=stream[1], applied=now.applied.get(stream, NOTHING)[0], told=last)
        for stream, last in sorted(fed.consumed.items())
        if now.applied.get(stream, NOTHING)[0] < min(last, possible.applied.get(stream, NOTHING)[0])
    ]
    return behind, forked, moving


def _forked(before: _Stands, now: _Stands, possible: _Stands, fed: Fed) -> list[Forked]:
    """Find the streams that were further than the journals before these were read, and those of another chain."""
    further = [
        Forked(source=stream[0], subject=stream[1], applied=applied, told=fed.last.get(stream, 0))
        for stream, (applied, _) in sorted([*before.applied.items(), *before.told.items()])
        if applied > fed.last.get(stream, 0) and not stream[1].startswith(SINGLE)
    ]
    further += [
        Forked(source=stream[0], subject=stream[1], applied=applied, told=applied)
        for stream, (applied, chain_hash) in sorted(now.applied.items())
        if possible.applied.get(stream, (0, None))[0] == applied
        and chain_hash not in {None, possible.applied[stream][1]}
    ]
    return further


async def _stands(reader: Reader) -> _Stands:
    applied = await reader.fetch("SELECT source, subject, applied, hash FROM inbox_stream")
    told = await reader.fetch("SELECT source, subject, sequence, hash FROM stream")
    return _Stands(
        {(row["source"], row["subject"]): (row["applied"], row["hash"]) for row in applied},
        {(row["source"], row["subject"]): (row["sequence"], row["hash"]) for row in told},
    )


async def _held(connection: Connection) -> list[dict[str, object]]:
    rows = await connection.fetch(
        "SELECT source, subject, sequence, type, reason FROM inbox_held ORDER BY subject, source"
    )
    return [dict(row) for row in rows]
