"""Sessions stored in PostgreSQL: the cookie holds a random key, of which only the digest is stored."""

import asyncio
import secrets
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Final, Literal

import structlog
from litestar.connection import ASGIConnection
from litestar.datastructures import Cookie, MutableScopeHeaders
from litestar.enums import ScopeType
from litestar.middleware.session.base import BaseBackendConfig, BaseSessionBackend
from litestar.types import Empty, Message, Scopes, ScopeSession

from shared import clock
from shared.db import AWAY, Database, Reader, Transaction
from shared.errors import Unavailable
from shared.identity.model import Agent
from shared.identity.store import agent_of, digest

log = structlog.get_logger(__name__)

Connection = ASGIConnection[Any, Any, Any, Any]

KEY_BYTES: Final = 32
TOUCH_EVERY: Final = timedelta(minutes=1)
"""Least time between two updates of `seen_at`, to avoid a write for each page."""
ANONYMOUS: Final = timedelta(hours=1)
"""Lifetime of a session without an agent, which only stores flash messages."""
STATE: Final = "web_session"
IDENTIFIED_WITHIN: Final = 5.0
"""Seconds for the database to return a session or agent; then it counts as unavailable."""


class DatabaseAway(Unavailable):
    """The database does not answer while a request is authenticated (HTTP 503)."""

    code = "database_away"
    title = "The database does not answer"
    sentence = "La base de données de ce service ne répond pas. Rien de ce qui a été confirmé n’est perdu."


@asynccontextmanager
async def identifying() -> AsyncIterator[None]:
    """Raise `DatabaseAway` when the database is unavailable, or does not answer within `IDENTIFIED_WITHIN`."""
    try:
        async with asyncio.timeout(IDENTIFIED_WITHIN):
            yield
    except AWAY as away:
        raise DatabaseAway from away


@dataclass(slots=True)
class Session:
    """One request's view of its session."""

    key: str | None = None
    agent: Agent | None = None
    stored: Mapping[str, Any] = field(default_factory=dict)
    sent: str | None = None
    """What the cookie held when the request came in."""


@dataclass
class SessionConfig(BaseBackendConfig["SessionBackend"]):
    """Lifetimes of sessions and attributes of their cookie."""

    database: Database
    key: str
    secure: bool
    idle: timedelta
    absolute: timedelta
    max_age: int = 0
    scopes: Scopes = field(default_factory=lambda: {ScopeType.HTTP})
    path: str = "/"
    domain: str | None = None
    httponly: bool = True
    samesite: Literal["lax", "strict", "none"] = "lax"
    exclude: str | list[str] | None = None
    exclude_opt_key: str = "without_session"

    def __post_init__(self) -> None:
        """Let the cookie last as long as the session may."""
        self._backend_class = SessionBackend
        self.max_age = int(self.absolute.total_seconds())


class SessionBackend(BaseSessionBackend[SessionConfig]):
    """Loads the session before a request; stores it afterwards only when it has changed."""

    def get_session_id(self, connection: Connection) -> str | None:
        """Return the key of the session, if there is one."""
        return session_of(connection).key

    async def load_from_connection(self, connection: Connection) -> dict[str, Any]:
        """Return the data of the cookie's session; empty without a session or after its end."""
        session = session_of(connection)
        key = connection.cookies.get(self.config.key)
        session.sent = key
        if not key:
            return {}
        async with identifying():
            row = await load(self.config.database, key, at=clock.now(), idle=self.config.idle)
        if row is None:
            return {}
        session.key, session.agent, session.stored = key, row.agent, row.data
        return dict(row.data)

    async def store_in_message(self, scope_session: ScopeSession, message: Message, connection: Connection) -> None:
        """Store the session if it has changed, and set or delete the cookie."""
        session = session_of(connection)
        data: dict[str, Any] = {} if scope_session in (None, Empty) else dict(scope_session)  # type: ignore[arg-type] # ScopeSession is a mapping or nothing
        try:
            if data != session.stored:
                session.key = await self._write(session, data)
        except AWAY as away:
            log.warning("session.not_saved", error=type(away).__name__)
        if session.key != session.sent:
            self._set_cookie(message, session.key)

    async def _write(self, session: Session, data: dict[str, Any]) -> str | None:
        now = clock.now()
        async with self.config.database.transaction() as tx:
            if session.key is not None:
                await update(tx, session.key, data)
                return session.key
            key = secrets.token_urlsafe(KEY_BYTES)
            await create(tx, key, agent=None, data=data, at=now, expires_at=now + ANONYMOUS)
            return key

    def _set_cookie(self, message: Message, key: str | None) -> None:
        cookie = Cookie(
            key=self.config.key,
            value=key or "",
            max_age=self.config.max_age if key else 0,
            path=self.config.path,
            secure=self.config.secure,
            httponly=self.config.httponly,
            samesite=self.config.samesite,
        )
        MutableScopeHeaders.from_message(message).add("set-cookie", cookie.to_header(header=""))


