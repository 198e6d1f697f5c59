"""PostgreSQL access: a connection pool for reads, and transactions for changes."""

import asyncio
import contextlib
import json
import random
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
from contextlib import asynccontextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Protocol, TypeAlias, TypeVar
from uuid import UUID

import asyncpg
import structlog
from asyncpg.pool import PoolConnectionProxy

from shared.cache import Cache
from shared.stopping import deadline
from shared.tls import verified

log = structlog.get_logger(__name__)

Result = TypeVar("Result")

Connection: TypeAlias = "asyncpg.Connection[asyncpg.Record] | PoolConnectionProxy[asyncpg.Record]"
Row: TypeAlias = asyncpg.Record

AWAY = (
    OSError,
    asyncio.TimeoutError,
    asyncpg.PostgresConnectionError,
    asyncpg.InterfaceError,
    asyncpg.InternalClientError,  # what a query meets whose connection breaks in its very beginning
    asyncpg.CannotConnectNowError,
    asyncpg.AdminShutdownError,
    asyncpg.IdleInTransactionSessionTimeoutError,  # we were frozen in a transaction, and PostgreSQL gave us up
    asyncpg.CrashShutdownError,
    asyncpg.InsufficientResourcesError,  # its disk is full, or it has no connection left
    asyncpg.ObjectNotInPrerequisiteStateError,  # it takes no connections for now (ALLOW_CONNECTIONS false)
)
"""What asyncpg raises while the database is away: not the caller's fault, and worth trying again."""

CONFLICTS = (asyncpg.DeadlockDetectedError, asyncpg.SerializationError)
"""40P01 and 40001: PostgreSQL rolled the transaction back for the sake of another one; it can be run again at once."""

CONFLICT_ATTEMPTS = 5
CONFLICT_PAUSE = 0.05
"""Half of the seconds, at most, before the second attempt; each further pause may be twice as long."""

_committed: ContextVar[list[bool] | None] = ContextVar("committed", default=None)
"""Gets an item at each commit of the unit of work that `retry_conflicts` runs in this task."""


CANCELS_WITHIN = 1.0
"""Seconds that PostgreSQL may take to confirm that it cancelled a query of ours, before the connection is cut.

asyncpg waits for that as long as for a query, a minute: a caller that gave up on a frozen server would still wait.
"""

CLOSES_WITHIN = 5.0
"""Seconds for the connections in use to come back, before they are cut."""

RANDOM_PAGE = "1.1"
"""`random_page_cost` of PostgreSQL: the data are in memory or on flash, not on a turning disk.

With its own 4 it plans, while a table is new, to read it from end to end, and keeps to that while it grows.
"""


VANISHED = {
    "tcp_keepalives_idle": "10s",
    "tcp_keepalives_interval": "5s",
    "tcp_keepalives_count": "3",
    "tcp_user_timeout": "30s",
    "idle_in_transaction_session_timeout": "60s",
}
"""Timeouts after which PostgreSQL ends a lost session: by default its locks outlive it by two hours.

A transaction of ours never waits for anything but PostgreSQL: a minute without a statement means a process that is
frozen, or gone.
"""


def containing(text: str) -> str:
    """Return the SQL of a pattern for LIKE that finds what has this text in it, taken as it is."""
    return rf"'%' || regexp_replace({text}, '([\\%_])', '\\\1', 'g') || '%'"


class Reader(Protocol):
    """Anything that answers a query: the pool, or a transaction."""

    async def fetch(self, query: str, *args: Any) -> list[Row]:
        """Return all rows."""
        ...

    async def fetchrow(self, query: str, *args: Any) -> Row | None:
        """Return the first row, if any."""
        ...

    async def fetchval(self, query: str, *args: Any) -> Any:
        """Return the first column of the first row."""
        ...


async def now(reader: Reader) -> datetime:
    """Return the present moment by PostgreSQL's clock.

    Jobs ask it whether something is due: a service's own clock may be a month ahead, and early work cannot be undone.
    """
    moment: datetime = await reader.fetchval("SELECT now()")
    return moment


@dataclass(frozen=True, slots=True)
class Cause:
    """What a change answers to, so that its events can be followed back across services."""

    correlation_id: str
    causation_id: str | None = None
    traceparent: str | None = None


@dataclass(slots=True)
class Transaction:
    """One unit of work: everything done through it is committed together or not at all."""

    connection: Connection
    cause: Cause | None = None
    after_commit: list[Callable[[], None]] = field(default_factory=list)
    recorded: list[UUID] = field(default_factory=list)
    replaying: bool = False
    """The database is being rebuilt from the journals: events are read from them and not recorded anew."""

    async def fetch(self, query: str, *args: Any) -> list[Row]:
        """Return all rows."""
        return await self.connection.fetch(query, *args)

    async def fetchrow(self, query: str, *args: Any) -> Row | None:
        """Return the first row, if any."""
        return await self.connection.fetchrow(query, *args)

    async def fetchval(self, query: str, *args: Any) -> Any:
        """Return the first column of the first row."""
        return await self.connection.fetchval(query, *args)

    async def execute(self, query: str, *args: Any) -> str:
        """Run a statement; return PostgreSQL's command tag, such as `UPDATE 1`."""
        return await self.connection.execute(query, *args)

    async def executemany(self, query: str, args: Iterable[tuple[Any, ...]]) -> None:
        """Run a statement once per tuple of arguments."""
        await self.connection.executemany(query, args)

    @asynccontextmanager
    async def savepoint(self) -> AsyncIterator[None]:
        """Undo what the block did, and what it recorded, if it raises; the transaction goes on."""
        marks = len(self.after_commit), len(self.recorded)
        try:
            async with self.connection.transaction():
                yield
        except BaseException:
            del self.after_commit[marks[0] :], self.recorded[marks[1] :]
            raise

    @asynccontextmanager
    async def undone(self) -> AsyncIterator[None]:
        """Undo at its end what the block did and recorded, for a dry run; the transaction goes on."""
        marks = len(self.after_commit), len(self.recorded)
        attempt = self.connection.transaction()
        await attempt.start()
        try:
            yield
        finally:
            await attempt.rollback()
            del self.after_commit[marks[0] :], self.recorded[marks[1] :]


