"""Streams with a gap: the next event is missing while later ones are parked: list, show."""

from datetime import datetime
from uuid import UUID

from pydantic import BaseModel

from shared.db import Reader
from shared.errors import NotFound


class Gap(BaseModel):
    """One stream that waits: events from `missing` to before `first` are not there, `waiting` later ones are."""

    service: str
    source: str
    subject: str
    missing: int
    first: int
    waiting: int
    since: datetime
    unreadable: UUID | None
    """The message in quarantine that claims the missing place: why the stream waits."""


class NothingExpected(NotFound):
    """This service neither expects nor parks anything of this stream, or holds it."""

    code = "nothing_expected"
    title = "Nothing of this stream is expected"
    sentence = "Ce service n’attend rien de cette demande, ou la retient : voyez les demandes retenues."


async def show(reader: Reader, service: str, *, source: str, subject: str, perimeter: list[str] | None = None) -> Gap:
    """Return what one stream waits for; refuses with `NothingExpected`."""
    found = await list_gaps(reader, service, most=1, perimeter=perimeter, stream=(source, subject))
    if not found:
        raise NothingExpected
    return found[0]


async def list_gaps(
    reader: Reader,
    service: str,
    *,
    most: int = 200,
    perimeter: list[str] | None = None,
    stream: tuple[str, str] | None = None,
) -> list[Gap]:
    """Return the streams of a service that wait for an event, oldest first; without those that are held."""
    source, subject = stream or (None, None)
    rows = await reader.fetch(
        """
        SELECT w.source, w.subject, coalesce(max(s.applied), 0) + 1 AS missing, min(w.sequence) AS first,
               count(*) AS waiting, min(w.received_at) AS since,
               (SELECT q.id FROM quarantine q
                WHERE q.subject = w.subject AND q.source = w.source AND q.settled_at IS NULL
                  AND q.sequence = coalesce(max(s.applied), 0) + 1
                LIMIT 1) AS unreadable
        FROM inbox_waiting w
        LEFT JOIN inbox_stream s ON s.subject = w.subject AND s.source = w.source
        WHERE NOT EXISTS (SELECT FROM inbox_held h WHERE h.subject = w.subject AND h.source = w.source)
          AND ($2::text[] IS NULL OR w.departement = ANY($2))
          AND ($3::text IS NULL OR (w.source = $3 AND w.subject = $4::text))
        GROUP BY w.subject, w.source
        ORDER BY since, w.subject, w.source
        LIMIT $1
        """,
        most,
        perimeter,
        source,
        subject,
    )
    return [Gap(service=service, **row) for row in rows]
