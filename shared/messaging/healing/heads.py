"""How far our streams go: read to be told."""

from datetime import datetime
from typing import Any

from shared.db import Reader

MOST_HEADS = 500
"""Heads in one message."""


async def singles(reader: Reader, types: list[str], since: datetime) -> list[Any]:
    """Read our facts that others hear alone, of the streams that changed since then, by source and place."""
    return await reader.fetch(
        """
        SELECT j.id, j.source, split_part(j.routing_key, '.', 3) AS place
        FROM stream s
        JOIN journal j ON j.source = s.source AND j.subject = s.subject
        WHERE s.changed_at >= $2 AND j.type = ANY ($1)
        ORDER BY j.source, place, j.position
        """,
        types,
        since,
    )


async def page(reader: Reader, since: datetime, after: tuple[str, str]) -> list[Any]:
    """Read the next page of our heads."""
    return await reader.fetch(
        """
        SELECT source, subject, sequence, departement
        FROM stream
        WHERE changed_at >= $1 AND (source, subject) > ($2, $3)
        ORDER BY source, subject
        LIMIT $4
        """,
        since,
        *after,
        MOST_HEADS,
    )
