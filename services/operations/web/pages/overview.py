"""Is all well, and who did what?"""

from typing import Annotated, Any, Final
from urllib.parse import urlencode

from litestar import Request, Response, get
from litestar.di import NamedDependency
from litestar.params import FromQuery
from pydantic import Field

from services.operations.adapters.connections import Connections
from services.operations.domain.services import FRENCH, service_word
from services.operations.reads.status import status
from services.operations.store import record
from services.operations.store.record import Operation
from services.operations.web import help_pages, words
from services.operations.web.pages.acting import READERS, away_words
from shared import clock
from shared.db import Database
from shared.identity.model import Agent
from shared.web.pages import render
from shared.web.tables import Table, as_csv

SHOWN: Final = 100
EXPORTED: Final = 10_000


@get("/", guards=[READERS])
async def overview(
    request: Request[Any, Any, Any], connections: NamedDependency[Connections], agent: NamedDependency[Agent]
) -> Response[Any]:
    """Answer: is all well?"""
    found = await status(connections, at=clock.now(), perimeter=agent.perimeter)
    return render(
        request,
        "operations/overview.html",
        status=found,
        help=help_pages.anchor,
        lines=words.lines(found),
        columns=[{"label": label} for label in words.COLUMNS],
        behind=words.behind_lines(found),
        seen=agent.perimeter,
        queues=found.queues,
        service_word=service_word,
    )


@get("/actions", guards=[READERS])
async def actions(
    request: Request[Any, Any, Any],
    connections: NamedDependency[Connections],
    agent: NamedDependency[Agent],
    database: NamedDependency[Database],
    q: FromQuery[Annotated[str, Field(max_length=200)]] = "",
    service: FromQuery[str] = "",
) -> Response[Any]:
    """List who did what, and why; whoever sees some départements only reads their own."""
    rows, away = await _latest(connections, database, agent, q, service, most=SHOWN)
    return render(
        request,
        "operations/actions.html",
        rows=rows[:SHOWN],
        most=SHOWN,
        services=[("", "Tous"), *FRENCH.items()],
        query=urlencode({"q": q, "service": service}),
        away=away_words(away),
        actions=words.ACTION,
        service_word=service_word,
    )


@get("/actions.csv", guards=[READERS])
async def actions_as_csv(
    connections: NamedDependency[Connections],
    agent: NamedDependency[Agent],
    database: NamedDependency[Database],
    q: FromQuery[Annotated[str, Field(max_length=200)]] = "",
    service: FromQuery[str] = "",
) -> Response[bytes]:
    """Give the same actions, up to 10 000 of each service, as a file for spreadsheets."""
    rows, _ = await _latest(connections, database, agent, q, service, most=EXPORTED)
    cells = [
        (one.at.isoformat(), one.by, words.ACTION.get(one.action, one.action), one.service, one.target, one.why)
        for one in rows
    ]
    return as_csv(Table("actions", ("Quand", "Qui", "Quoi", "Service", "Sur quoi", "Motif"), cells))


async def _latest(
    connections: Connections, database: Database, agent: Agent, text: str, service: str, *, most: int
) -> tuple[list[Operation], list[str]]:
    """Give the actions of one service or of all, newest first, and who is away.

    Among all are the rights of this page's own agents, which are kept in its own `database`.
    """
    by = None if agent.perimeter is None else agent.email
    rows, away = await connections.from_all(
        service or None,
        lambda one: record.latest(one.database, one.name, most=most, by=by, containing=text.strip()),
    )
    if not service:
        rows = [*rows, *await record.latest(database, "operations", most=most, by=by, containing=text.strip())]
    return sorted(rows, key=lambda one: one.at, reverse=True), away
