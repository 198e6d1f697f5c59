"""What the département's applicants say of the result, for programs that act as an agent."""

from litestar import Router, get
from litestar.di import NamedDependency, Provide
from litestar.params import FromQuery

from services.qualification.reads.evaluations import Dimension, Evaluation, Group, Scope, averages, evaluations
from services.qualification.web.context import Parts
from services.qualification.web.evaluations import compared, provide_scope
from shared.db import Database
from shared.identity.model import Role
from shared.web.access import only
from shared.web.paging import Page, Paged


@get("/evaluations", summary="What applicants say of the result")
async def list_evaluations(
    database: NamedDependency[Database], narrowed: NamedDependency[Scope], paging: NamedDependency[Page]
) -> Paged[Evaluation]:
    """List the evaluations of the caller's départements, the latest first, beside what was answered and paid."""
    return Paged(
        items=await evaluations(database, narrowed, limit=paging.limit, offset=paging.offset),
        total=(await averages(database, narrowed)).count,
        page=paging.number,
    )


@get("/evaluations/results", summary="Their means by answer, territory, field, programme, provider or round")
async def evaluation_results(
    database: NamedDependency[Database],
    narrowed: NamedDependency[Scope],
    parts: NamedDependency[Parts],
    by: FromQuery[Dimension],
) -> list[Group]:
    """Give the means of the evaluations of the caller's départements, group by group."""
    return await compared(database, by, narrowed, parts)


EVALUATIONS_API = Router(
    "/",
    route_handlers=[list_evaluations, evaluation_results],
    dependencies={"narrowed": Provide(provide_scope)},
    guards=[only(Role.SAT_AGENT, Role.DELEGATE, Role.AUDITOR)],
    tags=["Qualification"],
)
