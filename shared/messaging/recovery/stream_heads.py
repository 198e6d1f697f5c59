"""Stream heads: reads the last event of our streams, to be published to their consumers."""

from datetime import datetime

from shared.db import Reader, Row

MOST_HEADS = 500
"""Heads in one control message."""


async def singles(reader: Reader, types: list[str], streams: list[Row]) -> list[Row]:
    """Read the events of these streams that are consumed outside streams, by source and routing key."""
    return await reader.fetch(
        """
        SELECT j.id, j.source, split_part(j.routing_key, '.', 3) AS place
        FROM unnest($2::text[], $3::text[]) AS s (source, subject)
        JOIN journal j ON j.source = s.source AND j.subject = s.subject
        WHERE j.type = ANY ($1)
        ORDER BY j.source, place, j.position
        """,
        types,
        [row["source"] for row in streams],
        [row["subject"] for row in streams],
    )


Head = tuple[str, str, str]
"""The key of a stream in the order of pages: département, source, subject."""
FIRST: Head = ("", "", "")
"""The key before all streams."""


def place_of(row: Row) -> Head:
    """Return the key of a row."""
    return row["departement"], row["source"], row["subject"]


async def page(reader: Reader, since: datetime, after: Head) -> list[Row]:
    """Read the next page of our heads that changed since then, ordered by département."""
    return await reader.fetch(
        """
        SELECT source, subject, sequence, departement, encode(hash, 'hex') AS hash
        FROM stream
        WHERE changed_at >= $1 AND (departement, source, subject) > ($2, $3, $4)
        ORDER BY departement, source, subject
        LIMIT $5
        """,
        since,
        *after,
        MOST_HEADS,
    )


async def moments_ago(reader: Reader, seconds: float) -> datetime:
    """Return the time so many seconds ago by the clock of PostgreSQL, which dates the changes."""
    then: datetime = await reader.fetchval("SELECT now() - make_interval(secs => $1)", seconds)
    return then
