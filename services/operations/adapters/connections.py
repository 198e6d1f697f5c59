"""Connections to all services' databases and to the broker, opened together."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import TypeVar

import asyncpg

from services.operations import settings
from services.operations.adapters.broker import Broker
from services.operations.environment import MissingVariableError
from services.operations.settings import ConnectionSettings
from shared.db import AWAY, Database
from shared.errors import NotFound, Unavailable

Row = TypeVar("Row")

READ_WITHIN = 10.0
"""Seconds after which a service's database counts as away for a list."""

UNREACHABLE = (*AWAY, asyncpg.PostgresError)
"""What a look at a service's database may raise when it is away, or not as we expect it (no tables, no rights)."""


class NotWatched(NotFound):
    """No service of this name is looked after here."""

    code = "service_not_watched"
    title = "This service is not looked after here"
    sentence = "Le service «\u00a0{service}\u00a0» n’est pas suivi ici."


class ServiceAway(Unavailable):
    """A service's database does not answer; nothing was changed (HTTP 503)."""

    code = "service_away"
    title = "The database of the service does not answer"
    sentence = (
        "La base du service «\u00a0{service}\u00a0» ne répond pas. "
        "Rien n’a été modifié\u00a0: réessayez quand elle sera revenue."
    )


@dataclass(frozen=True, slots=True)
class Watched:
    """One service: its database, the queue that it consumes, and its web address (None when not configured)."""

    name: str
    database: Database
    queue: str
    public_url: str | None = None


@dataclass(frozen=True, slots=True)
class Connections:
    """All that operators reach."""

    services: Mapping[str, Watched]
    broker: Broker

    def service(self, name: str) -> Watched:
        """Return one service; refuses (`NotWatched`) a name that is not looked after."""
        if name not in self.services:
            raise NotWatched(service=name)
        return self.services[name]

    def of_queue(self, queue: str) -> Watched | None:
        """Return the service that consumes a queue, or whose dead letters it holds."""
        live = queue.removesuffix(".dead")
        by_name = {watched.queue: watched for watched in self.services.values()}
        return by_name.get(live) or self.services.get(live.split(".", 1)[0])

    async def from_all(
        self, service: str | None, read: Callable[[Watched], Awaitable[Sequence[Row]]]
    ) -> tuple[list[Row], list[str]]:
        """Read one service, or all that answer; return their rows, and the names of those that are away."""
        chosen = [self.service(service)] if service else list(self.services.values())

        async def in_time(watched: Watched) -> Sequence[Row] | None:
            try:
                async with asyncio.timeout(READ_WITHIN):
                    return await read(watched)
            except UNREACHABLE:
                return None

        found = await asyncio.gather(*(in_time(watched) for watched in chosen))
        rows = [row for part in found for row in part or ()]
        return rows, [watched.name for watched, part in zip(chosen, found, strict=True) if part is None]


@asynccontextmanager
async def connected(configured: ConnectionSettings | None = None, *, whole: bool = False) -> AsyncIterator[Connections]:
    """Open the configured connections for as long as the block lasts; a server that is away now may come back later.

    Databases are opened as operators or, to read `whole` tables, as the services.

    Raises `MissingVariableError` when an address is missing.
    """
    configured = configured or ConnectionSettings()
    if configured.amqp_url is None:
        raise MissingVariableError(
            "OPERATIONS_AMQP_URL is not set (nor AMQP_URL). Set it, or start `make run` once in this folder."
        )
    services: dict[str, Watched] = {}
    try:
        for name in configured.services:
            one = settings.watched(name)
            database = await Database.connect(
                one.url(name, whole=whole), name="cousu-main operations", min_size=0, max_size=4
            )
            services[name] = Watched(name, database, one.queue(name), one.public_url)
        yield Connections(
            services,
            Broker(
                configured.amqp_url.get_secret_value(),
                management_url=configured.management_url.get_secret_value() if configured.management_url else None,
                metrics_url=configured.broker_metrics_url,
            ),
        )
    finally:
        for watched in services.values():
            await watched.database.close()
