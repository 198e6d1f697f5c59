"""Positions of consumed streams: the last applied event, its chain hash, and digests of the events before it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from shared.db import Transaction
from shared.messaging.envelope import FURTHEST, chain_hash
from shared.messaging.handlers import ConsumedEvent
from shared.messaging.inbox.message import fingerprint_of

DIGEST: Final = 8
"""Bytes of the fingerprint that are stored for each applied event, to recognise a duplicate."""

REMEMBERED: Final = 200
"""Applied events whose digests are stored with each stream; so many fit into its row."""

MOST_AHEAD: Final = 10_000
"""How far ahead of the applied position an event is parked; one that is further ahead is ignored."""


@dataclass(slots=True)
class Stream:
    """The position of one stream during a transaction."""

    source: str
    subject: str
    applied: int
    held: bool
    parked: set[int]
    """Numbers of its parked events."""
    hash: bytes | None
    """Chain hash of the last applied event; None where unknown."""
    digests: bytes
    """Digests of applied events up to the last, as far back as `lock` was asked for."""
    request: str = ""
    """The request that its events are about, also where the stream is a single event."""
    latest: datetime | None = None
    """The latest moment of the events that this transaction applied."""
    new_digests: bytes = b""
    """Digests of events that this transaction applied and has not saved."""

    @property
    def waiting(self) -> bool:
        """Whether events of it are parked."""
        return bool(self.parked)

    def continues(self, previous: bytes | None) -> bool:
        """Return whether an event with this predecessor can be the next; True where either hash is unknown."""
        return previous is None or self.hash is None or previous == self.hash

    def remembers(self, sequence: int, fingerprint: bytes) -> bool:
        """Return whether this very event was applied; True where its digest is no longer stored."""
        start = len(self.digests) - DIGEST * (self.applied - sequence + 1)
        return start < 0 or self.digests[start : start + DIGEST] == fingerprint[:DIGEST]

    def advance(self, event: ConsumedEvent) -> None:
        """Move the position to its next event."""
        if not event.alone:
            before = b"" if self.applied == 0 else self.hash or event.previous
            self.hash = None if before is None else chain_hash(before, event.body)
            digest = fingerprint_of(event.body)[:DIGEST]
            self.digests += digest
            self.new_digests += digest
        self.applied += 1
        at = event.envelope.time
        if at is not None:
            self.latest = at if self.latest is None else max(self.latest, at)


async def lock(
    tx: Transaction,
    keys: list[tuple[str, str]],
    requests: Sequence[str] = (),
    *,
    lowest: Sequence[int] | None = None,
) -> list[Stream]:
    """Lock streams (subject, source) and their requests, always in one order (ADR 30); return their positions.

    `requests` names for each key the request whose rows its events change, where that is not the subject. An advisory
    lock per request keeps two batches from working at one request from two sources: their handlers lock the request's
    rows in different orders. Handlers take no lock of their own for that; of people's
    transactions only those of a programme's team take it (ADR 30).

    `lowest` is by stream the first sequence whose digest is wanted; without it no digests are read.

    Two statements: positions are read after the lock was obtained, because the copy of the service that held it before
    may have parked or held events meanwhile. Arrays are passed by a SELECT, here and in `save`: PostgreSQL then makes
    one plan for any number of streams, instead of one for each message, which takes longer than reading.
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
    """Save positions of streams, and make streams due that wait for another event of the same requests."""
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


async def skip_to(
    tx: Transaction, subject: str, source: str, *, sequence: int, chain_hash: bytes | None, digest: bytes | None
) -> None:
    """Set the position of a stream to this event, whatever was applied; without a digest none is stored."""
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
