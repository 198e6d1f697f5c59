"""Evaluations and figures, for those who want to know what came of it."""

from typing import Annotated, Any

from litestar import get
from litestar.di import NamedDependency
from litestar.params import QueryParameter
from litestar.response import Template

from services.escalation.reads.results import averages, evaluations, statistics
from services.escalation.usecases import acting
from services.escalation.web.pages.showing import Asked, show
from shared.contracts.vocabulary import CommitteeOutcome, Field, Programme
from shared.db import Database
from shared.identity.model import Agent
from shared.web.paging import Page
from shared.words import state_word, word

STAGES = {
    "admissibility": "De la réception à la recevabilité",
    "committee": "De la recevabilité à la décision",
    "mobilisation": "De la décision au début de l’accompagnement",
    "accompaniment": "Durée de l’accompagnement",
}


@get("/evaluations")
async def list_evaluations(
    request: Asked,
    database: NamedDependency[Database],
    agent: NamedDependency[Agent],
    paging: NamedDependency[Page],
    programme: Annotated[str, QueryParameter()] = "",
) -> Template:
    """Show what applicants said of the result."""
    perimeter = acting.perimeter(agent)
    wanted = Programme(programme) if programme in {known.value for known in Programme} else None
    return show(
        request,
        "results/evaluations.html",
        items=await evaluations(
            database,
            departement=None,
            programme=wanted,
            perimeter=perimeter,
            limit=paging.limit,
            offset=paging.offset,
        ),
        means=await averages(database, programme=wanted, perimeter=perimeter),
        paging=paging,
        programmes=[("", "Tous"), *((known.value, word(known)) for known in Programme)],
        chosen=wanted,
    )


@get("/chiffres")
async def figures(request: Asked, database: NamedDependency[Database], agent: NamedDependency[Agent]) -> Template:
    """Show the figures of the national team."""
    found = await statistics(database, perimeter=acting.perimeter(agent))
    return show(
        request,
        "results/figures.html",
        figures=found,
        by_state=_rows({state_word(state): number for state, number in found.by_state.items()}),
        by_field=_rows({word(Field(field)): number for field, number in found.by_field.items()}),
        by_departement=_rows(found.by_departement),
        outcomes=_rows({word(CommitteeOutcome(outcome)): number for outcome, number in found.outcomes.items()}),
        stages=[(STAGES[name], delay) for name, delay in found.delays.items()],
    )


def _rows(counts: dict[str, int]) -> list[Any]:
    return list(counts.items())


routes = [list_evaluations, figures]
