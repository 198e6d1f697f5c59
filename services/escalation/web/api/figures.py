"""Programmes, evaluations and figures by program."""

from typing import Annotated

from litestar import Router, get
from litestar.di import NamedDependency
from litestar.params import FromPath, FromQuery, QueryParameter

from services.escalation.reads.programmes import (
    ProgrammeRequest,
    ProgrammeRequestState,
    ProgrammeRow,
    count_programme_requests,
    programme_requests,
    programmes,
)
from services.escalation.reads.results import Evaluation, Statistics, averages, evaluations, statistics
from services.escalation.usecases import acting, consultations
from services.escalation.web.readers import programme_named
from shared import clock
from shared.contracts.vocabulary import Programme
from shared.db import Cause, Database
from shared.identity.model import Agent
from shared.web.paging import Page, Paged


@get("/programmes")
async def list_programmes(
    database: NamedDependency[Database], agent: NamedDependency[Agent], paging: NamedDependency[Page]
) -> Paged[ProgrammeRow]:
    """List the national programmes with their counts."""
    found = await programmes(database, perimeter=acting.perimeter(agent))
    return Paged(items=found[paging.offset : paging.offset + paging.limit], total=len(found), page=paging.number)


@get("/programmes/{programme:str}/requests")
async def list_programme_requests(
    programme: FromPath[str],
    database: NamedDependency[Database],
    cause: NamedDependency[Cause],
    agent: NamedDependency[Agent],
    paging: NamedDependency[Page],
    in_state: Annotated[ProgrammeRequestState | None, QueryParameter(name="state")] = None,
) -> Paged[ProgrammeRequest]:
    """List the requests directed to a programme, the latest first; that they were read is traced."""
    wanted, perimeter = programme_named(programme, agent), acting.perimeter(agent)
    found = await programme_requests(
        database, wanted, state=in_state, perimeter=perimeter, limit=paging.limit, offset=paging.offset
    )
    async with database.transaction(cause) as tx:
        await consultations.trace(tx, (item.request_id for item in found), agent=agent, at=clock.now())
    return Paged(
        items=found,
        total=await count_programme_requests(database, wanted, state=in_state, perimeter=perimeter),
        page=paging.number,
    )


@get("/evaluations")
async def list_evaluations(
    database: NamedDependency[Database],
    agent: NamedDependency[Agent],
    paging: NamedDependency[Page],
    departement: Annotated[str | None, QueryParameter(max_length=3)] = None,
    programme: FromQuery[Programme | None] = None,
) -> Paged[Evaluation]:
    """List what applicants said of the result, the latest first."""
    perimeter = acting.perimeter(agent)
    means = await averages(database, departement=departement, programme=programme, perimeter=perimeter)
    return Paged(
        items=await evaluations(
            database,
            departement=departement,
            programme=programme,
            perimeter=perimeter,
            limit=paging.limit,
            offset=paging.offset,
        ),
        total=means.count,
        page=paging.number,
    )


@get("/statistics")
async def read_statistics(database: NamedDependency[Database], agent: NamedDependency[Agent]) -> Statistics:
    """Give the figures of the dossiers that the caller sees."""
    return await statistics(database, perimeter=acting.perimeter(agent))


routes = Router(
    "/",
    route_handlers=[list_programmes, list_programme_requests, list_evaluations, read_statistics],
    tags=["results"],
)
