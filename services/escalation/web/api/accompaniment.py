"""API of accompaniments: delays, progress, deliverables, the provider's personal link, the report."""

from uuid import UUID

from litestar import Response, Router, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath, FromQuery

from services.escalation.reads.accompaniment import (
    AccompanimentRow,
    ProviderView,
    accompaniments,
)
from services.escalation.web import actions, files, papers
from services.escalation.web.answers import EscalationWithNewView, read_escalation, show_to_provider
from services.escalation.web.api.dossiers import DOSSIER, MILESTONE, MOBILISATION
from services.escalation.web.context import BY_LINK, AgentContext, LinkContext
from services.escalation.web.readers import committee_readers
from shared.web.access import PUBLIC
from shared.web.actions import Resource, api_read, api_routes
from shared.web.deliverables import ONE_FILE, sent
from shared.web.paging import Page, Paged
from shared.web.pdf import PDF

BEHIND_A_LINK = Resource(
    address="/provider-links/{token:str}", view=ProviderView, read=show_to_provider, read_by_context=["token"]
)


@get("/accompaniments", guards=[committee_readers])
async def list_accompaniments(
    context: NamedDependency[AgentContext],
    paging: NamedDependency[Page],
    late: FromQuery[bool] = False,  # noqa: FBT002 - a query parameter
) -> Paged[AccompanimentRow]:
    """List the accompaniments under way, with what is due next first."""
    perimeter, today = context.perimeter, context.today
    return await accompaniments(context.database, late=late, perimeter=perimeter, today=today, page=paging)


@post("/escalations/{request_id:uuid}/deliverables", request_max_body_size=ONE_FILE)
async def add_deliverable(context: NamedDependency[AgentContext], request_id: FromPath[UUID]) -> EscalationWithNewView:
    """Join a file (multipart: `document`, and `milestone_id` if it belongs to one)."""
    file, command = await sent(context)
    async with context.database.transaction(context.cause) as tx:
        created = await actions.DELIVERABLE.use_case(context.acting(tx), request_id, file, command)
        found = await read_escalation(context, tx, request_id)
    return EscalationWithNewView(**dict(found), created=created)


@get("/escalations/{request_id:uuid}/deliverables/{deliverable_id:uuid}")
async def download_deliverable(
    context: NamedDependency[AgentContext], request_id: FromPath[UUID], deliverable_id: FromPath[UUID]
) -> Response[bytes]:
    """Return a file that came out of the work; who opened it is recorded."""
    return await files.download_deliverable(context, request_id, deliverable_id)


@get("/escalations/{request_id:uuid}/report.pdf", media_type=PDF, guards=[committee_readers])
async def report(context: NamedDependency[AgentContext], request_id: FromPath[UUID]) -> Response[bytes]:
    """Return the report of an accompaniment, a draft until it is completed."""
    return await papers.report_as_pdf(context, request_id)


@post("/provider-links/{token:str}/deliverables", request_max_body_size=ONE_FILE)
async def add_deliverable_of_provider(context: NamedDependency[LinkContext]) -> ProviderView:
    """Hand in a file, as the provider (multipart: `document`, and `milestone_id` if it belongs to one)."""
    file, command = await sent(context)
    async with context.database.transaction(context.cause) as tx:
        await actions.DELIVERABLE_BY_LINK.use_case(context.acting(tx), file, command)
        return await show_to_provider(context, tx)


routes = Router(
    "/",
    route_handlers=[
        list_accompaniments,
        add_deliverable,
        download_deliverable,
        report,
        *api_routes(DOSSIER, [actions.PROGRESS]),
        *api_routes(MILESTONE, [actions.POSTPONEMENT, actions.CANCELLATION_OF_MILESTONE]),
        *api_routes(MOBILISATION, [actions.INVITATION]),
        Router(
            "/",
            route_handlers=[
                api_read(BEHIND_A_LINK),
                *api_routes(BEHIND_A_LINK, actions.BY_PROVIDERS),
                add_deliverable_of_provider,
            ],
            dependencies=BY_LINK,
            opt={PUBLIC: True},
        ),
    ],
    tags=["accompaniment"],
)
