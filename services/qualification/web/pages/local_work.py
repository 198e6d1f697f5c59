"""The pages of the work of a local answer: a milestone, and the files that came out of it, for agents."""

from dataclasses import replace
from typing import Any, Final
from uuid import UUID

from litestar import Response, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath

from services.qualification.domain.local_work import LocalMilestone
from services.qualification.reads.case import CaseView, LocalWorkView
from services.qualification.web.actions import DELIVERABLE, ON_LOCAL_WORK, ON_MILESTONES, STOP
from services.qualification.web.context import AgentContext
from services.qualification.web.pages.case import CASE, show
from shared.accompaniment import NoSuchMilestone
from shared.db import Reader
from shared.web.actions import Refused, Resource, page_read, page_routes
from shared.web.deliverables import ONE_FILE, take_form
from shared.web.pages import render


def milestone_of(work: LocalWorkView | None, milestone_id: UUID) -> LocalMilestone:
    """Return a milestone of the work; refuses (`NoSuchMilestone`) one that is not of it."""
    found = next((one for one in work.milestones if one.id == milestone_id), None) if work else None
    if found is None:
        raise NoSuchMilestone
    return found


async def _show_milestone(
    context: AgentContext, request_id: UUID, milestone_id: UUID, *, refused: Refused | None = None
) -> Response[Any]:
    """Show one milestone of the local work of a case."""
    case = await context.case(context.database, request_id)
    return render(
        context.request,
        "local_work/milestone.html",
        status_code=refused.status if refused else 200,
        layout="layouts/agents.html",
        back=(case.number, f"/demandes/{request_id}{context.query}#accompagnement"),
        home=("Demandes", f"/{context.query}"),
        here=f"/demandes/{request_id}/jalons/{milestone_id}",
        query=context.query,
        kicker=f"{case.number} – {case.request.applicant.name}",
        item=milestone_of(case.local_work, milestone_id),
        may=case.allowed_actions,
        values=refused.form.values if refused else {},
        errors=refused.form.errors if refused else {},
        failed=refused.action.path if refused else None,
        today=context.today,
    )


async def _read(context: AgentContext, reader: Reader, request_id: UUID, *_: UUID) -> CaseView:
    """Show the case of a milestone; the consultation is traced."""
    return await context.case(reader, request_id)


MILESTONE: Final = Resource(
    address="/cases/{request_id:uuid}/milestones/{milestone_id:uuid}",
    page="/demandes/{request_id:uuid}/jalons/{milestone_id:uuid}",
    view=CaseView,
    read=_read,
    show=_show_milestone,
)


@post("/demandes/{request_id:uuid}/livrables", request_max_body_size=ONE_FILE)
async def hand_in(request_id: FromPath[UUID], context: NamedDependency[AgentContext]) -> Response[Any]:
    """Join a file that came out of local work."""
    return await take_form(context, DELIVERABLE, request_id, show=show)


@get("/demandes/{request_id:uuid}/livrables/{deliverable_id:uuid}")
async def fetch_deliverable(
    request_id: FromPath[UUID], deliverable_id: FromPath[UUID], context: NamedDependency[AgentContext]
) -> Response[bytes]:
    """Give a file that came out of local work, to be saved; who opened it is recorded."""
    return await context.fetch_deliverable(request_id, deliverable_id)


ROUTES = (
    *page_routes(CASE, [*ON_LOCAL_WORK, STOP]),
    page_read(MILESTONE),
    *page_routes(
        MILESTONE, [replace(one, then="/demandes/{request_id}", anchor="#accompagnement") for one in ON_MILESTONES]
    ),
    hand_in,
    fetch_deliverable,
)
