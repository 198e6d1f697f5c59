"""National programmes by program: their sheets, the territories they cover, the requests directed to them."""

from datetime import date
from typing import Annotated, Any
from uuid import UUID

from litestar import Request, Response, Router, delete, get, post, put
from litestar.di import NamedDependency
from litestar.params import FromPath, JSONBody, QueryParameter
from pydantic import BaseModel, Field

from services.escalation.domain.durations import Durations
from services.escalation.domain.inputs import Line, Text
from services.escalation.domain.programmes import ProgrammeRequestState
from services.escalation.reads.coverage import CoveredRow, count_territories_covered, territories_covered
from services.escalation.reads.programmes import (
    ProgrammeRequest,
    ProgrammeRow,
    Sheet,
    count_programme_requests,
    programme_request,
    programme_requests,
    programmes,
    sheet,
)
from services.escalation.usecases import acting
from services.escalation.usecases import programmes as usecases
from services.escalation.web.coverage_tables import bring_in_table, table_of
from services.escalation.web.readers import programme_named
from shared import clock
from shared.commands import Command
from shared.contracts.fact import Email
from shared.contracts.vocabulary import ApplicantKind
from shared.db import Cause, Database, Transaction
from shared.identity.model import Agent
from shared.tables import LARGEST, Reported, Result, counts
from shared.territory.territories import Territories
from shared.web.consultations import lists_contacts
from shared.web.paging import Page, Paged
from shared.web.tables import CSV, as_csv


class SheetBody(Command):
    """What a programme says of itself; what is not given is taken off the sheet."""

    purpose: Text | None = None
    starts_on: date | None = None
    ends_on: date | None = None
    email: Email | None = None
    phone: Line | None = None


class TableBody(Command):
    """A CSV table of territories. With `replace` it is the whole coverage; with `only_look` nothing is changed."""

    table: str = Field(max_length=LARGEST)
    replace: bool = False
    only_look: bool = False


class TakeUp(Command):
    """Whom the département and the collectivité turn to."""

    interlocutor: Line


class Motive(Command):
    """Why the programme is not the answer."""

    motive: Text


class Report(Command):
    """What the programme brought."""

    report: Text


class LineError(BaseModel):
    """What is wrong with a cell."""

    field: str
    message: str


class LineReport(BaseModel):
    """What became of a line; `line` counts from 1, the headings included."""

    line: int
    shown: str
    result: Result
    errors: list[LineError]


class ImportReport(BaseModel):
    """What became of a table, or would become."""

    added: int
    changed: int
    unchanged: int
    refused: int
    lines: list[LineReport]


@get("/programmes")
async def list_programmes(
    database: NamedDependency[Database], agent: NamedDependency[Agent], paging: NamedDependency[Page]
) -> Paged[ProgrammeRow]:
    """List the national programmes with their counts."""
    found = await programmes(database, perimeter=acting.perimeter(agent))
    return Paged(items=found[paging.offset : paging.offset + paging.limit], total=len(found), page=paging.number)


@get("/programmes/{programme:str}")
async def read_sheet(
    programme: FromPath[str], database: NamedDependency[Database], agent: NamedDependency[Agent]
) -> Sheet:
    """Give a programme: what it brings, its period, team, budget, and how much it covers."""
    return await sheet(database, programme_named(programme, agent))


@put("/programmes/{programme:str}")
async def write_sheet(
    programme: FromPath[str],
    data: JSONBody[SheetBody],
    database: NamedDependency[Database],
    cause: NamedDependency[Cause],
    agent: NamedDependency[Agent],
) -> Sheet:
    """Write a programme's sheet anew."""
    wanted = programme_named(programme, agent)
    async with database.transaction(cause) as tx:
        await usecases.describe(tx, wanted, **dict(data), agent=agent, at=clock.now())
        return await sheet(tx, wanted)


@get("/programmes/{programme:str}/territories")
async def list_territories(
    programme: FromPath[str],
    database: NamedDependency[Database],
    agent: NamedDependency[Agent],
    paging: NamedDependency[Page],
    departement: Annotated[str | None, QueryParameter(max_length=3)] = None,
    q: Annotated[str, QueryParameter(max_length=200, description="Part of a name")] = "",
) -> Paged[CoveredRow]:
    """List the territories that a programme covers, by département and name."""
    wanted = programme_named(programme, agent)
    return Paged(
        items=await territories_covered(
            database, wanted, departement=departement, q=q, limit=paging.limit, offset=paging.offset
        ),
        total=await count_territories_covered(database, wanted, departement=departement, q=q),
        page=paging.number,
    )


@get("/programmes/{programme:str}/territories.csv", media_type=CSV)
async def list_territories_as_csv(
    programme: FromPath[str], database: NamedDependency[Database], agent: NamedDependency[Agent]
) -> Response[bytes]:
    """Give all territories of a programme as a table, which may be brought in again."""
    wanted = programme_named(programme, agent)
    return as_csv(table_of(wanted, await territories_covered(database, wanted)))


