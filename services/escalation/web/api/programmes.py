"""API of the national programmes: their sheets, the territories they cover, the requests directed to them."""

from typing import Annotated

from litestar import Response, Router, delete, get, post
from litestar.di import NamedDependency, Provide
from litestar.params import FromPath, JSONBody, QueryParameter

from services.escalation.domain.programmes import ProgrammeRequestState
from services.escalation.reads.coverage import CoveredRow, count_territories_covered, territories_covered
from services.escalation.reads.programmes import (
    ProgrammeRequestView,
    ProgrammeRow,
    SheetView,
    programme_requests,
    programmes,
)
from services.escalation.usecases.programmes import take_out_territory
from services.escalation.web import actions
from services.escalation.web.answers import read_programme_request, read_sheet
from services.escalation.web.context import AgentContext
from services.escalation.web.coverage_tables import ImportTable, bring_in_table, coverage_table
from shared.contracts.vocabulary import ApplicantKind
from shared.tables import LARGEST
from shared.web.actions import Resource, api_read, api_routes
from shared.web.consultation_log import log_listed_requests
from shared.web.paging import Page, Paged
from shared.web.tables import CSV, ImportedLineView, ImportView, import_view

PROGRAMME = Resource(address="/programmes/{programme:str}", view=SheetView, read=read_sheet)
REQUEST = Resource(
    address="/programmes/{programme:str}/requests/{request_id:uuid}",
    view=ProgrammeRequestView,
    read=read_programme_request,
)


class TerritoryLineView(ImportedLineView):
    """What became of a line, and the territory that it names."""

    shown: str


@get("/programmes")
async def list_programmes(context: NamedDependency[AgentContext], paging: NamedDependency[Page]) -> Paged[ProgrammeRow]:
    """List the national programmes with their counts."""
    found = await programmes(context.database, perimeter=context.perimeter)
    return Paged(items=found[paging.offset : paging.offset + paging.limit], total=len(found), page=paging.number)


async def provide_narrowed(
    departement: Annotated[str | None, QueryParameter(max_length=3)] = None,
    q: Annotated[str, QueryParameter(max_length=200, description="Part of a name")] = "",
) -> tuple[str | None, str]:
    """Read what a list of territories is narrowed to: a département, and a part of the name."""
    return departement, q


@get("/programmes/{programme:str}/territories", dependencies={"narrowed": Provide(provide_narrowed)})
async def list_territories(
    context: NamedDependency[AgentContext],
    programme: FromPath[str],
    paging: NamedDependency[Page],
    narrowed: NamedDependency[tuple[str | None, str]],
) -> Paged[CoveredRow]:
    """List the territories that a programme covers, by département and name."""
    wanted, (departement, q) = context.programme(programme), narrowed
    return Paged(
        items=await territories_covered(
            context.database, wanted, departement=departement, q=q, limit=paging.limit, offset=paging.offset
        ),
        total=await count_territories_covered(context.database, wanted, departement=departement, q=q),
        page=paging.number,
    )


@get("/programmes/{programme:str}/territories.csv", media_type=CSV)
async def list_territories_as_csv(context: NamedDependency[AgentContext], programme: FromPath[str]) -> Response[bytes]:
    """Return all territories of a programme as a table, which may be brought in again."""
    return await coverage_table(context, programme)


@post("/programmes/{programme:str}/territories/import", status_code=200, request_max_body_size=LARGEST)
async def import_territories(
    context: NamedDependency[AgentContext], programme: FromPath[str], data: JSONBody[ImportTable]
) -> ImportView[TerritoryLineView]:
    """Bring a CSV table of territories in; each code is checked against the official lists, and reported on."""
    report = await bring_in_table(context, programme, data.table.encode(), data)
    return import_view(report, TerritoryLineView, lambda line: {"shown": line.shown})


@delete("/programmes/{programme:str}/territories/{kind:str}/{code:str}")
async def take_territory_out(
    context: NamedDependency[AgentContext],
    programme: FromPath[str],
    kind: FromPath[ApplicantKind],
    code: FromPath[str],
) -> None:
    """Take a territory out of a programme's coverage."""
    async with context.database.transaction(context.cause) as tx:
        await take_out_territory(context.acting(tx), programme, kind, code)


@get("/programmes/{programme:str}/requests")
async def list_requests(
    context: NamedDependency[AgentContext],
    programme: FromPath[str],
    paging: NamedDependency[Page],
    in_state: Annotated[ProgrammeRequestState | None, QueryParameter(name="state")] = None,
) -> Paged[ProgrammeRequestView]:
    """List the requests directed to a programme, the latest first; that they were read is traced."""
    wanted, perimeter = context.programme(programme), context.perimeter
    found = await programme_requests(
        context.database,
        wanted,
        state=in_state,
        perimeter=perimeter,
        by=context.by,
        page=paging,
    )
    log_listed_requests(context.request, (item.request_id for item in found.items))
    return found


routes = Router(
    "/",
    route_handlers=[
        list_programmes,
        api_read(PROGRAMME),
        *api_routes(PROGRAMME, [actions.SHEET]),
        list_territories,
        list_territories_as_csv,
        import_territories,
        take_territory_out,
        list_requests,
        *api_routes(REQUEST, actions.ON_PROGRAMME_REQUESTS),
    ],
    tags=["programmes"],
)
