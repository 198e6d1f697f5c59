"""Deliveries by program: the list, one of them, and sending it again."""

from typing import Annotated
from uuid import UUID

from litestar import get, post
from litestar.di import NamedDependency
from litestar.params import FromPath, FromQuery, QueryParameter

from services.notifications.domain.deliveries import Status
from services.notifications.domain.perimeter import Perimeter
from services.notifications.reads import mails
from services.notifications.reads.mails import Filters, deliveries, delivery
from services.notifications.rendering import links as addresses
from services.notifications.usecases import resend as resend_usecases
from services.notifications.usecases.parts import Parts
from services.notifications.web.views import DeliveryDetailView, DeliveryView, delivery_view
from shared import clock
from shared.contracts.notifications import Audience
from shared.db import Cause, Database, Reader
from shared.identity.model import Agent
from shared.web.paging import Page, Paged


@get("/deliveries")
async def list_deliveries(
    agent: NamedDependency[Agent],
    database: NamedDependency[Database],
    paging: NamedDependency[Page],
    request_id: FromQuery[UUID | None] = None,
    status: FromQuery[Status | None] = None,
    audience: FromQuery[Audience | None] = None,
    q: Annotated[str | None, QueryParameter(description="In the number, the subject or the recipient")] = None,
) -> Paged[DeliveryView]:
    """List the deliveries of the caller's perimeter, newest first."""
    filters = Filters(request_id=request_id, status=status, audience=audience, q=(q or "").strip() or None)
    lines, total = await deliveries(database, Perimeter.of(agent), filters, paging)
    attempts = await mails.attempts(database, [line.id for line in lines])
    now = clock.now()
    items = [delivery_view(line, attempts[line.id], agent, at=now) for line in lines]
    return Paged[DeliveryView](items=items, total=total, page=paging.number)


@get("/deliveries/{delivery_id:uuid}")
async def show_delivery(
    agent: NamedDependency[Agent], database: NamedDependency[Database], delivery_id: FromPath[UUID]
) -> DeliveryDetailView:
    """Show a delivery with its mail, without the secret link."""
    return await detail(database, delivery_id, agent)


async def detail(reader: Reader, delivery_id: UUID, agent: Agent) -> DeliveryDetailView:
    """Give a delivery of the caller's perimeter in full."""
    line = await delivery(reader, delivery_id, Perimeter.of(agent))
    body = await mails.body(reader, delivery_id)
    attempts = await mails.attempts(reader, [delivery_id])
    view = delivery_view(line, attempts[delivery_id], agent, at=clock.now())
    return DeliveryDetailView(
        **view.model_dump(),
        text=addresses.hide(body.text, delivery_id),
        html=addresses.hide(body.html, delivery_id),
    )


@post("/deliveries/{delivery_id:uuid}/resend", status_code=200)
async def resend(
    agent: NamedDependency[Agent],
    database: NamedDependency[Database],
    cause: NamedDependency[Cause],
    parts: NamedDependency[Parts],
    delivery_id: FromPath[UUID],
) -> DeliveryDetailView:
    """Send a mail again, also one that was sent."""
    async with database.transaction(cause) as tx:
        await resend_usecases.resend(tx, delivery_id, by=agent, at=clock.now(), parts=parts)
        return await detail(tx, delivery_id, agent)
