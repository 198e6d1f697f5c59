"""The page of the evaluations: averages, comparison of groups, then each answer."""

from enum import StrEnum
from typing import Any, Final

from litestar import Response, get
from litestar.di import NamedDependency
from litestar.params import FromQuery

from services.qualification.reads.evaluations import Dimension, Scope, averages, evaluations
from services.qualification.web.context import AgentContext
from services.qualification.web.figures import DIMENSIONS, compared
from shared.contracts.vocabulary import EvaluationRound, Field
from shared.french.numbers import number_fr
from shared.french.words import word
from shared.web.pages import render
from shared.web.paging import Page

MARKS: Final = ("Besoin satisfait", "Avancement", "Satisfaction")


@get("/tableau-de-bord/evaluations")
async def show_evaluations(
    context: NamedDependency[AgentContext],
    narrowed: NamedDependency[Scope],
    paging: NamedDependency[Page],
    compare: FromQuery[str] = "",
) -> Response[Any]:
    """Show the evaluations of the agent's départements."""
    by = next((one for one in Dimension if one == compare), Dimension.ANSWER)
    means = await averages(context.database, narrowed)
    return render(
        context.request,
        "evaluations/evaluations.html",
        means=means,
        marks=[
            (name, value, f"{number_fr(value, 1)} sur 5")
            for name, value in zip(MARKS, (means.need_met, means.progress, means.satisfaction), strict=True)
            if value is not None
        ],
        groups=await compared(context, by, narrowed),
        compared_by=DIMENSIONS[by],
        items=await evaluations(context.database, narrowed, limit=paging.limit, offset=paging.offset),
        paging=paging,
        filters=_filters(context),
    )


def _filters(context: AgentContext) -> list[dict[str, Any]]:
    filters: list[dict[str, Any]] = [
        {"name": "round", "label": "Moment", "options": [("", "Tous"), *_options(EvaluationRound)]},
        {"name": "field", "label": "Thématique", "options": [("", "Toutes"), *_options(Field)]},
        {
            "name": "compare",
            "label": "Comparer par",
            "options": [(one.value, shown) for one, shown in DIMENSIONS.items()],
        },
    ]
    if len(context.agent.departements) > 1:
        codes = [(code, code) for code in sorted(context.agent.departements)]
        filters.insert(0, {"name": "departement", "label": "Département", "options": [("", "Tous"), *codes]})
    return filters


def _options(values: type[StrEnum]) -> list[tuple[str, str]]:
    return [(value.value, word(value)) for value in values]


ROUTES = (show_evaluations,)
