"""Rebuild a service from the journals and compare it, in tests without a broker."""

import json
from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import datetime, timedelta

from services.operations.adapters.broker import Broker
from services.operations.adapters.connections import Connections, Watched
from services.operations.adapters.provided import rebuilding
from services.operations.usecases.replay.replaying import replay
from shared.db import Database
from shared.messaging.handlers import EventHandlers
from shared.messaging.inbox.inbox import Inbox
from shared.messaging.inbox.message import Message
from tests.conftest import FreshDatabase

FreshDatabases = Callable[[str], Awaitable[FreshDatabase]]

BEHIND = timedelta(hours=5)


class Overheard(Inbox):
    """An inbox of which a second database, the journal of all the others, is told what it is given."""

    def __init__(self, database: Database, handlers: EventHandlers, others: Database) -> None:
        super().__init__(database, handlers)
        self._others = others

    async def process(
        self, messages: Sequence[Message], safe: Callable[[Message], None] = lambda _: None
    ) -> list[Message]:
        """Write down, then take."""
        for message in messages:
            told = json.loads(message.body)
            await self._others.fetch(
                """
                INSERT INTO journal (id, source, subject, sequence, type, routing_key, body, hash)
                VALUES ($1, $2, $3, $4, $5, $6, $7, '')
                """,
                *(told[member] for member in ("id", "source", "subject", "sequence", "type")),
                message.routing_key,
                message.body.decode(),
            )
        return await super().process(messages, safe)


async def assert_it_shows_what_was_told(
    service: str, databases: Mapping[str, Database], fresh_database: FreshDatabases, *, rows: int
) -> None:
    """Rebuild a service from the journals of all, and find at least so many rows and no difference."""
    connections = Connections(
        {name: Watched(name, one, name) for name, one in databases.items()}, Broker("amqp://nowhere.invalid")
    )
    into = await Database.connect((await fresh_database(service)).owner_url, name="replay")
    try:
        found = await replay(connections, rebuilding(service), into)
    finally:
        await into.close()
    different = [difference for table in found.tables for difference in table.differences]
    assert found.identical, (different, found.behind)
    assert not found.held, found.held
    assert not found.moving
    assert sum(table.alike for table in found.tables) >= rows


async def moments_told(database: Database) -> list[datetime]:
    """Give when each event happened, as it is told, in the order of telling.

    Parts of exchanges are left out: they have the moment of the dossier that they precede.
    """
    rows = await database.fetch(
        """
        SELECT (body::jsonb ->> 'time')::timestamptz AS at
        FROM journal
        WHERE type NOT LIKE 'qualification.exchanges_%'
        ORDER BY position
        """
    )
    return [row["at"] for row in rows]
