"""Streams whose next event has not come, while later ones have: which event is missing, and since when."""

from datetime import datetime
from uuid import UUID

from pydantic import BaseModel

from services.operations.adapters.connections import Watched
from services.operations.domain.actions import Action
from services.operations.store import record
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


async def discard(
    watched: Watched, *, source: str, subject: str, by: str, why: str, perimeter: list[str] | None = None
) -> int:
    """Expect nothing more of a stream: forget its announced head, and settle its parked events in the quarantine.

    What its source publishes or announces from now on is consumed as usual. Returns how many events were parked.
    Refuses with `NothingExpected`.
    """
    async with watched.database.transaction() as tx:
        if perimeter is not None:
            await show(tx, watched.name, source=source, subject=subject, perimeter=perimeter)
        await tx.execute("SELECT FROM inbox_stream WHERE subject = $1 AND source = $2 FOR UPDATE", subject, source)
        if await tx.fetchval("SELECT count(*) FROM inbox_held WHERE subject = $1 AND source = $2", subject, source):
            raise NothingExpected
        expected = await tx.execute("DELETE FROM inbox_expected WHERE subject = $1 AND source = $2", subject, source)
        parked = await tx.fetch(
            """
            WITH parked AS (
                DELETE FROM inbox_waiting WHERE subject = $1 AND source = $2
                RETURNING body, type, received_at
            )
            INSERT INTO quarantine
                (id, received_at, reason, routing_key, body, settled_at, settled_by, settlement, why)
            SELECT gen_random_uuid(), received_at, 'parked, and discarded by an operator', type, body, now(), $3,
                   'discarded', $4
            FROM parked
            RETURNING id
            """,
            subject,
            source,
            by,
            record.motive(why),
        )
        if expected == "DELETE 0" and not parked:
            raise NothingExpected
        target = f"{source} {subject}: {len(parked)} events"
        await record.note(tx, by=by, action=Action.WAITING_DISCARD, target=target, why=why)
    return len(parked)


async def show(reader: Reader, service: str, *, source: str, subject: str, perimeter: list[str] | None = None) -> Gap:
    """Give what one stream waits for; refuses with `NothingExpected`."""
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
    """Give the streams of a service that wait for an event, oldest first; without those that are held."""
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
