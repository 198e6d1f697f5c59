"""Addresses that take no mail, by program: which they are, and that one takes mail again."""

from datetime import datetime
from uuid import UUID

from litestar import get, post
from litestar.di import NamedDependency
from litestar.params import FromPath
from pydantic import BaseModel

from services.notifications.domain.perimeter import Perimeter
from services.notifications.reads.addresses import bad_addresses
from services.notifications.usecases import receive
from shared.db import Cause, Database
from shared.identity.model import Agent
from shared.web.paging import Page, Paged


class BadAddressView(BaseModel):
    """An address of which a mail server said for good that it takes no mail."""

    id: UUID
    address: str
    since: datetime
    answer: str
    delivery_id: UUID


@get("/bad-addresses")
async def list_bad_addresses(
    agent: NamedDependency[Agent], database: NamedDependency[Database], paging: NamedDependency[Page]
) -> Paged[BadAddressView]:
    """List those that mails of the caller's perimeter go to, the newest first."""
    found, total = await bad_addresses(database, Perimeter.of(agent), paging)
    items = [
        BadAddressView(id=bad.id, address=bad.address, since=bad.since, answer=bad.answer, delivery_id=bad.delivery_id)
        for bad in found
    ]
    return Paged[BadAddressView](items=items, total=total, page=paging.number)


@post("/bad-addresses/{address_id:uuid}/trusted", status_code=204)
async def trust_address(
    agent: NamedDependency[Agent],
    database: NamedDependency[Database],
    cause: NamedDependency[Cause],
    address_id: FromPath[UUID],
) -> None:
    """Say that an address takes mail again."""
    async with database.transaction(cause) as tx:
        await receive.trust_address(tx, address_id, by=agent)