def session_of(connection: Connection) -> Session:
    """Return this request's session, which is empty where nobody is signed in."""
    state: dict[str, Any] = connection.scope["state"]
    found: Session = state.setdefault(STATE, Session())
    return found


async def start(
    connection: Connection, database: Database, agent: Agent, *, lifetime: timedelta, data: dict[str, Any]
) -> None:
    """Create a session for an agent under a new key; delete the one before, if any."""
    session = session_of(connection)
    now = clock.now()
    key = secrets.token_urlsafe(KEY_BYTES)
    async with database.transaction() as tx:
        if session.key is not None:
            await delete(tx, session.key)
        await create(tx, key, agent=agent, data=data, at=now, expires_at=now + lifetime)
    session.key, session.agent, session.stored = key, agent, data
    connection.scope["session"] = dict(data)


async def end(connection: Connection, database: Database) -> None:
    """Delete the session, from the request and the database."""
    session = session_of(connection)
    if session.key is not None:
        async with database.transaction() as tx:
            await delete(tx, session.key)
    session.key, session.agent, session.stored = None, None, {}
    connection.scope["session"] = {}


@dataclass(frozen=True, slots=True)
class Stored:
    """A session as stored in the database."""

    agent: Agent | None
    data: dict[str, Any]


async def load(reader: Reader, key: str, *, at: datetime, idle: timedelta) -> Stored | None:
    """Return a session that has not expired and whose agent was not removed; updates `seen_at`."""
    row = await reader.fetchrow(
        """
        WITH found AS (
            SELECT web_session.digest, web_session.agent_id, web_session.data, web_session.seen_at,
                agent.id, agent.email, agent.name, agent.roles, agent.departements, agent.programmes, agent.quality
            FROM web_session
            LEFT JOIN agent ON agent.id = web_session.agent_id AND agent.removed_at IS NULL
            WHERE web_session.digest = $1
                AND web_session.expires_at > $2
                AND web_session.seen_at > $2 - $3::interval
        ), touched AS (
            UPDATE web_session
            SET seen_at = $2
            FROM found
            WHERE web_session.digest = found.digest AND found.seen_at <= $2 - $4::interval
        )
        SELECT data, id, email, name, roles, departements, programmes, quality
        FROM found
        WHERE agent_id IS NULL OR id IS NOT NULL
        """,
        digest(key),
        at,
        idle,
        TOUCH_EVERY,
    )
    if row is None:
        return None
    return Stored(agent_of(row) if row["id"] else None, row["data"])


async def create(
    tx: Transaction, key: str, *, agent: Agent | None, data: dict[str, Any], at: datetime, expires_at: datetime
) -> None:
    """Insert a session."""
    await tx.execute(
        """
        INSERT INTO web_session (digest, agent_id, data, created_at, seen_at, expires_at)
        VALUES ($1, $2, $3, $4, $4, $5)
        """,
        digest(key),
        agent.id if agent else None,
        data,
        at,
        expires_at,
    )


async def update(tx: Transaction, key: str, data: dict[str, Any]) -> None:
    """Update the data of a session; without effect on one that was deleted meanwhile."""
    await tx.execute("UPDATE web_session SET data = $2 WHERE digest = $1", digest(key), data)


async def delete(tx: Transaction, key: str) -> None:
    """Delete a session by its key."""
    await tx.execute("DELETE FROM web_session WHERE digest = $1", digest(key))


async def sweep(tx: Transaction, *, at: datetime, idle: timedelta) -> None:
    """Delete expired sessions."""
    await tx.execute("DELETE FROM web_session WHERE expires_at <= $1 OR seen_at <= $1 - $2::interval", at, idle)
