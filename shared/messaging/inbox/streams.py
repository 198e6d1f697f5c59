"""Where each stream heard stands, and what is kept of it until its turn."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from shared.db import Reader, Transaction
from shared.messaging.consumers import Heard
from shared.messaging.inbox.message import fingerprint_of


@dataclass(slots=True)
class Stream:
    """Where one stream stands while its transaction runs."""

    source: str
    subject: str
    applied: int
    held: bool
    waiting: bool
    latest: datetime | None = None
    """The latest moment that its events applied now tell."""

    def advance(self, heard: Heard) -> None:
        """Note that its next event is applied."""
        self.applied += 1
        told = heard.envelope.time
        if told is not None:
            self.latest = told if self.latest is None else max(self.latest, told)


@dataclass(frozen=True, slots=True)
class Kept:
    """An event that waits in the database, and where it belongs."""

    source: str
    subject: str
    sequence: int
    event_id: str
    type: str
    body: bytes
    departement: str

    @classmethod
    def of(cls, heard: Heard) -> "Kept":
        """Take what was heard as it is kept."""
        envelope = heard.envelope
        return cls(
            heard.source,
            heard.subject,
            heard.sequence,
            envelope.id,
            envelope.type,
            heard.body,
            envelope.departement or "",
        )

    @property
    def fingerprint(self) -> bytes:
        """What its attempts are counted under."""
        return fingerprint_of(self.body)


async def lock(tx: Transaction, keys: list[tuple[str, str]], requests: Sequence[str] = ()) -> list[Stream]:
    """Lock the streams (subject, source) and what they are about, always in the same order, and tell where they stand.

    `requests` names for each key the request whose rows its events change, where that is not the subject. An advisory
    lock per request keeps two batches from working at one request from two sources: their handlers lock the request's
    rows in different orders. A transaction of a person does not take it (ADR 30).

    Two statements: what stands is read after the lock was obtained, for the copy of the service that held it before
    may have kept or held something meanwhile. Their arrays come by way of a SELECT, here and in `save`: PostgreSQL then
    plans for any number of streams, once, rather than anew for each message, which takes longer than reading does.
    """
    if not keys:
        return []
    subjects, sources = [key[0] for key in keys], [key[1] for key in keys]
    await tx.execute(
        """
        INSERT INTO inbox_stream (subject, source)
        SELECT locked.subject, locked.source
        FROM (
            SELECT k.subject, k.source, pg_advisory_xact_lock(hashtextextended(k.request, 0))
            FROM (
                SELECT * FROM unnest($1::text[], $2::text[], $3::text[]) AS k (request, subject, source)
                ORDER BY 1, 2, 3
            ) k
        ) locked
        ON CONFLICT (subject, source) DO UPDATE SET changed_at = now()
        """,
        list(requests) or subjects,
        subjects,
        sources,
    )
    rows = await tx.fetch(
        """
        SELECT s.source, s.subject, s.applied,
               EXISTS (SELECT FROM inbox_held h WHERE h.subject = s.subject AND h.source = s.source) AS held,
               EXISTS (SELECT FROM inbox_waiting w WHERE w.subject = s.subject AND w.source = s.source) AS waiting
        FROM inbox_stream s
        JOIN unnest((SELECT $1::text[]), (SELECT $2::text[])) AS k (subject, source)
            ON s.subject = k.subject AND s.source = k.source
        ORDER BY s.subject, s.source
        """,
        subjects,
        sources,
    )
    return [Stream(**row) for row in rows]


async def save(tx: Transaction, moved: Sequence[Stream]) -> None:
    """Remember how far streams are applied."""
    await tx.execute(
        """
        UPDATE inbox_stream s SET applied = k.applied, latest = greatest(s.latest, k.latest), changed_at = now()
        FROM unnest((SELECT $1::text[]), (SELECT $2::text[]), (SELECT $3::bigint[]), (SELECT $4::timestamptz[]))
             AS k (subject, source, applied, latest)
        WHERE s.subject = k.subject AND s.source = k.source
        """,
        [stream.subject for stream in moved],
        [stream.source for stream in moved],
        [stream.applied for stream in moved],
        [stream.latest for stream in moved],
    )


async def keep(tx: Transaction, kept: Kept) -> None:
    """Keep an event until its turn."""
    await tx.execute(
        """
        INSERT INTO inbox_waiting (source, subject, sequence, event_id, type, body, departement)
        VALUES ($1, $2, $3, $4, $5, $6, $7)
        ON CONFLICT DO NOTHING
        """,
        kept.source,
        kept.subject,
        kept.sequence,
        kept.event_id,
        kept.type,
        kept.body,
        kept.departement,
    )


async def next_kept(reader: Reader, subject: str, source: str) -> Kept | None:
    """Give the kept event that is next in its stream, if it is there."""
    row = await reader.fetchrow(
        """
        SELECT w.source, w.subject, w.sequence, w.event_id, w.type, w.body, w.departement
        FROM inbox_stream s
        JOIN inbox_waiting w ON w.subject = s.subject AND w.source = s.source AND w.sequence = s.applied + 1
        WHERE s.subject = $1 AND s.source = $2
        """,
        subject,
        source,
    )
    return Kept(**row) if row else None


async def left_behind(reader: Reader, *, seconds: float, most: int) -> list[tuple[str, str]]:
    """Give the streams (subject, source) whose next event has been kept for so long, although nothing holds them."""
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


async def forget_kept(tx: Transaction, stream: Stream) -> None:
    """Drop what was kept and is applied."""
    await tx.execute(
        "DELETE FROM inbox_waiting WHERE subject = $1 AND source = $2 AND sequence <= $3",
        stream.subject,
        stream.source,
        stream.applied,
    )
