"""API of the dashboard and the evaluations."""

from litestar import Router, get
from litestar.di import NamedDependency, Provide
from litestar.params import FromQuery

from services.qualification.reads.dashboard import Dashboard
from services.qualification.reads.evaluations import Dimension, Evaluation, Group, Scope, averages, evaluations
from services.qualification.web.context import AgentContext
from services.qualification.web.figures import Period, compared, figures_of, provide_period, provide_scope
from shared.identity.model import Role
from shared.web.access import only
from shared.web.paging import Page, Paged


@get("/dashboard", summary="The figures of the départements")
async def show_dashboard(context: NamedDependency[AgentContext], period: NamedDependency[Period]) -> Dashboard:
    """Count what came, what waits, how long stages took and what was answered, within the caller's perimeter."""
    return await figures_of(context, period)


@get("/evaluations", summary="What applicants say of the result")
async def list_evaluations(
    context: NamedDependency[AgentContext], narrowed: NamedDependency[Scope], paging: NamedDependency[Page]
) -> Paged[Evaluation]:
    """List the evaluations of the caller's départements, the latest first, beside what was answered and paid."""
    return Paged(
        items=await evaluations(context.database, narrowed, limit=paging.limit, offset=paging.offset),
        total=(await averages(context.database, narrowed)).count,
        page=paging.number,
    )


@get("/evaluations/results", summary="Their means by answer, territory, field, programme, provider or round")
async def evaluation_results(
    context: NamedDependency[AgentContext], narrowed: NamedDependency[Scope], by: FromQuery[Dimension]
) -> list[Group]:
    """Return the means of the evaluations of the caller's départements, group by group."""
    return await compared(context, by, narrowed)


FIGURES_API = Router(
    "/",
    route_handlers=[show_dashboard, list_evaluations, evaluation_results],
    dependencies={"period": Provide(provide_period), "narrowed": Provide(provide_scope)},
    guards=[only(Role.SAT_AGENT, Role.DELEGATE, Role.AUDITOR)],
    tags=["Qualification"],
)
