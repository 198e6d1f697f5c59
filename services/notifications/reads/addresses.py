"""Read the addresses that mail servers have rejected."""

from datetime import datetime
from uuid import UUID

from pydantic import BaseModel

from services.notifications.domain.perimeter import Perimeter
from services.notifications.store.perimeter import SEES_DELIVERY
from shared.db import Reader
from shared.web.paging import Page, Paged


class BadAddressView(BaseModel):
    """An address of which a mail server said for good that it takes no mail, and the last mail that came back."""

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


async def bad_addresses(reader: Reader, perimeter: Perimeter, page: Page) -> Paged[BadAddressView]:
    """List those that mails of the perimeter go to, the newest first."""
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
    total = await reader.fetchval(f"SELECT count(*) {_BAD}", *perimeter.arguments)
    return Paged(items=[BadAddressView(**row) for row in rows], total=total, page=page.number)


async def bad_address(reader: Reader, address: str) -> BadAddressView | None:
    """Return what is known of an address that takes no mail."""
    row = await reader.fetchrow(
        "SELECT id, address, since, answer, delivery_id FROM bad_address WHERE address = lower($1)", address
    )
    return BadAddressView(**row) if row else None
