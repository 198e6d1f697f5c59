"""Where each stream heard stands, and what is kept of it until its turn."""

from dataclasses import dataclass

from shared.db import Transaction
from shared.messaging.consumers import Heard


@dataclass(slots=True)
class Stream:
    """Where one stream stands while its transaction runs."""

    source: str
    subject: str
    applied: int
    held: bool
    waiting: bool


async def lock(tx: Transaction, keys: list[tuple[str, str]]) -> list[Stream]:
    """Lock the streams, always in the same order, and tell where they stand.

    Two statements: what stands is read after the lock was obtained, for the copy of the service that held it before
    may have kept or held something meanwhile.
    """
    if not keys:
        return []
    subjects, sources = [key[0] for key in keys], [key[1] for key in keys]
    await tx.execute(
        """
        INSERT INTO inbox_stream (subject, source)
        SELECT * FROM unnest($1::text[], $2::text[]) AS k (subject, source) ORDER BY 1, 2
        ON CONFLICT (subject, source) DO UPDATE SET changed_at = now()
        """,
        subjects,
        sources,
    )
    rows = await tx.fetch(
        """
        SELECT s.source, s.subject, s.applied,
               EXISTS (SELECT FROM inbox_held h WHERE h.subject = s.subject AND h.source = s.source) AS held,
               EXISTS (SELECT FROM inbox_waiting w WHERE w.subject = s.subject AND w.source = s.source) AS waiting
        FROM inbox_stream s
        JOIN unnest($1::text[], $2::text[]) AS k (subject, source)
            ON s.subject = k.subject AND s.source = k.source
        ORDER BY s.subject, s.source
        """,
        subjects,
        sources,
    )
    return [Stream(**row) for row in rows]


async def save(tx: Transaction, stream: Stream) -> None:
    """Remember how far the stream is applied."""
    await tx.execute(
        "UPDATE inbox_stream SET applied = $3, changed_at = now() WHERE subject = $1 AND source = $2",
        stream.subject,
        stream.source,
        stream.applied,
    )


async def keep(tx: Transaction, heard: Heard) -> None:
    """Keep an event until its turn."""
    await tx.execute(
        """
        INSERT INTO inbox_waiting (source, subject, sequence, event_id, type, body, departement)
        VALUES ($1, $2, $3, $4, $5, $6, $7)
        ON CONFLICT DO NOTHING
        """,
        heard.source,
        heard.subject,
        heard.sequence,
        heard.envelope.id,
        heard.envelope.type,
        heard.body,
        heard.envelope.departement or "",
    )


async def next_kept(tx: Transaction, stream: Stream) -> bytes | None:
    """Give the kept event that is next in the stream, if it is there."""
    body: bytes | None = await tx.fetchval(
        "SELECT body FROM inbox_waiting WHERE subject = $1 AND source = $2 AND sequence = $3",
        stream.subject,
        stream.source,
        stream.applied + 1,
    )
    return body


async def forget_kept(tx: Transaction, stream: Stream) -> None:
    """Drop what was kept and is applied."""
    await tx.execute(
        "DELETE FROM inbox_waiting WHERE subject = $1 AND source = $2 AND sequence <= $3",
        stream.subject,
        stream.source,
        stream.applied,
    )
