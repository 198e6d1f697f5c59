"""The SQL of an agent's bell: what his teams were told lately, and what of it he has not read."""

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


async def unread(reader: Reader, agent_id: UUID, holders: list[str], *, at: datetime) -> int:
    """Count what an agent has not read, up to `MOST_COUNTED`."""
    count: int = await reader.fetchval(
        f"SELECT count(*) FROM (SELECT 1 {_RINGING} AND r.read_at IS NULL LIMIT $4) AS ringing",  # noqa: S608 - as above
        agent_id,
        holders,
        at - RINGS_FOR,
        MOST_COUNTED,
    )
    return count
