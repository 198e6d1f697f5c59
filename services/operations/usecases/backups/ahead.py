"""Find streams whose consumer applied more events than the publisher's journal holds: an invalid backup."""

from collections.abc import AsyncIterator, Mapping

from pydantic import BaseModel

from shared.db import Connection, Row
from shared.errors import Conflict
from shared.messaging.handlers import SINGLE

AT_ONCE = 1000
"""Streams that are compared with one query."""


class ListenerAhead(Conflict):
    """A listener has applied more than its source holds: after a restore it would treat new events as duplicates."""

    code = "listener_ahead"
    title = "A listener is ahead of its source"
    sentence = (
        "Ces bases ne sont pas du même moment\u00a0: {listener} a appliqué l’événement {applied} de {source} sur la "
        "demande {subject}, que sa source ne contient pas."
    )


class Stream(BaseModel):
    """How far a listener came in a stream."""

    listener: str
    source: str
    subject: str
    applied: int


async def refuse_ahead(databases: Mapping[str, Connection]) -> None:
    """Compare what each listener applied with what the sources hold; refuses with `ListenerAhead`.

    Each connection is inside a transaction. Sources that are not among these databases are not compared.
    """
    for listener, connection in databases.items():
        async for page in _applied(connection):
            for service, source in databases.items():
                ours = [row for row in page if row["source"].split("/")[1:2] == [service]]
                for row in await _beyond(source, ours) if ours else []:
                    raise ListenerAhead(listener=listener, **row)


async def _applied(connection: Connection) -> AsyncIterator[list[Row]]:
    """Read how far a listener came, some streams at a time; those held as forked stay so, and are left out."""
    page: list[Row] = []
    async for row in connection.cursor(
        """
        SELECT source, subject, applied
        FROM inbox_stream s
        WHERE applied > 0
          AND NOT EXISTS (SELECT FROM inbox_held h
                          WHERE h.subject = s.subject AND h.source = s.source AND h.code = 'forked')
        """,
        prefetch=AT_ONCE,
    ):
        page.append(row)
        if len(page) == AT_ONCE:
            yield page
            page = []
    if page:
        yield page


async def _beyond(source: Connection, streams: list[Row]) -> list[Row]:
    """Find those that go beyond what the source holds; not those of another instance (`/qualification/78`)."""
    return await source.fetch(
        """
        SELECT k.source, k.subject, k.applied
        FROM unnest($1::text[], $2::text[], $3::bigint[]) AS k (source, subject, applied)
        LEFT JOIN stream s ON s.source = k.source AND s.subject = k.subject
        WHERE CASE WHEN k.subject LIKE $4 || '%'
            THEN CASE WHEN substr(k.subject, length($4) + 1) ~ '^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$'
                THEN NOT EXISTS (SELECT FROM journal j WHERE j.id = substr(k.subject, length($4) + 1)::uuid)
                ELSE FALSE END
            ELSE coalesce(s.sequence, 0) < k.applied END
          AND (k.source NOT LIKE '/%/%' OR EXISTS (SELECT FROM stream o WHERE o.source = k.source))
        """,
        [row["source"] for row in streams],
        [row["subject"] for row in streams],
        [row["applied"] for row in streams],
        SINGLE,
    )
