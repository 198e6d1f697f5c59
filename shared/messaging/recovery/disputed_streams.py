"""Disputed streams: the source's record of consumers that applied events which its journal does not have."""

from datetime import timedelta

from shared.db import Database, Row, Transaction
from shared.messaging.control_messages import StreamForked

MOST_STORED = 5_000
"""Disputed streams that are stored for one consumer, at most."""

FORGOTTEN_AFTER = timedelta(minutes=15)
"""Age after which a report is deleted: a consumer repeats it each minute while its stream is forked."""


async def check(tx: Transaction, report: StreamForked) -> list[Row]:
    """Look up in our journal what a consumer applied; store unknown events, and delete reports of known ones.

    Returns (subject, sequence, hash, known, head, head_hash) for each stream; nothing where no stream is of this
    source, because the request is for another instance of the service.
    """
    rows = await tx.fetch(
        """
        SELECT k.subject, k.sequence, k.hash, coalesce(s.sequence, 0) AS head,
               coalesce(encode(s.hash, 'hex'), '') AS head_hash,
               EXISTS (SELECT FROM journal j
                       WHERE j.source = $1 AND j.subject = k.subject AND j.sequence = k.sequence
                         AND j.hash = decode(k.hash, 'hex')) AS known
        FROM unnest($2::text[], $3::bigint[], $4::text[]) AS k (subject, sequence, hash)
        LEFT JOIN stream s ON s.source = $1 AND s.subject = k.subject
        WHERE EXISTS (SELECT FROM stream WHERE source = $1)
        ORDER BY k.subject
        """,
        report.source,
        [subject for subject, _, _ in report.streams],
        [sequence for _, sequence, _ in report.streams],
        [chain_hash for _, _, chain_hash in report.streams],
    )
    unknown = [row for row in rows if not row["known"]]
    await tx.execute(
        "DELETE FROM stream_fork WHERE listener = $1 AND source = $2 AND subject = ANY($3)",
        report.queue,
        report.source,
        [row["subject"] for row in rows if row["known"]],
    )
    await tx.execute(
        """
        INSERT INTO stream_fork (listener, source, subject, sequence, hash)
        SELECT DISTINCT ON (k.subject) $1, $2, k.subject, k.sequence, decode(k.hash, 'hex')
        FROM unnest($3::text[], $4::bigint[], $5::text[]) AS k (subject, sequence, hash)
        WHERE (SELECT count(*) FROM stream_fork WHERE listener = $1) < $6
        ORDER BY k.subject
        ON CONFLICT (listener, source, subject) DO UPDATE SET
            sequence = EXCLUDED.sequence, hash = EXCLUDED.hash, last_at = now()
        """,
        report.queue,
        report.source,
        [row["subject"] for row in unknown],
        [row["sequence"] for row in unknown],
        [row["hash"] for row in unknown],
        MOST_STORED,
    )
    return rows


async def forget_settled(database: Database) -> None:
    """Delete reports that consumers do not repeat any more."""
    async with database.transaction() as tx:
        await tx.execute("DELETE FROM stream_fork WHERE last_at < now() - $1::interval", FORGOTTEN_AFTER)
