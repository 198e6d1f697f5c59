"""The dashboard as it is asked for, by people and programs alike: since how many months, of which département."""

from dataclasses import dataclass
from datetime import date
from typing import Annotated, Final

from litestar.params import QueryParameter

from services.qualification.reads.dashboard import Dashboard, Scope, dashboard
from services.qualification.web.context import AgentContext, Parts
from shared.contracts.vocabulary import ApplicantKind

MONTHS: Final = (12, 3, 24, 60)
"""Periods that the page offers, in months."""

NAMED_BY: Final = (ApplicantKind.EPCI, ApplicantKind.COMMUNE, ApplicantKind.DEPARTEMENT, ApplicantKind.REGION)
"""Lists in which the code of a territory is looked up, in this order."""


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


async def figures_of(context: AgentContext, period: Period) -> Dashboard:
    """Count within the agent's perimeter, and name the territories."""
    today, perimeter = context.today, context.agent.perimeter
    scope = Scope(perimeter, period.departement, _months_back(today, period.months))
    counted = await context.database.cache.get(
        ("dashboard", repr(scope), today), lambda: dashboard(context.database, scope, today=today)
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
    """Give the official name of a code, whose kind its form tells; the code itself when it is in no list."""
    known = (parts.territories.find(kind, code) for kind in NAMED_BY)
    return next((territory.full_name for territory in known if territory), code)


def _months_back(today: date, months: int) -> date:
    """Give the beginning of the month that many months back, counting this one."""
    year, month = divmod(today.year * 12 + today.month - months, 12)
    return date(year, month + 1, 1)
