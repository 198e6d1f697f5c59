"""Parked events: events that came before their turn, or whose stream is held, stored until they can be applied."""

from dataclasses import dataclass
from typing import Final

from shared.db import Database, Reader, Transaction
from shared.messaging.handlers import ConsumedEvent
from shared.messaging.inbox.message import fingerprint_of
from shared.messaging.inbox.streams import Stream

MOST_PARKED: Final = 1_000
"""Parked events of one stream; further ones are requested again when their turn has come (ADR 8)."""

MOST_PARKED_OF_SOURCE: Final = 100_000
"""Parked events of all streams of one source; the newest beyond that are deleted."""

MOST_RIVALS: Final = 3
"""Different parked events of one number: enough to see that they differ."""


@dataclass(frozen=True, slots=True)
class ParkedEvent:
    """An event in the table `inbox_waiting`, and its place in its stream."""

    source: str
    subject: str
    sequence: int
    event_id: str
    type: str
    body: bytes
    departement: str
    rivals: int = 0
    """Other parked events of the same number."""

    @classmethod
    def of(cls, event: ConsumedEvent) -> "ParkedEvent":
        """Return the row of a consumed event."""
        envelope = event.envelope
        return cls(
            event.source,
            event.subject,
            event.sequence,
            envelope.id,
            envelope.type,
            event.body,
            envelope.departement or "",
        )

    @property
    def fingerprint(self) -> bytes:
        """The key under which its attempts are counted."""
        return fingerprint_of(self.body)


async def park(tx: Transaction, parked: ParkedEvent, *, needed: bool = True) -> None:
    """Park an event until its turn, or as evidence; up to `MOST_RIVALS` different events of one number.

    One that is `needed` to hold its stream is parked beyond `MOST_PARKED`.
    """
    await tx.execute(
        """
        INSERT INTO inbox_waiting (source, subject, sequence, event_id, type, body, departement, digest)
        SELECT $1, $2, $3, $4, $5, $6, $7, $9
        WHERE (SELECT count(*) FILTER (WHERE sequence = $3) < $8 AND (count(*) < $10 OR $11)
               FROM inbox_waiting WHERE subject = $2 AND source = $1)
        ON CONFLICT DO NOTHING
        """,
        parked.source,
        parked.subject,
        parked.sequence,
        parked.event_id,
        parked.type,
        parked.body,
        parked.departement,
        MOST_RIVALS,
        parked.fingerprint,
        MOST_PARKED,
        needed,
    )


async def next_parked(reader: Reader, subject: str, source: str) -> ParkedEvent | None:
    """Return the parked event that is next in its stream, with the count of others of its number; None without one."""
    row = await reader.fetchrow(
        """
        SELECT w.source, w.subject, w.sequence, w.event_id, w.type, w.body, w.departement,
               count(*) OVER () - 1 AS rivals
        FROM inbox_stream s
        JOIN inbox_waiting w ON w.subject = s.subject AND w.source = s.source AND w.sequence = s.applied + 1
        WHERE s.subject = $1 AND s.source = $2
        ORDER BY w.received_at
        LIMIT 1
        """,
        subject,
        source,
    )
    return ParkedEvent(**row) if row else None


async def parked_until(reader: Reader, subject: str, source: str, sequence: int) -> list[ParkedEvent]:
    """Return the parked events of a stream up to this number."""
    rows = await reader.fetch(
        """
        SELECT source, subject, sequence, event_id, type, body, departement
        FROM inbox_waiting
        WHERE subject = $1 AND source = $2 AND sequence <= $3
        ORDER BY sequence, received_at
        """,
        subject,
        source,
        sequence,
    )
    return [ParkedEvent(**row) for row in rows]


async def stuck(reader: Reader, *, seconds: float, most: int) -> list[tuple[str, str]]:
    """Return streams (subject, source) that are not held and whose next event has been parked for so many seconds."""
    rows = await reader.fetch(
        """
        SELECT w.subject, w.source
        FROM inbox_waiting w
        JOIN inbox_stream s ON s.subject = w.subject AND s.source = w.source AND w.sequence = s.applied + 1
        WHERE w.received_at < now() - make_interval(secs => $1)
          AND NOT EXISTS (SELECT FROM inbox_held h WHERE h.subject = w.subject AND h.source = w.source)
        LIMIT $2
        """,
        seconds,
        most,
    )
    return [(row["subject"], row["source"]) for row in rows]


async def delete_applied(tx: Transaction, stream: Stream) -> None:
    """Delete the applied parked events of a stream; evidence of a fork stays while the stream is held for it."""
    await tx.execute(
        """
        DELETE FROM inbox_waiting
        WHERE subject = $1 AND source = $2 AND sequence <= $3
          AND NOT EXISTS (SELECT FROM inbox_held WHERE subject = $1 AND source = $2 AND code = 'forked')
        """,
        stream.subject,
        stream.source,
        stream.applied,
    )


async def delete_parked(tx: Transaction, parked: ParkedEvent) -> None:
    """Delete one parked event, and leave others of its number."""
    await tx.execute(
        "DELETE FROM inbox_waiting WHERE subject = $1 AND source = $2 AND sequence = $3 AND digest = $4",
        parked.subject,
        parked.source,
        parked.sequence,
        parked.fingerprint,
    )


async def trim_parked(database: Database) -> int:
    """Delete the newest parked events of sources with too many; return how many. They are requested again."""
    async with database.transaction() as tx:
        tag = await tx.execute(
            """
            DELETE FROM inbox_waiting w
            USING (
                SELECT subject, source, sequence, digest,
                       row_number() OVER (PARTITION BY source ORDER BY received_at, subject, sequence) AS place
                FROM inbox_waiting
                WHERE source IN (SELECT source FROM inbox_waiting GROUP BY source HAVING count(*) > $1)
            ) AS too_many
            WHERE too_many.place > $1
              AND w.subject = too_many.subject AND w.source = too_many.source
              AND w.sequence = too_many.sequence AND w.digest = too_many.digest
              AND NOT EXISTS (SELECT FROM inbox_held h
                              WHERE h.subject = w.subject AND h.source = w.source AND h.sequence = w.sequence)
            """,
            MOST_PARKED_OF_SOURCE,
        )
    return int(tag.rsplit(" ", 1)[1])
