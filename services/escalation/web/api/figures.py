"""Evaluations and figures by program."""

from typing import Annotated

from litestar import Router, get
from litestar.di import NamedDependency
from litestar.params import FromQuery, QueryParameter

from services.escalation.reads.evaluations import (
    Dimension,
    Evaluation,
    Narrowed,
    averages,
    evaluations,
    grouped,
)
from services.escalation.reads.results import Statistics, statistics
from services.escalation.usecases import acting
from services.escalation.web.readers import wanted
from shared.contracts.vocabulary import EvaluationRound, Field, Programme
from shared.db import Database
from shared.evaluations import Group
from shared.identity.model import Agent
from shared.territory.territories import Territories
from shared.web.paging import Page, Paged


@get("/evaluations")
async def list_evaluations(
    database: NamedDependency[Database],
    agent: NamedDependency[Agent],
    paging: NamedDependency[Page],
    departement: Annotated[str | None, QueryParameter(max_length=3)] = None,
    programme: FromQuery[Programme | None] = None,
    field: FromQuery[Field | None] = None,
    provider: Annotated[str | None, QueryParameter(max_length=200)] = None,
    asked: Annotated[EvaluationRound | None, QueryParameter(name="round")] = None,
) -> Paged[Evaluation]:
    """List what applicants said of the result, the latest first, beside the decision and what it cost."""
    perimeter = acting.perimeter(agent)
    narrowed = Narrowed(departement=departement, programme=programme, field=field, provider=provider, round=asked)
    means = await averages(database, narrowed, perimeter=perimeter)
    return Paged(
        items=await evaluations(database, narrowed, perimeter=perimeter, limit=paging.limit, offset=paging.offset),
        total=means.count,
        page=paging.number,
    )


@get("/evaluations/results")
async def evaluation_results(
    database: NamedDependency[Database],
    agent: NamedDependency[Agent],
    by: FromQuery[Dimension],
    asked: Annotated[EvaluationRound | None, QueryParameter(name="round")] = None,
) -> list[Group]:
    """Give the means of the evaluations by round, région, département, field, programme or provider."""
    return await grouped(database, by, Narrowed(round=asked), perimeter=acting.perimeter(agent))


@get("/statistics")
async def read_statistics(
    database: NamedDependency[Database],
    agent: NamedDependency[Agent],
    territories: NamedDependency[Territories],
    region: Annotated[str, QueryParameter(max_length=3, description="Code of a région")] = "",
    departement: Annotated[str, QueryParameter(max_length=3, description="Code of a département")] = "",
    programme: FromQuery[Programme | None] = None,
) -> Statistics:
    """Give the figures of what the caller sees, or of a région, a département, a programme."""
    perimeter = wanted(agent, territories, region=region, departement=departement, programme=programme)
    return await statistics(database, perimeter=perimeter)


routes = Router(
    "/",
    route_handlers=[list_evaluations, evaluation_results, read_statistics],
    tags=["results"],
)
