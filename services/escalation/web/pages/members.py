"""Pages of the committee's standing members: the list, and each member's sheet."""

from typing import Final
from uuid import UUID

from litestar import Router
from litestar.response import Template

from services.escalation.domain.members import StandingMember
from services.escalation.domain.moves import Action
from services.escalation.reads.members import members
from services.escalation.usecases.committee import MEMBER_ROLES
from services.escalation.web import actions
from services.escalation.web.answers import read_member
from services.escalation.web.context import AgentContext
from services.escalation.web.readers import whole_country
from services.escalation.web.showing import show
from shared.web.actions import Refused, Resource, page_read, page_routes
from shared.web.paging import Page

ALL: Final = Page(per_page=200)
"""What is shown without pages, as far as anybody reads."""
ROLES: Final = [(role.value, french[:1].upper() + french[1:]) for role, french in MEMBER_ROLES.items()]


async def list_members(context: AgentContext, *, refused: Refused | None = None) -> Template:
    """Show the standing members of the committee, and the form that adds one."""
    found = await members(context.database, on=None, today=context.today, by=context.by, page=ALL)
    return show(
        context,
        "committee/members.html",
        refused=refused,
        values={"role": "voting", "valid_from": context.today},
        items=found.items,
        may_keep=context.by.may(Action.MEMBERS),
        roles=ROLES,
    )


async def one_member(context: AgentContext, member_id: UUID, *, refused: Refused | None = None) -> Template:
    """Show what the list says of a member, to be changed."""
    found = await read_member(context, context.database, member_id)
    return show(
        context,
        "committee/member.html",
        refused=refused,
        values=found.model_dump(mode="json", include=set(StandingMember.model_fields)),
        member=found,
        roles=ROLES,
    )


MEMBERS = Resource(page="/comite/membres", show=list_members)
MEMBER = Resource(page="/comite/membres/{member_id:uuid}", show=one_member)

routes = [
    Router(
        "/",
        route_handlers=[
            page_read(MEMBERS),
            *page_routes(MEMBERS, [actions.MEMBER]),
            page_read(MEMBER),
            *page_routes(MEMBER, [actions.SHEET_OF_MEMBER]),
        ],
        guards=[whole_country],
    )
]
