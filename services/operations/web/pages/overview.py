"""Pages: overview of concerns and figures, recorded actions, runbook."""

from typing import Annotated, Any, Final
from urllib.parse import urlencode

from litestar import Response, get
from litestar.di import NamedDependency
from litestar.params import FromQuery
from pydantic import Field

from services.operations.domain.actions import label_of
from services.operations.domain.services import FRENCH
from services.operations.reads.status import status
from services.operations.web import runbook, words
from services.operations.web.context import READERS, OperatorContext
from shared import clock
from shared.web.tables import Table, as_csv

SHOWN: Final = 100
EXPORTED: Final = 10_000


@get("/", guards=[READERS])
async def overview(context: NamedDependency[OperatorContext]) -> Response[Any]:
    """Answer: is all well?"""
    found = await status(context.connections, at=clock.now(), perimeter=context.perimeter)
    return context.page(
        "overview",
        status=found,
        lines=words.lines(found),
        columns=[{"label": label} for label in words.COLUMNS],
        behind=words.behind_lines(found),
        seen=context.perimeter,
        queues=found.queues,
    )


@get("/actions", guards=[READERS])
async def actions(
    context: NamedDependency[OperatorContext],
    q: FromQuery[Annotated[str, Field(max_length=200)]] = "",
    service: FromQuery[str] = "",
) -> Response[Any]:
    """List who did what, and why; whoever sees some départements only reads their own."""
    rows, away = await context.recorded(q, service, most=SHOWN)
    return context.page(
        "actions",
        away=away,
        rows=rows[:SHOWN],
        most=SHOWN,
        services=[("", "Tous"), *FRENCH.items()],
        query=urlencode({"q": q, "service": service}),
        label_of=label_of,
    )


@get("/actions.csv", guards=[READERS])
async def actions_as_csv(
    context: NamedDependency[OperatorContext],
    q: FromQuery[Annotated[str, Field(max_length=200)]] = "",
    service: FromQuery[str] = "",
) -> Response[bytes]:
    """Return the same actions, up to 10 000 of each service, as a file for spreadsheets."""
    rows, _ = await context.recorded(q, service, most=EXPORTED)
    cells = [(one.at.isoformat(), one.by, label_of(one.action), one.service, one.target, one.why) for one in rows]
    return as_csv(Table("actions", ("Quand", "Qui", "Quoi", "Service", "Sur quoi", "Motif"), cells))


@get(runbook.PAGE, guards=[READERS])
async def show_runbook(context: NamedDependency[OperatorContext]) -> Response[Any]:
    """Show the runbook: what each alert means and what to do."""
    return context.page("runbook", runbook=runbook.runbook())


routes = [overview, actions, actions_as_csv, show_runbook]
