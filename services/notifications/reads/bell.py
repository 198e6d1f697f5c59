"""The SQL of an agent's bell: what his teams were told lately, and what of it he has not read."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from shared.db import Reader
from shared.web.paging import Page

RINGS_FOR: Final = timedelta(days=60)
"""What is older is found among the messages and rings no more."""

MOST_COUNTED: Final = 100

_RINGING: Final = """
    FROM delivery d
    LEFT JOIN bell_read r ON r.delivery_id = d.id AND r.agent_id = $1
    WHERE d.holder = ANY($2)
      AND d.created_at > greatest($3, (SELECT created_at FROM agent WHERE id = $1))
"""


@dataclass(frozen=True, slots=True)
class Notice:
    """One thing that the agent's team was told."""

    id: UUID
    number: str | None
    departement: str | None
    event_type: str
    subject: str
    link_kind: str
    link_target: str
    created_at: datetime
    read_at: datetime | None


async def notices(
    reader: Reader, agent_id: UUID, holders: list[str], *, at: datetime, only_unread: bool, page: Page
) -> tuple[list[Notice], int]:
    """List what the mailboxes of an agent's teams were told, newest first, and count it."""
    wanted = f"{_RINGING} AND (NOT $4 OR r.read_at IS NULL)"
    since = at - RINGS_FOR
    total: int = await reader.fetchval(f"SELECT count(*) {wanted}", agent_id, holders, since, only_unread)
    rows = await reader.fetch(
        f"""
        SELECT d.id, d.number, d.departement, d.event_type, d.subject, d.link_kind, d.link_target, d.created_at,
               r.read_at
        {wanted}
        ORDER BY d.created_at DESC, d.id DESC
        LIMIT $5 OFFSET $6
        """,
        agent_id,
        holders,
        since,
        only_unread,
        page.limit,
        page.offset,
    )
    return [Notice(**row) for row in rows], total


async def unread(reader: Reader, holders_of: Mapping[UUID, list[str]], *, at: datetime) -> dict[UUID, int]:
    """Count what each of these agents has not read in the mailboxes that ring for him, up to `MOST_COUNTED`."""
    pairs = [(agent_id, holder) for agent_id, holders in holders_of.items() for holder in holders]
    rows = await reader.fetch(
        """
        WITH listening AS (
            SELECT agent_id, array_agg(holder) AS holders
            FROM unnest($1::uuid[], $2::text[]) AS pair (agent_id, holder)
            GROUP BY agent_id
        )
        SELECT l.agent_id, ringing.number
        FROM listening l
        JOIN agent a ON a.id = l.agent_id
        CROSS JOIN LATERAL (
            SELECT count(*) AS number
            FROM (
                SELECT
                FROM delivery d
                WHERE d.holder = ANY(l.holders)
                  AND d.created_at > greatest($3, a.created_at)
                  AND NOT EXISTS (SELECT FROM bell_read r WHERE r.delivery_id = d.id AND r.agent_id = l.agent_id)
                LIMIT $4
            ) AS unread
        ) AS ringing
        """,
        [agent_id for agent_id, _ in pairs],
        [holder for _, holder in pairs],
        at - RINGS_FOR,
        MOST_COUNTED,
    )
    return dict.fromkeys(holders_of, 0) | {row["agent_id"]: row["number"] for row in rows}
