"""Parameters and figures of the dashboard and of the evaluations, for pages and API."""

from dataclasses import dataclass
from datetime import date
from typing import Annotated, Final

from litestar.di import NamedDependency
from litestar.params import QueryParameter

from services.qualification.domain.moves import State
from services.qualification.reads import dashboard
from services.qualification.reads.evaluations import Dimension, Group, Scope, grouped
from services.qualification.web.context import AgentContext, Parts
from shared.contracts.vocabulary import ApplicantKind, EvaluationRound, Field, Programme
from shared.french import words
from shared.identity.model import Agent

MONTHS: Final = (12, 3, 24, 60)
"""Periods that the page offers, in months."""

NAMED_BY: Final = (ApplicantKind.EPCI, ApplicantKind.COMMUNE, ApplicantKind.DEPARTEMENT, ApplicantKind.REGION)
"""Lists in which the code of a territory is looked up, in this order."""
DIMENSIONS: Final = {
    Dimension.ANSWER: "Réponse",
    Dimension.TERRITORY: "Territoire",
    Dimension.FIELD: "Thématique",
    Dimension.PROGRAMME: "Programme",
    Dimension.PROVIDER: "Acteur local",
    Dimension.ROUND: "Moment",
}


@dataclass(frozen=True, slots=True)
class Period:
    """What is asked of the dashboard."""

    months: int
    departement: str | None


async def provide_period(
    months: Annotated[int, QueryParameter(ge=1, le=120, description="Months back, this one among them")] = 12,
    departement: Annotated[str | None, QueryParameter(description="Code of a département", max_length=3)] = None,
) -> Period:
    """Dependency `period`; months begin and end in Paris."""
    return Period(months, (departement or "").strip().upper() or None)


async def provide_scope(
    agent: NamedDependency[Agent],
    departement: Annotated[str, QueryParameter(description="Code of a département", max_length=3)] = "",
    in_round: Annotated[str, QueryParameter(name="round", description="completion or six_months")] = "",
    field: Annotated[str, QueryParameter(description="A field of the request")] = "",
) -> Scope:
    """Dependency `narrowed`, within the agent's perimeter; values that no list has narrow nothing."""
    return Scope(
        agent.perimeter,
        departement.strip().upper() or None,
        next((one for one in EvaluationRound if one == in_round), None),
        next((one for one in Field if one == field), None),
    )


async def figures_of(context: AgentContext, period: Period) -> dashboard.Dashboard:
    """Count within the agent's perimeter, and name the territories."""
    today, perimeter = context.today, context.agent.perimeter
    scope = dashboard.Scope(perimeter, period.departement, _months_back(today, period.months))
    counted = await context.database.cache.get(
        ("dashboard", repr(scope), today), lambda: dashboard.dashboard(context.database, scope, today=today)
    )
    found = counted.model_copy(deep=True)
    for territory in found.territories:
        territory.name = named(territory.code, context.parts)
    codes = [period.departement] if period.departement else sorted(perimeter or ())
    if perimeter is not None:
        codes = [code for code in codes if code in perimeter]
    found.envelope = await context.parts.envelope(context.database, codes, today) if codes else None
    return found


def named(code: str, parts: Parts) -> str:
    """Return the official name of a code, whose kind follows from its form; the code itself when it is in no list."""
    known = (parts.territories.find(kind, code) for kind in NAMED_BY)
    return next((territory.full_name for territory in known if territory), code)


async def compared(context: AgentContext, by: Dimension, scope: Scope) -> list[Group]:
    """Return the means by a dimension, each group with its words."""
    groups = await grouped(context.database, by, scope)
    for group in groups:
        group.name = _words(by, group.value, context.parts)
    return groups


def _words(by: Dimension, value: str, parts: Parts) -> str:
    match by:
        case Dimension.ANSWER:
            return words.state_word(State(value))
        case Dimension.TERRITORY:
            return named(value, parts)
        case Dimension.FIELD:
            return words.word(Field(value))
        case Dimension.PROGRAMME:
            return words.word(Programme(value))
        case Dimension.ROUND:
            return words.word(EvaluationRound(value))
        case Dimension.PROVIDER:
            return value


def _months_back(today: date, months: int) -> date:
    """Return the beginning of the month that many months back, counting this one."""
    year, month = divmod(today.year * 12 + today.month - months, 12)
    return date(year, month + 1, 1)
