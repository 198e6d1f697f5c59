"""Where each stream heard stands, and what is kept of it until its turn."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from shared.db import Database, Reader, Transaction
from shared.messaging.envelope import FURTHEST, chain_hash
from shared.messaging.handlers import ConsumedEvent
from shared.messaging.inbox.message import fingerprint_of

DIGEST: Final = 8
"""Bytes of its fingerprint by which an applied event is recognised when its number comes again."""

REMEMBERED: Final = 200
"""Applied events whose digests are stored with each stream: so many fit into the row without a table beside it."""

MOST_PARKED: Final = 1_000
"""Events that are parked for one stream; the others are asked for again when their turn has come (ADR 8)."""

MOST_AHEAD: Final = 10_000
"""How far before its turn an event is parked; one that claims a place beyond that is not believed yet."""

MOST_PARKED_OF_SOURCE: Final = 100_000
"""Events that stay parked for all streams of one source; the last that came give way."""

MOST_RIVALS: Final = 3
"""Different events of one number that are parked: enough to see that they differ."""


@dataclass(slots=True)
class Stream:
    """Where one stream stands while its transaction runs."""

    source: str
    subject: str
    applied: int
    held: bool
    parked: set[int]
    """The numbers of its events that are kept."""
    hash: bytes | None
    """The chain hash of the last applied event; None where it is not known."""
    digests: bytes
    """Digests of applied events, up to the last, as far back as was asked for when the stream was locked."""
    request: str = ""
    """What its events are about, also where the stream is an event that stands alone."""
    latest: datetime | None = None
    """The latest moment that its events applied now tell."""
    new_digests: bytes = b""
    """Digests of events applied now, which are not saved yet."""

    @property
    def waiting(self) -> bool:
        """Whether events of it are kept."""
        return bool(self.parked)

    def continues(self, previous: bytes | None) -> bool:
        """Tell whether an event with this predecessor can be the next; unknown where one of both is not known."""
        return previous is None or self.hash is None or previous == self.hash

    def remembers(self, sequence: int, fingerprint: bytes) -> bool:
        """Tell whether this very event was applied; of what is too long ago to be remembered it is believed."""
        start = len(self.digests) - DIGEST * (self.applied - sequence + 1)
        return start < 0 or self.digests[start : start + DIGEST] == fingerprint[:DIGEST]

    def advance(self, heard: ConsumedEvent) -> None:
        """Note that its next event is applied."""
        if not heard.alone:
            before = b"" if self.applied == 0 else self.hash or heard.previous
            self.hash = None if before is None else chain_hash(before, heard.body)
            digest = fingerprint_of(heard.body)[:DIGEST]
            self.digests += digest
            self.new_digests += digest
        self.applied += 1
        told = heard.envelope.time
        if told is not None:
            self.latest = told if self.latest is None else max(self.latest, told)


@dataclass(frozen=True, slots=True)
class ParkedEvent:
    """An event that waits in the database, and where it belongs."""

    source: str
    subject: str
    sequence: int
    event_id: str
    type: str
    body: bytes
    departement: str
    rivals: int = 0
    """Other events of the same number that are parked too."""

    @classmethod
    def of(cls, heard: ConsumedEvent) -> "ParkedEvent":
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


async def lock(
    tx: Transaction,
    keys: list[tuple[str, str]],
    requests: Sequence[str] = (),
    *,
    lowest: Sequence[int] | None = None,
) -> list[Stream]:
    """Lock the streams (subject, source) and what they are about, always in the same order, and tell where they stand.

    `requests` names for each key the request whose rows its events change, where that is not the subject. An advisory
    lock per request keeps two batches from working at one request from two sources: their handlers lock the request's
    rows in different orders. Handlers take no lock of their own for that; of people's
    transactions only those of a programme's team take it (ADR 30).

    `lowest` is by stream the first sequence whose digest is wanted; without it no digests are read.

    Two statements: what stands is read after the lock was obtained, for the copy of the service that held it before
    may have kept or held something meanwhile. Their arrays come by way of a SELECT, here and in `save`: PostgreSQL then
    plans for any number of streams, once, rather than anew for each message, which takes longer than reading does.
    """
    if not keys:
        return []
    subjects, sources = [key[0] for key in keys], [key[1] for key in keys]
    lowest = lowest or [FURTHEST] * len(keys)
    requests = list(requests) or subjects
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
        requests,
        subjects,
        sources,
    )
    rows = await tx.fetch(
        """
        SELECT s.source, s.subject, s.applied, s.hash,
               CASE WHEN k.lowest <= s.applied
                    THEN substr(s.digests, greatest(
                        1, octet_length(s.digests) + 1 - $4 * (s.applied - k.lowest + 1))::int)
                    ELSE '' END AS digests,
               EXISTS (SELECT FROM inbox_held h WHERE h.subject = s.subject AND h.source = s.source) AS held,
               ARRAY(SELECT w.sequence FROM inbox_waiting w
                     WHERE w.subject = s.subject AND w.source = s.source) AS parked
        FROM inbox_stream s
        JOIN unnest((SELECT $1::text[]), (SELECT $2::text[]), (SELECT $3::bigint[])) AS k (subject, source, lowest)
            ON s.subject = k.subject AND s.source = k.source
        ORDER BY s.subject, s.source
        """,
        subjects,
        sources,
        lowest,
        DIGEST,
    )
    about = dict(zip(keys, requests, strict=True))
    return [
        Stream(**{**row, "parked": set(row["parked"]), "request": about[row["subject"], row["source"]]}) for row in rows
    ]


async def save(tx: Transaction, moved: Sequence[Stream]) -> None:
    """Remember how far streams are applied, and have what waited for another event of their requests tried first."""
    await tx.execute(
        """
        WITH woken AS (
            UPDATE inbox_held h SET next_attempt_at = now() - interval '1 day'
            WHERE (h.subject, h.source) IN (
                SELECT w.subject, w.source FROM inbox_held w
                WHERE w.subject = ANY((SELECT $8::text[])::text[]) AND w.code = 'waits_for_another'
                  AND w.next_attempt_at > now()
                FOR UPDATE SKIP LOCKED)
        )
        UPDATE inbox_stream s SET
            applied = k.applied,
            latest = greatest(s.latest, k.latest),
            hash = k.hash,
            digests = substr(
                s.digests || k.digests, greatest(1, octet_length(s.digests) + octet_length(k.digests) + 1 - $7)),
            changed_at = now()
        FROM unnest((SELECT $1::text[]), (SELECT $2::text[]), (SELECT $3::bigint[]), (SELECT $4::timestamptz[]),
                    (SELECT $5::bytea[]), (SELECT $6::bytea[]))
             AS k (subject, source, applied, latest, hash, digests)
        WHERE s.subject = k.subject AND s.source = k.source
        """,
        [stream.subject for stream in moved],
        [stream.source for stream in moved],
        [stream.applied for stream in moved],
        [stream.latest for stream in moved],
        [stream.hash for stream in moved],
        [stream.new_digests for stream in moved],
        DIGEST * REMEMBERED,
        [stream.request for stream in moved],
    )
    for stream in moved:
        stream.new_digests = b""


async def park(tx: Transaction, kept: ParkedEvent, *, needed: bool = True) -> None:
    """Keep an event until its turn, or as evidence; a few different events of one number are kept beside each other.

    One that is not `needed` for the stream to be held is kept as long as there is room.
    """
    await tx.execute(
        """
        INSERT INTO inbox_waiting (source, subject, sequence, event_id, type, body, departement, digest)
        SELECT $1, $2, $3, $4, $5, $6, $7, $9
        WHERE (SELECT count(*) FILTER (WHERE sequence = $3) < $8 AND (count(*) < $10 OR $11)
               FROM inbox_waiting WHERE subject = $2 AND source = $1)
        ON CONFLICT DO NOTHING
        """,
        kept.source,
        kept.subject,
        kept.sequence,
        kept.event_id,
        kept.type,
        kept.body,
        kept.departement,
        MOST_RIVALS,
        kept.fingerprint,
        MOST_PARKED,
        needed,
    )


async def next_parked(reader: Reader, subject: str, source: str) -> ParkedEvent | None:
    """Give the kept event that is next in its stream, if it is there, and how many others have its number."""
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
    """Give all kept events of a stream up to this number."""
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


async def delete_applied(tx: Transaction, stream: Stream) -> None:
    """Drop what was kept and is applied; what shows a fork stays as long as that holds the stream."""
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


async def delete_parked(tx: Transaction, kept: ParkedEvent) -> None:
    """Drop one kept event, and leave others of its number."""
    await tx.execute(
        "DELETE FROM inbox_waiting WHERE subject = $1 AND source = $2 AND sequence = $3 AND digest = $4",
        kept.subject,
        kept.source,
        kept.sequence,
        kept.fingerprint,
    )


async def skip_to(
    tx: Transaction, subject: str, source: str, *, sequence: int, chain_hash: bytes | None, digest: bytes | None
) -> None:
    """Count a stream as applied up to this event, whatever was applied of it; without digest nothing is remembered."""
    await tx.execute(
        """
        UPDATE inbox_stream SET
            applied = $3,
            hash = $4,
            digests = CASE WHEN $5::bytea IS NULL THEN ''
                           WHEN $3 > applied + 1 THEN $5
                           ELSE substr(
                               digests, 1, greatest(0, octet_length(digests) - $6 * (applied + 1 - $3))::int) || $5
                      END,
            changed_at = now()
        WHERE subject = $1 AND source = $2
        """,
        subject,
        source,
        sequence,
        chain_hash,
        digest,
        DIGEST,
    )


async def trim_parked(database: Database) -> int:
    """Drop the parked events that came last where one source has too many; gives how many. They are asked for again."""
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
