"""The whole of a replay: an empty database, all journals into it, and the comparison with the live one."""

from pydantic import BaseModel

from shared.db import Connection, Database
from shared.operations.reach import Reach
from shared.operations.replay.comparison import Compared, compare
from shared.operations.replay.feeding import Fed, feed
from shared.operations.replay.order import Stream, told
from shared.operations.replay.rebuilding import Rebuilding


class Behind(BaseModel):
    """A stream of which the service has applied less than the journals tell, and than the rebuilt one could apply."""

    source: str
    subject: str
    applied: int
    told: int


class Held(BaseModel):
    """An event that the rebuilt service could not apply either."""

    source: str
    subject: str
    sequence: int
    type: str
    reason: str


class Replayed(BaseModel):
    """What came of it. `moving` counts the requests about which something happened meanwhile: they are not compared."""

    service: str
    events: int
    moving: int
    tables: list[Compared]
    behind: list[Behind]
    held: list[Held]

    @property
    def identical(self) -> bool:
        """Tell whether the service shows what the journals tell."""
        return not self.behind and not any(table.different for table in self.tables)


async def replay(reach: Reach, rebuilding: Rebuilding, into: Database) -> Replayed:
    """Rebuild a service from the journals of all into an empty, migrated database, and compare; changes nothing live.

    The live service may go on working: a request of which something was told since is left aside.
    """
    into.retold = True
    fed = await feed(into, rebuilding, told([watched.database for watched in reach.services.values()]))
    async with (
        reach.service(rebuilding.service).database.connection() as live,
        live.transaction(isolation="repeatable_read", readonly=True),
        into.connection() as rebuilt,
        rebuilt.transaction(isolation="repeatable_read", readonly=True),
    ):
        for one in (live, rebuilt):
            await one.execute("SET LOCAL idle_in_transaction_session_timeout = 0")  # it waits while the other is read
        behind, moving = await _progress(live, rebuilt, fed)
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
            held=[Held(**row) for row in await _held(rebuilt)],
        )


async def _progress(live: Connection, rebuilt: Connection, fed: Fed) -> tuple[list[Behind], set[str]]:
    """Find what the service has not applied, and the requests of which it knows more than was replayed."""
    applied, possible = await _applied(live), await _applied(rebuilt)
    moving = {
        subject
        for stream, last in [*applied.items(), *(await _heads(live)).items()]
        if last > fed.last.get(stream, 0) and not (subject := stream[1]).startswith("event:")
    }
    behind = [
        Behind(source=stream[0], subject=stream[1], applied=applied.get(stream, 0), told=last)
        for stream, last in sorted(fed.heard.items())
        if applied.get(stream, 0) < min(last, possible.get(stream, 0))
    ]
    return behind, moving


async def _applied(connection: Connection) -> dict[Stream, int]:
    rows = await connection.fetch("SELECT source, subject, applied FROM inbox_stream")
    return {(row["source"], row["subject"]): row["applied"] for row in rows}


async def _heads(connection: Connection) -> dict[Stream, int]:
    rows = await connection.fetch("SELECT source, subject, sequence FROM stream")
    return {(row["source"], row["subject"]): row["sequence"] for row in rows}


async def _held(connection: Connection) -> list[dict[str, object]]:
    rows = await connection.fetch(
        "SELECT source, subject, sequence, type, reason FROM inbox_held ORDER BY subject, source"
    )
    return [dict(row) for row in rows]
