"""Is all well, and who did what?"""

from typing import Any

from litestar import Request, Response, get
from litestar.di import NamedDependency

from shared import clock
from shared.identity.model import Agent
from shared.operations import record
from shared.operations.reach import Reach
from shared.operations.status import status
from shared.operations.web import concerns, words
from shared.operations.web.pages.acting import READERS, away_words
from shared.web.pages import render


@get("/", guards=[READERS])
async def overview(
    request: Request[Any, Any, Any], reach: NamedDependency[Reach], agent: NamedDependency[Agent]
) -> Response[Any]:
    """Answer: is all well?"""
    found = await status(reach, at=clock.now(), perimeter=agent.perimeter)
    return render(
        request,
        "operations/overview.html",
        status=found,
        concerns=[concerns.told(concern) for concern in found.concerns],
        lines=words.lines(found),
        columns=[{"label": label} for label in words.COLUMNS],
        behind=words.behind_lines(found),
        seen=agent.perimeter,
        queues=found.queues,
        service_word=words.service_word,
    )


@get("/actions", guards=[READERS])
async def actions(
    request: Request[Any, Any, Any], reach: NamedDependency[Reach], agent: NamedDependency[Agent]
) -> Response[Any]:
    """List who did what, and why; whoever sees some départements only reads his own."""
    by = None if agent.perimeter is None else agent.email
    rows, away = await reach.from_all(None, lambda one: record.latest(one.database, one.name, by=by))
    return render(
        request,
        "operations/actions.html",
        rows=sorted(rows, key=lambda one: one.at, reverse=True)[:100],
        away=away_words(away),
        actions=words.ACTION,
        service_word=words.service_word,
    )
