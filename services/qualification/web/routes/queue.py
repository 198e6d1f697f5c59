"""The queue of the département, and what waits for the délégué."""

from typing import Any

from litestar import Response, get
from litestar.di import NamedDependency

from services.qualification.domain.moves import State
from services.qualification.reads import queue as reads
from services.qualification.usecases.telling import official
from services.qualification.web.asked import Asked
from services.qualification.web.visit import Visit
from services.qualification.web.words import TONES, state_options
from shared.web.pages import render
from shared.web.paging import Page
from shared.words import OUTCOME, STATE


@get("/")
async def show_queue(
    visit: NamedDependency[Visit], asked: NamedDependency[Asked], paging: NamedDependency[Page]
) -> Response[Any]:
    """Show the queue, with its filters in the address."""
    agent = visit.agent
    cases, total = await _cases(visit, asked.filters, paging, asked.sort)
    counts = await reads.counts(visit.database, perimeter=agent.perimeter, me=agent.email, today=visit.today)
    return render(
        visit.request,
        "cases/queue.html",
        cases=cases,
        total=total,
        page_asked=paging,
        counts=counts,
        filters=_filters(visit),
        kept=visit.kept,
        today=visit.today,
        tones=TONES,
        states=STATE,
        all_states=state_options(),
    )


@get("/a-valider")
async def show_proposals(visit: NamedDependency[Visit], paging: NamedDependency[Page]) -> Response[Any]:
    """Show what waits for a validation."""
    cases, total = await _cases(visit, reads.Filters(states=(State.PROPOSED,)), paging, None)
    return render(
        visit.request,
        "cases/to_validate.html",
        cases=cases,
        total=total,
        page_asked=paging,
        today=visit.today,
        outcomes=OUTCOME,
    )


async def _cases(
    visit: Visit, filters: reads.Filters, page: Page, sort: reads.Sort | None
) -> tuple[list[reads.QueueItem], int]:
    return await reads.queue(
        visit.database,
        filters,
        perimeter=visit.agent.perimeter,
        who=official(visit.agent),
        today=visit.today,
        page=page,
        sort=sort,
    )


def _filters(visit: Visit) -> list[dict[str, Any]]:
    filters: list[dict[str, Any]] = [
        {"name": "state", "label": "État", "options": [("", "Tous les états"), *state_options()]},
        {
            "name": "assignee",
            "label": "Responsable",
            "options": [("", "Tous"), ("me", "Moi"), (reads.NOBODY, "Personne")],
        },
        {
            "name": "overdue",
            "label": "Délai",
            "options": [("", "Tous"), ("true", "En retard"), ("false", "Dans les délais")],
        },
    ]
    if len(visit.agent.departements) > 1:
        codes = [(code, code) for code in sorted(visit.agent.departements)]
        filters.append({"name": "departement", "label": "Département", "options": [("", "Tous"), *codes]})
    return filters


ROUTES = (show_queue, show_proposals)
