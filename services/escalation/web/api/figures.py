"""Evaluations and figures by program."""

from typing import Annotated

from litestar import Router, get
from litestar.di import NamedDependency
from litestar.params import FromQuery, QueryParameter

from services.escalation.reads.results import Evaluation, Statistics, averages, evaluations, statistics
from services.escalation.usecases import acting
from shared.contracts.vocabulary import Programme
from shared.db import Database
from shared.identity.model import Agent
from shared.web.paging import Page, Paged


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
    route_handlers=[list_evaluations, read_statistics],
    tags=["results"],
)
