"""The provider's page behind its signed link: what is asked, and its answer, without an account."""

from dataclasses import replace
from typing import Any, Final
from uuid import UUID

from litestar import Request, Response, Router, post
from litestar.di import NamedDependency, Provide
from litestar.response import Template

from services.qualification.domain.orientation import ANSWERED
from services.qualification.domain.refusals import LinkOver
from services.qualification.reads.orientation import OrientationView
from services.qualification.web import words as pages_words
from services.qualification.web.actions import DELIVERABLE_BY_LINK, ON_MILESTONES, ON_ORIENTATIONS, as_provider
from services.qualification.web.context import ProviderLinkContext, provide_provider_context
from services.qualification.web.pages.local_work import milestone_of
from shared import clock
from shared.calendar import today
from shared.db import Reader
from shared.french.words import LOCAL_END
from shared.web.access import PUBLIC
from shared.web.actions import Refused, Resource, offered, page_read, page_routes
from shared.web.deliverables import ACCEPTED, ONE_FILE, take_form
from shared.web.pages import render
from shared.web.problems import status_of
from shared.web.secret_links import private

TEXTS: Final = frozenset({"motive", "text", "report", "carry_reason", "title"})
"""The fields of the provider's forms that hold what somebody wrote."""


async def _read(context: ProviderLinkContext, reader: Reader, *_: UUID) -> OrientationView:
    """Show what the provider is asked; the contact only once it has accepted."""
    found = await context.orientation(reader)
    return found[1]


async def _show(context: ProviderLinkContext, *, refused: Refused | None = None) -> Response[Any]:
    """Show what the provider is asked."""
    try:
        orientation, view = await context.orientation(context.database)
    except LinkOver as over:
        return link_over(context.request, over, typed=_typed(refused))
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
        work_state=pages_words.LOCAL_STATES[view.local_work.state] if view.local_work else None,
        actions={one.path: one for one in offered([*ON_ORIENTATIONS, DELIVERABLE_BY_LINK], view.allowed_actions)},
        ends=pages_words.options(LOCAL_END, pages_words.ends(view.local_work)),
        accept=ACCEPTED,
        usual_end=today(orientation.departement, clock.now()) + context.parts.rules.usual_work,
        values=refused.form.values if refused else {},
        errors=refused.form.errors if refused else {},
        failed=refused.action.path if refused else None,
    )
    return private(page)


async def _show_milestone(
    context: ProviderLinkContext, milestone_id: UUID, *, refused: Refused | None = None
) -> Response[Any]:
    """Show one milestone of the local work to its provider."""
    try:
        orientation, view = await context.orientation(context.database)
    except LinkOver as over:
        return link_over(context.request, over, typed=_typed(refused))
    address = f"/orientations/{context.request.path_params['token']}"
    page = render(
        context.request,
        "local_work/milestone.html",
        status_code=refused.status if refused else 200,
        layout="layouts/public.html",
        back=(view.title, f"{address}#accompagnement"),
        here=f"{address}/jalons/{milestone_id}",
        query="",
        kicker=f"{view.number} – {view.applicant.name}",
        item=milestone_of(view.local_work, milestone_id),
        may=view.allowed_actions,
        values=refused.form.values if refused else {},
        errors=refused.form.errors if refused else {},
        failed=refused.action.path if refused else None,
        today=today(orientation.departement, clock.now()),
    )
    return private(page)


def _typed(refused: Refused | None) -> str:
    """Return what was typed into a form whose link opens nothing any more."""
    values = refused.form.values if refused else {}
    return "\n\n".join(text for name, text in values.items() if name.rpartition(".")[2] in TEXTS and text)


@post("/orientations/{token:str}/livrables", request_max_body_size=ONE_FILE)
async def hand_in(context: NamedDependency[ProviderLinkContext]) -> Response[Any]:
    """The provider hands in a file."""
    return await take_form(context, DELIVERABLE_BY_LINK, show=_show)


def link_over(request: Request[Any, Any, Any], over: LinkOver, *, typed: str = "") -> Template:
    """Show that a link opens nothing any more and whom to ask, and give back what was typed."""
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
MILESTONE_BY_LINK: Final = Resource(
    address="/orientations/{token:str}/milestones/{milestone_id:uuid}",
    page="/orientations/{token:str}/jalons/{milestone_id:uuid}",
    view=OrientationView,
    read=_read,
    show=_show_milestone,
    read_by_context={"token"},
)
_BACK: Final = "/orientations/{token}"
ROUTES = (
    Router(
        "/",
        route_handlers=[
            page_read(ORIENTATION),
            *page_routes(ORIENTATION, ON_ORIENTATIONS),
            page_read(MILESTONE_BY_LINK),
            *page_routes(
                MILESTONE_BY_LINK,
                [replace(one, then=_BACK, anchor="#accompagnement") for one in as_provider(ON_MILESTONES)],
            ),
            hand_in,
        ],
        dependencies={"context": Provide(provide_provider_context)},
        opt={PUBLIC: True},
    ),
)
