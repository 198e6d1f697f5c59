"""The provider's page behind its signed link: what is asked, and its answer, without an account."""

from typing import Any, Final

from litestar import Request, Response, Router
from litestar.di import Provide
from litestar.response import Template

from services.qualification.domain.orientation import ANSWERED
from services.qualification.domain.refusals import LinkOver
from services.qualification.reads.orientation import OrientationView
from services.qualification.web.actions import ON_ORIENTATIONS
from services.qualification.web.context import ProviderLinkContext, provide_provider_context
from shared import clock
from shared.calendar import today
from shared.db import Reader
from shared.web.access import PUBLIC
from shared.web.actions import Refused, Resource, page_read, page_routes
from shared.web.pages import render
from shared.web.problems import status_of
from shared.web.secret_links import private


async def _read(context: ProviderLinkContext, reader: Reader) -> OrientationView:
    """Show what the provider is asked; the contact only once it has accepted."""
    _, view = await context.orientation(reader)
    return view


async def _show(context: ProviderLinkContext, *, refused: Refused | None = None) -> Response[Any]:
    """Show what the provider is asked."""
    try:
        orientation, view = await context.orientation(context.database)
    except LinkOver as over:
        return link_over(context.request, over, typed=refused.form.values.get("motive", "") if refused else "")
    page = render(
        context.request,
        "orientations/orientation.html",
        status_code=refused.status if refused else 200,
        here=f"/orientations/{context.request.path_params['token']}",
        view=view,
        orientation=orientation,
        service_in_charge=context.parts.rules.service(orientation.departement),
        answered=ANSWERED.get(orientation.state),
        ends_on=orientation.link_ends_on(context.parts.rules.orientation_link_days),
        today=today(orientation.departement, clock.now()),
        values=refused.form.values if refused else {},
        errors=refused.form.errors if refused else {},
    )
    return private(page)


def link_over(request: Request[Any, Any, Any], over: LinkOver, *, typed: str = "") -> Template:
    """Say that a link opens nothing any more and whom to ask, and give back what was typed."""
    page = render(request, "orientations/over.html", status_code=status_of(over), detail=over.detail, typed=typed)
    return private(page)


ORIENTATION: Final = Resource(
    address="/orientations/{token:str}",
    page="/orientations/{token:str}",
    view=OrientationView,
    read=_read,
    show=_show,
    read_by_context={"token"},
)
ROUTES = (
    Router(
        "/",
        route_handlers=[page_read(ORIENTATION), *page_routes(ORIENTATION, ON_ORIENTATIONS)],
        dependencies={"context": Provide(provide_provider_context)},
        opt={PUBLIC: True},
    ),
)
