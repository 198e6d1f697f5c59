"""The SQL that shows addresses which take no mail."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from services.notifications.domain.perimeter import Perimeter
from services.notifications.store.perimeter import SEES_DELIVERY
from shared.db import Reader
from shared.web.paging import Page


@dataclass(frozen=True, slots=True)
class BadAddress:
    """An address, since when it takes no mail, what a mail server said of it, and the last mail that came back."""

    id: UUID
    address: str
    since: datetime
    answer: str
    delivery_id: UUID


_BAD = f"""
    FROM bad_address b
    WHERE EXISTS (
        SELECT FROM delivery WHERE lower(delivery.recipient) = b.address AND {SEES_DELIVERY}
    )
"""


async def bad_addresses(reader: Reader, perimeter: Perimeter, page: Page) -> tuple[list[BadAddress], int]:
    """List those that mails of the perimeter go to, the newest first, and count them."""
    total: int = await reader.fetchval(f"SELECT count(*) {_BAD}", *perimeter.arguments)
    rows = await reader.fetch(
        f"""
        SELECT b.id, b.address, b.since, b.answer, b.delivery_id
        {_BAD}
        ORDER BY b.since DESC, b.id
        LIMIT $4 OFFSET $5
        """,
        *perimeter.arguments,
        page.limit,
        page.offset,
    )
    return [BadAddress(**row) for row in rows], total


async def bad_address(reader: Reader, address: str) -> BadAddress | None:
    """Give what is known of an address that takes no mail."""
    row = await reader.fetchrow(
        "SELECT id, address, since, answer, delivery_id FROM bad_address WHERE address = lower($1)", address
    )
    return BadAddress(**row) if row else None
