"""Deliveries, templates and preferences by program."""

from typing import Annotated, Literal
from uuid import UUID

from litestar import Router, get, post, put
from litestar.di import NamedDependency
from litestar.params import FromPath, FromQuery, JSONBody, QueryParameter
from pydantic import BaseModel, Field

from services.notifications import addresses, reads, usecases
from services.notifications.domain.deliveries import Status
from services.notifications.domain.preferences import EVERY_TEMPLATE, MONDAY, MORNING, Cadence
from services.notifications.office import Office
from services.notifications.reads import Filters
from services.notifications.usecases.preferences import Choice, Destination
from services.notifications.web.choices import ChoiceView, choice_views
from services.notifications.web.views import (
    DeliveryDetailView,
    DeliveryView,
    TemplateView,
    delivery_view,
    template_view,
    template_views,
)
from shared import clock
from shared.contracts.notifications import Audience
from shared.db import Cause, Database, Reader
from shared.identity.model import Agent
from shared.web.paging import Page, Paged
from shared.web.problems import Body


class NewChoice(Body):
    """How one sort of mail shall come; without `scope`, for all of the agent's départements or programmes."""

    audience: Audience
    cadence: Cadence
    destination: Destination = "mailbox"
    template: str = EVERY_TEMPLATE
    scope: str | None = Field(default=None, max_length=40)
    hour: int = Field(default=MORNING, ge=0, le=23)
    weekday: int = Field(default=MONDAY, ge=0, le=6)


class NewChoices(Body):
    """Choices to keep; those that are not named stay as they are."""

    items: list[NewChoice] = Field(max_length=200)


class ChoicesView(BaseModel):
    """How mail comes now, mailbox by mailbox and for the agent's own address."""

    items: list[ChoiceView]


class TemplatesView(BaseModel):
    """All templates."""

    items: list[TemplateView]
    total: int
    page: Literal[1] = 1


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
    lines, total = await reads.deliveries(database, agent.perimeter, filters, paging)
    attempts = await reads.attempts(database, [line.id for line in lines])
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
    line = await reads.delivery(reader, delivery_id, agent.perimeter)
    body = await reads.body(reader, delivery_id)
    attempts = await reads.attempts(reader, [delivery_id])
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
    office: NamedDependency[Office],
    delivery_id: FromPath[UUID],
) -> DeliveryDetailView:
    """Send a mail again, also one that was sent."""
    async with database.transaction(cause) as tx:
        await usecases.resend(tx, delivery_id, by=agent, at=clock.now(), office=office)
        return await detail(tx, delivery_id, agent)


@get("/preferences")
async def show_preferences(agent: NamedDependency[Agent], database: NamedDependency[Database]) -> ChoicesView:
    """Show how the caller's mail comes."""
    return ChoicesView(items=await choice_views(database, agent))


@put("/preferences")
async def set_preferences(
    agent: NamedDependency[Agent],
    database: NamedDependency[Database],
    cause: NamedDependency[Cause],
    data: JSONBody[NewChoices],
) -> ChoicesView:
    """Keep choices, and show how mail comes now."""
    choices = [Choice(**item.model_dump()) for item in data.items]
    async with database.transaction(cause) as tx:
        await usecases.choose(tx, choices, by=agent, at=clock.now())
        return ChoicesView(items=await choice_views(tx, agent))


@get("/templates")
async def list_templates(office: NamedDependency[Office]) -> TemplatesView:
    """List the templates with the subject of their example."""
    views = template_views(office.letters)
    return TemplatesView(items=views, total=len(views))


@get("/templates/{name:str}")
async def show_template(office: NamedDependency[Office], name: FromPath[str]) -> TemplateView:
    """Show one template, filled with an example."""
    return template_view(office.letters, name)


routes = [
    Router(
        "/",
        route_handlers=[
            list_deliveries,
            show_delivery,
            resend,
            show_preferences,
            set_preferences,
            list_templates,
            show_template,
        ],
        tags=["notifications"],
    )
]
