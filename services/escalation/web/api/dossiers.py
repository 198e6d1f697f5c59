"""Dossiers by program: lists, the whole dossier, and the actions before the committee."""

from typing import Annotated
from uuid import UUID

from litestar import Router, get
from litestar.di import NamedDependency
from litestar.params import FromPath, FromQuery, QueryParameter
from litestar.response import Redirect

from services.escalation.domain.moves import State
from services.escalation.reads.detail_rows import EscalationDetail
from services.escalation.reads.dossiers import EscalationSummary, Filters, count_dossiers, dossiers
from services.escalation.usecases import acting, consultations
from services.escalation.usecases.recording import day
from services.escalation.web.actions import DOSSIER, ON_DOSSIERS
from services.escalation.web.links import DocumentLinks
from services.escalation.web.whole import territory_of, whole
from shared import clock
from shared.contracts.vocabulary import Field, Programme
from shared.db import Cause, Database
from shared.identity.model import Agent
from shared.surroundings import Profile
from shared.territory import Territories
from shared.web.actions import api_routes
from shared.web.pages import redirect
from shared.web.paging import Page, Paged


@get("/escalations")
async def list_escalations(
    database: NamedDependency[Database],
    agent: NamedDependency[Agent],
    paging: NamedDependency[Page],
    in_state: Annotated[State | None, QueryParameter(name="state")] = None,
    departement: Annotated[str | None, QueryParameter(max_length=3)] = None,
    programme: FromQuery[Programme | None] = None,
    overdue: FromQuery[bool] = False,  # noqa: FBT002 - parameters of the address are given by name
    q: Annotated[str | None, QueryParameter(max_length=200, description="Number, title or applicant")] = None,
    field: FromQuery[Field | None] = None,
    older: Annotated[int | None, QueryParameter(ge=0, le=3650, description="Here for more than so many days")] = None,
) -> Paged[EscalationSummary]:
    """List dossiers, those with the nearest date first."""
    filters = Filters(in_state, departement, programme, q, overdue, field, older)
    perimeter, today = acting.perimeter(agent), day(clock.now())
    return Paged(
        items=await dossiers(
            database,
            filters,
            perimeter=perimeter,
            by=acting.by(agent),
            today=today,
            limit=paging.limit,
            offset=paging.offset,
        ),
        total=await count_dossiers(database, filters, perimeter=perimeter, today=today),
        page=paging.number,
    )


@get("/escalations/{request_id:uuid}")
async def read_escalation(
    request_id: FromPath[UUID],
    database: NamedDependency[Database],
    agent: NamedDependency[Agent],
    document_links: NamedDependency[DocumentLinks],
) -> EscalationDetail:
    """Give the whole dossier; that it was read is traced."""
    return await whole(database, request_id, agent, document_links)


@get("/escalations/{request_id:uuid}/documents/{document_id:uuid}", status_code=303)
async def open_document(
    request_id: FromPath[UUID],
    document_id: FromPath[UUID],
    database: NamedDependency[Database],
    cause: NamedDependency[Cause],
    agent: NamedDependency[Agent],
    document_links: NamedDependency[DocumentLinks],
) -> Redirect:
    """Lead to a document at intake, for a minute; who opened it is recorded."""
    at = clock.now()
    async with database.transaction(cause) as tx:
        await consultations.open_document(tx, request_id, document_id, agent=agent, at=at)
    return redirect(document_links.at_intake(document_id, at=at))


@get("/escalations/{request_id:uuid}/territory")
async def read_territory(
    request_id: FromPath[UUID],
    database: NamedDependency[Database],
    agent: NamedDependency[Agent],
    document_links: NamedDependency[DocumentLinks],
    territories: NamedDependency[Territories],
) -> Profile:
    """Give its population, its intercommunalité, the other dossiers of it, and the programmes that cover it today."""
    found = await whole(database, request_id, agent, document_links)
    return await territory_of(database, found, agent, territories)


routes = Router(
    "/",
    route_handlers=[
        list_escalations,
        read_escalation,
        open_document,
        read_territory,
        *api_routes(DOSSIER, ON_DOSSIERS),
    ],
    tags=["escalations"],
)
