"""Programmes, evaluations and figures, for those who want to know what came of it."""

from typing import Annotated, Any

from litestar import get
from litestar.di import NamedDependency
from litestar.params import FromPath, QueryParameter
from litestar.response import Template

from services.escalation.reads.programmes import (
    ProgrammeRequestState,
    count_programme_requests,
    programme_requests,
    programmes,
)
from services.escalation.reads.results import averages, evaluations, statistics
from services.escalation.usecases import acting, consultations
from services.escalation.web.pages.showing import Asked, show
from services.escalation.web.readers import programme_named
from shared import clock
from shared.contracts.vocabulary import CommitteeOutcome, Field, Programme
from shared.db import Cause, Database
from shared.identity.model import Agent
from shared.web.paging import Page
from shared.words import state_word, word

REQUEST_STATES: dict[ProgrammeRequestState, tuple[str, str]] = {
    "directed": ("Chez le programme", "running"),
    "evaluated": ("Évaluée", "done"),
    "closed": ("Close", "done"),
    "withdrawn": ("Retirée", "neutral"),
}
STAGES = {
    "admissibility": "De la réception à la recevabilité",
    "committee": "De la recevabilité à la décision",
    "mobilisation": "De la décision au début de l’accompagnement",
    "accompaniment": "Durée de l’accompagnement",
}


@get("/programmes")
async def list_programmes(
    request: Asked, database: NamedDependency[Database], agent: NamedDependency[Agent]
) -> Template:
    """Show the national programmes."""
    return show(
        request,
        "results/programmes.html",
        items=await programmes(database, perimeter=acting.perimeter(agent)),
    )


@get("/programmes/{programme:str}")
async def one_programme(
    request: Asked,
    programme: FromPath[str],
    database: NamedDependency[Database],
    cause: NamedDependency[Cause],
    agent: NamedDependency[Agent],
    paging: NamedDependency[Page],
    in_state: Annotated[str, QueryParameter(name="state")] = "",
) -> Template:
    """Show the requests directed to a programme; that they were read is traced."""
    wanted, perimeter = programme_named(programme, agent), acting.perimeter(agent)
    state = next((known for known in REQUEST_STATES if known == in_state), None)
    found = await programme_requests(
        database, wanted, state=state, perimeter=perimeter, limit=paging.limit, offset=paging.offset
    )
    async with database.transaction(cause) as tx:
        await consultations.trace(tx, (item.request_id for item in found), agent=agent, at=clock.now())
    return show(
        request,
        "results/programme.html",
        programme=wanted,
        items=found,
        total=await count_programme_requests(database, wanted, state=state, perimeter=perimeter),
        paging=paging,
        states=REQUEST_STATES,
        chosen=state,
    )


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


routes = [list_programmes, one_programme, list_evaluations, figures]
