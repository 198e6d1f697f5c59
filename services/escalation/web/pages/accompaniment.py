"""Pages of accompaniments: all that are under way, a milestone, deliverables and the report."""

from uuid import UUID

from litestar import Response, Router, get
from litestar.di import NamedDependency
from litestar.params import FromPath
from litestar.response import Template

from services.escalation.reads.accompaniment import accompaniments, count_accompaniments
from services.escalation.web import actions, files, papers
from services.escalation.web.answers import read_escalation
from services.escalation.web.context import AgentContext
from services.escalation.web.readers import committee_readers
from services.escalation.web.showing import show
from shared.accompaniment import NoSuchMilestone
from shared.web.actions import Refused, Resource, page_read, page_routes
from shared.web.paging import Page


@get("/accompagnements")
async def list_accompaniments(context: NamedDependency[AgentContext], paging: NamedDependency[Page]) -> Template:
    """Show what is under way, with what is due next first."""
    perimeter, today = context.perimeter, context.today
    late = bool(context.request.query_params.get("late"))
    found = await accompaniments(context.database, late=late, perimeter=perimeter, today=today, page=paging)
    others = await count_accompaniments(context.database, late=not late, perimeter=perimeter, today=today)
    return show(
        context,
        "accompaniment/list.html",
        items=found.items,
        total=found.total,
        all_of_them=others if late else found.total,
        late_ones=found.total if late else others,
        paging=paging,
    )


async def milestone(
    context: AgentContext, request_id: UUID, milestone_id: UUID, *, refused: Refused | None = None
) -> Template:
    """Show a milestone with what was reported and delivered of it."""
    dossier = await read_escalation(context, context.database, request_id)
    found = next((one for one in dossier.milestones if one.id == milestone_id), None)
    if found is None:
        raise NoSuchMilestone
    return show(context, "accompaniment/milestone.html", refused=refused, dossier=dossier, item=found)


@get("/demandes/{request_id:uuid}/livrables/{deliverable_id:uuid}")
async def download_deliverable(
    context: NamedDependency[AgentContext], request_id: FromPath[UUID], deliverable_id: FromPath[UUID]
) -> Response[bytes]:
    """Return a file that came out of the work; who opened it is recorded."""
    return await files.download_deliverable(context, request_id, deliverable_id)


@get("/demandes/{request_id:uuid}/bilan-a-imprimer")
async def show_report(context: NamedDependency[AgentContext], request_id: FromPath[UUID]) -> Template:
    """Show the report of an accompaniment, to print."""
    return await papers.report_page(context, request_id)


@get("/demandes/{request_id:uuid}/bilan.pdf")
async def report_on_paper(context: NamedDependency[AgentContext], request_id: FromPath[UUID]) -> Response[bytes]:
    """Return the report of an accompaniment as a PDF."""
    return await papers.report_as_pdf(context, request_id)


MILESTONE = Resource(page="/demandes/{request_id:uuid}/jalons/{milestone_id:uuid}", show=milestone)

routes = [
    Router(
        "/",
        route_handlers=[
            list_accompaniments,
            page_read(MILESTONE),
            *page_routes(MILESTONE, [actions.REACHED, actions.POSTPONEMENT, actions.CANCELLATION_OF_MILESTONE]),
            download_deliverable,
            show_report,
            report_on_paper,
        ],
        guards=[committee_readers],
    )
]