@post("/programmes/{programme:str}/territories/import", status_code=200, request_max_body_size=LARGEST)
async def import_territories(
    programme: FromPath[str],
    data: JSONBody[TableBody],
    database: NamedDependency[Database],
    cause: NamedDependency[Cause],
    agent: NamedDependency[Agent],
    territories: NamedDependency[Territories],
) -> ImportReport:
    """Bring a CSV table of territories in; each code is checked against the official lists, and reported on."""
    report = await bring_in_table(
        database,
        programme_named(programme, agent),
        data.table.encode(),
        replace=data.replace,
        keep=not data.only_look,
        agent=agent,
        territories=territories,
        cause=cause,
    )
    return _reported(report)


@delete("/programmes/{programme:str}/territories/{kind:str}/{code:str}")
async def take_out_territory(
    programme: FromPath[str],
    kind: FromPath[ApplicantKind],
    code: FromPath[str],
    database: NamedDependency[Database],
    cause: NamedDependency[Cause],
    agent: NamedDependency[Agent],
) -> None:
    """Take a territory out of a programme's coverage."""
    async with database.transaction(cause) as tx:
        await usecases.take_out_territory(
            tx, programme_named(programme, agent), kind, code, agent=agent, at=clock.now()
        )


@get("/programmes/{programme:str}/requests")
async def list_requests(
    request: Request[Any, Any, Any],
    programme: FromPath[str],
    database: NamedDependency[Database],
    agent: NamedDependency[Agent],
    paging: NamedDependency[Page],
    in_state: Annotated[ProgrammeRequestState | None, QueryParameter(name="state")] = None,
) -> Paged[ProgrammeRequest]:
    """List the requests directed to a programme, the latest first; that they were read is traced."""
    wanted, perimeter = programme_named(programme, agent), acting.perimeter(agent)
    found = await programme_requests(
        database,
        wanted,
        state=in_state,
        perimeter=perimeter,
        by=acting.by(agent),
        limit=paging.limit,
        offset=paging.offset,
    )
    lists_contacts(request, (item.request_id for item in found))
    return Paged(
        items=found,
        total=await count_programme_requests(database, wanted, state=in_state, perimeter=perimeter),
        page=paging.number,
    )


@post("/programmes/{programme:str}/requests/{request_id:uuid}/take-up", status_code=200)
async def take_up(
    programme: FromPath[str],
    request_id: FromPath[UUID],
    data: JSONBody[TakeUp],
    database: NamedDependency[Database],
    cause: NamedDependency[Cause],
    agent: NamedDependency[Agent],
) -> ProgrammeRequest:
    """Take a request up, and name whom to turn to."""
    wanted = programme_named(programme, agent)
    async with database.transaction(cause) as tx:
        await usecases.take_up(tx, wanted, request_id, interlocutor=data.interlocutor, agent=agent, at=clock.now())
        return await _whole(tx, request_id, agent)


@post("/programmes/{programme:str}/requests/{request_id:uuid}/decline", status_code=200)
async def decline(
    programme: FromPath[str],
    request_id: FromPath[UUID],
    data: JSONBody[Motive],
    database: NamedDependency[Database],
    cause: NamedDependency[Cause],
    agent: NamedDependency[Agent],
) -> ProgrammeRequest:
    """Decline a request: it goes back to the département."""
    wanted = programme_named(programme, agent)
    async with database.transaction(cause) as tx:
        await usecases.decline(tx, wanted, request_id, motive=data.motive, agent=agent, at=clock.now())
        return await _whole(tx, request_id, agent)


@post("/programmes/{programme:str}/requests/{request_id:uuid}/completion", status_code=200)
async def complete(
    programme: FromPath[str],
    request_id: FromPath[UUID],
    data: JSONBody[Report],
    database: NamedDependency[Database],
    cause: NamedDependency[Cause],
    agent: NamedDependency[Agent],
    durations: NamedDependency[Durations],
) -> ProgrammeRequest:
    """Say that the programme has done its part; the applicant is asked to evaluate it."""
    wanted = programme_named(programme, agent)
    async with database.transaction(cause) as tx:
        await usecases.complete(
            tx, wanted, request_id, report=data.report, agent=agent, durations=durations, at=clock.now()
        )
        return await _whole(tx, request_id, agent)


async def _whole(tx: Transaction, request_id: UUID, agent: Agent) -> ProgrammeRequest:
    return await programme_request(tx, request_id, perimeter=acting.perimeter(agent), by=acting.by(agent))


def _reported(report: list[Reported]) -> ImportReport:
    return ImportReport(
        **counts(report),
        lines=[
            LineReport(
                line=line.number,
                shown=line.shown,
                result=line.result,
                errors=[LineError(field=error.field, message=error.message) for error in line.errors],
            )
            for line in report
        ],
    )


routes = Router(
    "/",
    route_handlers=[
        list_programmes,
        read_sheet,
        write_sheet,
        list_territories,
        list_territories_as_csv,
        import_territories,
        take_out_territory,
        list_requests,
        take_up,
        decline,
        complete,
    ],
    tags=["programmes"],
)
