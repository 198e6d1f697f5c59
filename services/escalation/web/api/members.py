"""API of the committee's standing members."""

from datetime import date

from litestar import Router, get
from litestar.di import NamedDependency
from litestar.params import FromQuery

from services.escalation.reads.members import MemberRow, members
from services.escalation.web import actions
from services.escalation.web.answers import read_member
from services.escalation.web.context import AgentContext
from services.escalation.web.readers import whole_country
from shared.web.actions import Resource, api_read, api_routes
from shared.web.paging import Page, Paged

MEMBER = Resource(address="/committee-members/{member_id:uuid}", view=MemberRow, read=read_member)


@get("/committee-members")
async def list_members(
    context: NamedDependency[AgentContext], paging: NamedDependency[Page], on: FromQuery[date | None] = None
) -> Paged[MemberRow]:
    """List the standing members of the committee, or those in office on a day."""
    return await members(context.database, on=on, today=context.today, by=context.by, page=paging)


routes = Router(
    "/",
    route_handlers=[
        list_members,
        *api_routes(Resource(address="/committee-members"), [actions.MEMBER]),
        api_read(MEMBER),
        *api_routes(MEMBER, [actions.SHEET_OF_MEMBER]),
    ],
    tags=["committee"],
    guards=[whole_country],
)
