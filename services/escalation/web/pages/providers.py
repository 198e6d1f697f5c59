"""Pages behind a provider's personal link: report progress and submit deliverables."""

from typing import Any

from litestar import Response, Router, post
from litestar.di import NamedDependency
from litestar.response import Template

from services.escalation.domain.refusals import LinkNotValid
from services.escalation.reads.accompaniment import by_link, closed_link
from services.escalation.web import actions
from services.escalation.web.context import BY_LINK, LinkContext
from services.escalation.web.showing import show
from shared.web.access import PUBLIC
from shared.web.actions import Refused, Resource, page_read, page_routes
from shared.web.deliverables import ACCEPTED, ONE_FILE, take_form
from shared.web.secret_links import AUTHORIZED_BY_LINK, private


async def show_to_provider(context: LinkContext, *, refused: Refused | None = None) -> Template:
    """Show what is expected, what was reported and handed in; or that the link is closed, with what was typed."""
    try:
        view = await by_link(context.database, context.link)
    except LinkNotValid:
        return await _closed(context, typed=refused.form.values.get("text", "") if refused else "")
    return private(
        show(
            context,
            "accompaniment/provider.html",
            refused=refused,
            view=view,
            choices=[(str(one.id), one.title) for one in view.milestones],
            here=f"/prestataires/{context.token}",
            navigation=(),
            accept=ACCEPTED,
        )
    )


async def _closed(context: LinkContext, *, typed: str) -> Template:
    """Show that a link opens nothing (any more), whom to ask for another, and what was to be sent with it."""
    try:
        closed = await closed_link(context.database, context.link)
    except LinkNotValid:
        closed = None
    return private(
        show(
            context,
            "accompaniment/closed_link.html",
            status_code=404,
            closed=closed,
            unsent=typed,
            navigation=(),
        )
    )


@post("/prestataires/{token:str}/livrables", request_max_body_size=ONE_FILE)
async def hand_in(context: NamedDependency[LinkContext]) -> Response[Any]:
    """The provider hands in a file."""
    return await take_form(context, actions.DELIVERABLE_BY_LINK, show=show_to_provider)


BEHIND_A_LINK = Resource(page="/prestataires/{token:str}", show=show_to_provider, read_by_context=["token"])

routes = [
    Router(
        "/",
        route_handlers=[page_read(BEHIND_A_LINK), *page_routes(BEHIND_A_LINK, actions.BY_PROVIDERS), hand_in],
        dependencies=BY_LINK,
        opt={**AUTHORIZED_BY_LINK, PUBLIC: True},
    ),
]