class Database:
    """A pool of connections to one service's database."""

    def __init__(self, pool: "asyncpg.Pool[asyncpg.Record]") -> None:
        self._pool = pool
        self.on_record: Callable[[], None] = lambda: None
        """Called after the commit of a transaction that recorded an event: the relay's wake-up."""
        self.cache = Cache()
        """Figures counted from it, which may be older than this moment (ADR 19)."""
        self.replaying = False
        """Whether its transactions apply events of journals again (`Transaction.replaying`)."""

    @classmethod
    async def connect(cls, url: str, *, name: str, min_size: int = 1, max_size: int = 10) -> "Database":
        """Open the pool; `name` is shown by PostgreSQL beside each connection. Another machine is reached by TLS."""
        pool = await asyncpg.create_pool(
            verified(url),
            min_size=min_size,
            max_size=max_size,
            init=_speak_json,
            reset=_leave_it,
            timeout=10,
            command_timeout=60,
            server_settings={
                "application_name": name,
                "timezone": "UTC",
                "random_page_cost": RANDOM_PAGE,
                **VANISHED,
            },
        )
        return cls(pool)

    async def close(self) -> None:
        """Close all connections, waiting a moment for those in use."""
        try:
            async with asyncio.timeout(deadline.left(CLOSES_WITHIN)):
                await self._pool.close()
        except AWAY:
            self._pool.terminate()

    def terminate(self) -> None:
        """Cut all connections at once; a call that waits for an answer fails with one of `AWAY`."""
        self._pool.terminate()

    async def fetch(self, query: str, *args: Any) -> list[Row]:
        """Return all rows."""
        async with self._borrowed() as connection:
            return await connection.fetch(query, *args)

    async def fetchrow(self, query: str, *args: Any) -> Row | None:
        """Return the first row, if any."""
        async with self._borrowed() as connection:
            return await connection.fetchrow(query, *args)

    async def fetchval(self, query: str, *args: Any) -> Any:
        """Return the first column of the first row."""
        async with self._borrowed() as connection:
            return await connection.fetchval(query, *args)

    @asynccontextmanager
    async def _borrowed(self) -> AsyncIterator[Connection]:
        """Lend a connection of the pool; it is given back within `CANCELS_WITHIN`, or cut."""
        connection = await self._pool.acquire()
        try:
            yield connection
        finally:
            with contextlib.suppress(TimeoutError):  # it was cut
                await self._pool.release(connection, timeout=CANCELS_WITHIN)

    @asynccontextmanager
    async def transaction(self, cause: Cause | None = None) -> AsyncIterator[Transaction]:
        """Open one unit of work; what it recorded is handed to the relay once it is committed."""
        async with self._pool.acquire() as connection:
            tx = Transaction(connection, cause, replaying=self.replaying)
            async with connection.transaction():
                yield tx
        if (commits := _committed.get()) is not None:
            commits.append(True)
        for call in tx.after_commit:
            call()
        if tx.recorded:
            self.on_record()

    @asynccontextmanager
    async def connection(self) -> AsyncIterator[Connection]:
        """Borrow one connection for as long as the block lasts, outside any transaction.

        Its settings and locks end with the block.
        """
        async with self._pool.acquire() as connection:
            try:
                yield connection
            finally:
                await _make_as_new(connection)


async def retry_conflicts(work: Callable[[], Awaitable[Result]], *, resumable: bool = False) -> Result:
    """Run a unit of work, which opens its own transactions, and run all of it again after one of `CONFLICTS`.

    What the work does outside of its transactions must be harmless when it is done twice. Work that has committed a
    transaction is not run again, unless it is `resumable`: what it committed is then not due any more. Raises the
    conflict when the attempts are used up.
    """
    around = _committed.get()
    for attempt in range(1, CONFLICT_ATTEMPTS):
        commits: list[bool] = []
        token = _committed.set(commits)
        try:
            return await work()
        except CONFLICTS as conflict:
            if commits and not resumable:
                raise
            log.warning("transaction.repeated", error=type(conflict).__name__, attempt=attempt)
        finally:
            _committed.reset(token)
            if around is not None:
                around += commits
        await asyncio.sleep(random.uniform(0, CONFLICT_PAUSE * 2**attempt))  # noqa: S311 - spreads retries, keeps no secret
    return await work()


async def _leave_it(_: Connection) -> None:
    """Return a connection back to the pool as it is: a transaction that ended, and a query, leave nothing behind.

    asyncpg has just ended what transaction was still open. Its own way, four statements each time, would be a round
    trip in eight of all that handling a message takes.
    """


async def _make_as_new(connection: Connection) -> None:
    """Undo what was done to a connection outside transactions; one that does not let us is given up."""
    if connection.is_closed():
        return
    try:
        await connection.reset(timeout=10)
    except BaseException:
        connection.terminate()
        raise


async def _speak_json(connection: Connection) -> None:
    """Let `json` and `jsonb` columns be Python values on both sides."""
    for kind in ("json", "jsonb"):
        await connection.set_type_codec(
            kind, schema="pg_catalog", encoder=lambda value: json.dumps(value, ensure_ascii=False), decoder=json.loads
        )
