"""Read API of notifications, for programs with an agent's token; write calls are in `actions`."""

from typing import Annotated
from uuid import UUID

from litestar import Router, delete, get
from litestar.di import NamedDependency
from litestar.params import FromPath, FromQuery, QueryParameter

from services.notifications.domain.deliveries import Status
from services.notifications.reads import addresses, contacts, mails, webhooks
from services.notifications.reads.addresses import BadAddressView
from services.notifications.reads.bell import NoticeView
from services.notifications.reads.contacts import ProviderContactView
from services.notifications.reads.mails import DeliveryView, Filters
from services.notifications.reads.webhooks import PartnerEventView, WebhookAttemptView, WebhookView
from services.notifications.usecases import directory
from services.notifications.usecases.directory import Team
from services.notifications.web import actions
from services.notifications.web.context import AgentContext
from services.notifications.web.directory import ContactView, all_entries, contact_view, contact_views
from services.notifications.web.pages.bell import notices
from services.notifications.web.samples import TemplateView, template_view, template_views
from shared import clock
from shared.contracts.notifications import Audience
from shared.web.paging import Page, Paged


@get("/deliveries")
async def list_deliveries(
    context: NamedDependency[AgentContext],
    paging: NamedDependency[Page],
    request_id: FromQuery[UUID | None] = None,
    status: FromQuery[Status | None] = None,
    audience: FromQuery[Audience | None] = None,
    q: Annotated[str | None, QueryParameter(description="In the number, the subject or the recipient")] = None,
) -> Paged[DeliveryView]:
    """List the deliveries of the caller's perimeter, newest first."""
    filters = Filters(request_id=request_id, status=status, audience=audience, q=(q or "").strip() or None)
    return await mails.deliveries(
        context.database, context.perimeter, filters, paging, may_resend=context.may_resend, at=clock.now()
    )


@get("/bell")
async def list_notices(
    context: NamedDependency[AgentContext],
    paging: NamedDependency[Page],
    unread: FromQuery[bool] = False,  # noqa: FBT002 - a member of the query, never passed by place
) -> Paged[NoticeView]:
    """List what is new for the caller's teams, newest first; `unread=true` leaves out what they have read."""
    return await notices(context, paging, only_unread=unread)


@get("/contacts")
async def list_contacts(context: NamedDependency[AgentContext], paging: NamedDependency[Page]) -> Paged[ContactView]:
    """List the teams that the caller sees."""
    entries = await all_entries(context.database, context.agent, context.parts)
    shown = entries[paging.offset : paging.offset + paging.limit]
    views = await contact_views(context.database, context.agent, context.parts, shown)
    return Paged[ContactView](items=views, total=len(entries), page=paging.number)


@delete("/contacts", status_code=200)
async def withdraw_contact(
    context: NamedDependency[AgentContext],
    audience: FromQuery[Audience],
    of: Annotated[str | None, QueryParameter(name="scope", description="Its département or its programme")] = None,
) -> ContactView:
    """Forget what was entered: what is configured or was presented by the service holds again."""
    async with context.database.transaction(context.cause) as tx:
        entry = await directory.withdraw_contact(context.acting(tx), Team(audience=audience, scope=of))
        return await contact_view(context, tx, entry)


@get("/providers")
async def list_providers(
    context: NamedDependency[AgentContext],
    paging: NamedDependency[Page],
    q: Annotated[str | None, QueryParameter(description="In the name, the address or the département")] = None,
) -> Paged[ProviderContactView]:
    """List the local providers whom the caller's départements asked; those whose address takes no mail first."""
    return await contacts.providers(context.database, context.perimeter, (q or "").strip() or None, paging)


@get("/bad-addresses")
async def list_bad_addresses(
    context: NamedDependency[AgentContext], paging: NamedDependency[Page]
) -> Paged[BadAddressView]:
    """List those that mails of the caller's perimeter go to, the newest first."""
    return await addresses.bad_addresses(context.database, context.perimeter, paging)


@get("/templates")
async def list_templates(context: NamedDependency[AgentContext], paging: NamedDependency[Page]) -> Paged[TemplateView]:
    """List the templates with the subject of their example."""
    views = template_views(context.parts.renderer)
    shown = views[paging.offset : paging.offset + paging.limit]
    return Paged[TemplateView](items=shown, total=len(views), page=paging.number)


@get("/templates/{name:str}")
async def show_template(context: NamedDependency[AgentContext], name: FromPath[str]) -> TemplateView:
    """Show one template, filled with an example."""
    return template_view(context.parts.renderer, name)


@get("/webhooks")
async def list_webhooks(context: NamedDependency[AgentContext], paging: NamedDependency[Page]) -> Paged[WebhookView]:
    """List the subscriptions."""
    return await webhooks.webhooks(context.database, context.agent, paging)


@get("/webhooks/{webhook_id:uuid}/attempts")
async def list_webhook_attempts(
    context: NamedDependency[AgentContext], paging: NamedDependency[Page], webhook_id: FromPath[UUID]
) -> Paged[WebhookAttemptView]:
    """List the attempts to give a subscription its events, newest first."""
    await webhooks.webhook(context.database, webhook_id, context.agent)
    return await webhooks.webhook_attempts(context.database, webhook_id, paging)


@get("/partner-events")
async def list_partner_events(
    context: NamedDependency[AgentContext], paging: NamedDependency[Page]
) -> Paged[PartnerEventView]:
    """List what partners may be sent, newest first, with the position of each."""
    return await webhooks.partner_events(context.database, context.agent, paging)


routes = [
    Router(
        "/",
        route_handlers=[
            list_deliveries,
            list_notices,
            list_contacts,
            withdraw_contact,
            list_providers,
            list_bad_addresses,
            list_templates,
            show_template,
            list_webhooks,
            list_webhook_attempts,
            list_partner_events,
            *actions.API,
        ],
        tags=["notifications"],
    )
]
