"""Streams whose next event has not come, while later ones have: which event is missing, and since when."""

from datetime import datetime
from uuid import UUID

from pydantic import BaseModel

from shared.db import Reader


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


async def list_gaps(reader: Reader, service: str, *, most: int = 200, perimeter: list[str] | None = None) -> list[Gap]:
    """Give the streams of a service that wait for an event, oldest first; held ones are told elsewhere."""
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
        GROUP BY w.subject, w.source
        ORDER BY since, w.subject, w.source
        LIMIT $1
        """,
        most,
        perimeter,
    )
    return [Gap(service=service, **row) for row in rows]
