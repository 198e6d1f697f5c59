"""Read an agent's bell: recent notices to their teams and the number of unread ones."""

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from pydantic import BaseModel

from shared.db import Reader
from shared.french.words import event_word
from shared.web.paging import Page, Paged

RINGS_FOR: Final = timedelta(days=60)
"""What is older is found among the messages and rings no more."""

MOST_COUNTED: Final = 100

_RINGING: Final = """
    FROM delivery d
    LEFT JOIN bell_read r ON r.delivery_id = d.id AND r.agent_id = $1
    WHERE d.holder = ANY($2)
      AND d.created_at > greatest($3, (SELECT created_at FROM agent WHERE id = $1))
"""


class NoticeView(BaseModel):
    """One notice to the agent's team; `href` leads to where it is dealt with."""

    id: UUID
    number: str | None
    departement: str | None
    event_type: str
    label: str
    subject: str
    href: str
    at: datetime
    read_at: datetime | None


async def notices(
    reader: Reader,
    agent_id: UUID,
    holders: list[str],
    *,
    at: datetime,
    only_unread: bool,
    page: Page,
    open_link: Callable[[str, str], str],
) -> Paged[NoticeView]:
    """List what was sent to the mailboxes of an agent's teams, newest first; `open_link` makes addresses of targets."""
    wanted = f"{_RINGING} AND (NOT $4 OR r.read_at IS NULL)"
    since = at - RINGS_FOR
    total: int = await reader.fetchval(f"SELECT count(*) {wanted}", agent_id, holders, since, only_unread)
    rows = await reader.fetch(
        f"""
        SELECT d.id, d.number, d.departement, d.event_type, d.subject, d.link_kind, d.link_target, d.created_at AS at,
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
    items = [
        NoticeView(**row, label=event_word(row["event_type"]), href=open_link(row["link_kind"], row["link_target"]))
        for row in rows
    ]
    return Paged(items=items, total=total, page=page.number)


class UnreadView(BaseModel):
    """How much is unread; 100 means a hundred or more."""

    unread: int


async def unread(reader: Reader, holders_of: Mapping[UUID, list[str]], *, at: datetime) -> dict[UUID, int]:
    """Count what each of these agents has not read in the mailboxes that ring for them, up to `MOST_COUNTED`."""
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
