"""API of evaluations and figures."""

from typing import Annotated

from litestar import Router, get
from litestar.di import NamedDependency, Provide
from litestar.params import FromQuery, QueryParameter

from services.escalation.reads.evaluations import Dimension, Evaluation, Narrowed, averages, evaluations, grouped
from services.escalation.reads.results import StatisticsView, statistics
from services.escalation.web.context import AgentContext
from services.escalation.web.readers import wanted
from shared.contracts.vocabulary import EvaluationRound, Field, Programme
from shared.evaluations import Group
from shared.web.paging import Page, Paged


async def provide_narrowed(
    departement: Annotated[str | None, QueryParameter(max_length=3)] = None,
    programme: FromQuery[Programme | None] = None,
    field: FromQuery[Field | None] = None,
    provider: Annotated[str | None, QueryParameter(max_length=200)] = None,
    asked: Annotated[EvaluationRound | None, QueryParameter(name="round")] = None,
) -> Narrowed:
    """Read what a list of evaluations is narrowed to."""
    return Narrowed(departement=departement, programme=programme, field=field, provider=provider, round=asked)


@get("/evaluations", dependencies={"narrowed": Provide(provide_narrowed)})
async def list_evaluations(
    context: NamedDependency[AgentContext], paging: NamedDependency[Page], narrowed: NamedDependency[Narrowed]
) -> Paged[Evaluation]:
    """List what applicants said of the result, the latest first, beside the decision and what it cost."""
    seen = context.perimeter
    means = await averages(context.database, narrowed, perimeter=seen)
    return Paged(
        items=await evaluations(context.database, narrowed, perimeter=seen, limit=paging.limit, offset=paging.offset),
        total=means.count,
        page=paging.number,
    )


@get("/evaluations/results")
async def evaluation_results(
    context: NamedDependency[AgentContext],
    by: FromQuery[Dimension],
    asked: Annotated[EvaluationRound | None, QueryParameter(name="round")] = None,
) -> list[Group]:
    """Return the means of the evaluations by round, région, département, field, programme or provider."""
    return await grouped(context.database, by, Narrowed(round=asked), perimeter=context.perimeter)


@get("/statistics")
async def read_statistics(
    context: NamedDependency[AgentContext],
    region: Annotated[str, QueryParameter(max_length=3, description="Code of a région")] = "",
    departement: Annotated[str, QueryParameter(max_length=3, description="Code of a département")] = "",
    programme: FromQuery[Programme | None] = None,
) -> StatisticsView:
    """Return the figures of what the caller sees, or of a région, a département, a programme."""
    seen = wanted(context, region=region, departement=departement, programme=programme)
    return await statistics(context.database, perimeter=seen)


routes = Router("/", route_handlers=[list_evaluations, evaluation_results, read_statistics], tags=["results"])
