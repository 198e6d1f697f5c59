"""API of dossiers: lists, the whole dossier with its territory, actions on it and on its means."""

from typing import Annotated
from uuid import UUID

from litestar import Router, get
from litestar.di import NamedDependency, Provide
from litestar.params import FromPath, FromQuery, QueryParameter
from litestar.response import Redirect

from services.escalation.domain.moves import State
from services.escalation.reads.detail_rows import EscalationView
from services.escalation.reads.dossiers import EscalationRow, Filters, count_dossiers, dossiers
from services.escalation.web import actions, files
from services.escalation.web.answers import EscalationWithNewView, read_escalation
from services.escalation.web.context import AgentContext
from services.escalation.web.territory import territory_of
from shared.contracts.vocabulary import Field, Programme
from shared.surroundings import Profile
from shared.web.actions import Resource, api_read, api_routes
from shared.web.paging import Page, Paged

DOSSIER = Resource(
    address="/escalations/{request_id:uuid}",
    view=EscalationView,
    view_with_new=EscalationWithNewView,
    read=read_escalation,
)
MOBILISATION = Resource(
    address="/escalations/{request_id:uuid}/mobilisations/{mobilisation_id:uuid}",
    view=EscalationView,
    view_with_new=EscalationWithNewView,
    read=read_escalation,
)
MILESTONE = Resource(
    address="/escalations/{request_id:uuid}/milestones/{milestone_id:uuid}", view=EscalationView, read=read_escalation
)


async def provide_filters(
    in_state: Annotated[State | None, QueryParameter(name="state")] = None,
    departement: Annotated[str | None, QueryParameter(max_length=3)] = None,
    programme: FromQuery[Programme | None] = None,
    overdue: FromQuery[bool] = False,  # noqa: FBT002 - parameters of the address are given by name
    q: Annotated[str | None, QueryParameter(max_length=200, description="Number, title or applicant")] = None,
    field: FromQuery[Field | None] = None,
    older: Annotated[int | None, QueryParameter(ge=0, le=3650, description="Here for more than so many days")] = None,
) -> Filters:
    """Read what a list of dossiers is narrowed to."""
    return Filters(in_state, departement, programme, q, overdue, field, older)


@get("/escalations", dependencies={"filters": Provide(provide_filters)})
async def list_escalations(
    context: NamedDependency[AgentContext], paging: NamedDependency[Page], filters: NamedDependency[Filters]
) -> Paged[EscalationRow]:
    """List dossiers, those with the nearest date first."""
    return Paged(
        items=await dossiers(
            context.database,
            filters,
            perimeter=context.perimeter,
            by=context.by,
            today=context.today,
            limit=paging.limit,
            offset=paging.offset,
        ),
        total=await count_dossiers(context.database, filters, perimeter=context.perimeter, today=context.today),
        page=paging.number,
    )


@get("/escalations/{request_id:uuid}/documents/{document_id:uuid}", status_code=303)
async def open_document(
    context: NamedDependency[AgentContext], request_id: FromPath[UUID], document_id: FromPath[UUID]
) -> Redirect:
    """Lead to a document at intake, for a minute; who opened it is recorded."""
    return await files.open_document(context, request_id, document_id)


@get("/escalations/{request_id:uuid}/territory")
async def read_territory(context: NamedDependency[AgentContext], request_id: FromPath[UUID]) -> Profile:
    """Return its population, its intercommunalité, the other dossiers of it, and the programmes that cover it today."""
    dossier = await read_escalation(context, context.database, request_id)
    return await territory_of(context.database, context.parts, context.perimeter, dossier, today=context.today)


routes = Router(
    "/",
    route_handlers=[
        list_escalations,
        api_read(DOSSIER),
        open_document,
        read_territory,
        *api_routes(DOSSIER, [*actions.ON_DOSSIERS, actions.FINANCING]),
        *api_routes(
            MOBILISATION,
            [*actions.STEPS_OF_MOBILISATIONS, *actions.PARTS_OF_MOBILISATIONS, actions.CANCELLATION_OF_ORDER],
        ),
        *api_routes(MILESTONE, [actions.REACHED]),
    ],
    tags=["escalations"],
)
