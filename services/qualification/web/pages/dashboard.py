"""The page of the dashboard: charts, each with a sentence that says what they show."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from litestar import Response, get
from litestar.di import NamedDependency

from services.qualification.reads.dashboard import Dashboard, Month, Share
from services.qualification.web.context import AgentContext
from services.qualification.web.figures import MONTHS, Period, figures_of
from shared.french import words
from shared.french.numbers import number_fr, percent_fr, plural_fr
from shared.web.pages import render

NAMES: Final = (
    "janvier février mars avril mai juin juillet août septembre octobre novembre décembre".split()  # noqa: SIM905 - one line, read as one
)
AGES: Final = ("moins de 15\u00a0jours", "15 à 30\u00a0jours", "1 à 3\u00a0mois", "plus de 3\u00a0mois")
"""Classes of age, as in `reads/dashboard.py`."""

STAGES: Final[Mapping[str, str]] = {
    stage.value: word for table in (words.STAGE, words.LOCAL_STAGE) for stage, word in table.items()
}
"""The words of the stages whose delays are measured."""

LETTERED: Final = 24
"""Months of which each has its initial under its column."""

LATE_IN_THE_YEAR: Final = 10
"""From this month on, the year of the first column would run into the next one."""

OLD: Final = 2
"""The first class of age that one should look at."""


@get("/tableau-de-bord")
async def show_dashboard(context: NamedDependency[AgentContext], period: NamedDependency[Period]) -> Response[Any]:
    """Show the figures of the agent's départements."""
    found = await figures_of(context, period)
    return render(
        context.request,
        "dashboard/dashboard.html",
        figures=found,
        period=period,
        filters=_filters(context, period),
        ages=AGES,
        waiting=sum(stock.cases for stock in found.stock),
        inflow=[(f"{NAMES[each.month.month - 1]} {each.month.year}", each.cases) for each in found.inflow],
        inflow_marks=_marks(found.inflow),
        inflow_sentence=_inflow_sentence(found),
        stock=[(words.STATE[stock.state], stock.ages) for stock in found.stock if stock.cases],
        stock_sentence=_stock_sentence(found),
        delays=[(STAGES[delay.stage], delay) for delay in found.delays],
        medians=[
            (STAGES[delay.stage], delay.median_days, f"{number_fr(delay.median_days, 1)}\u00a0jours")
            for delay in found.delays
        ],
        outcomes=[(words.STATE[state], cases) for state, cases in found.outcomes.items()],
        outcomes_sentence=_outcomes_sentence(found.total),
        fields=[(words.FIELD[share.field], share) for share in found.fields],
        territories=[(share.name, share) for share in found.territories],
    )


def _filters(context: AgentContext, period: Period) -> list[dict[str, Any]]:
    months = [(str(each), f"{each} derniers mois") for each in dict.fromkeys((period.months, *MONTHS))]
    filters: list[dict[str, Any]] = [{"name": "months", "label": "Demandes arrivées depuis", "options": months}]
    if len(context.agent.departements) > 1:
        codes = [(code, code) for code in sorted(context.agent.departements)]
        filters.append({"name": "departement", "label": "Département", "options": [("", "Tous"), *codes]})
    return filters


def _marks(inflow: Sequence[Month]) -> list[tuple[str, str]]:
    """Return what stands under each month: its initial where there is room, and the year where one begins."""
    marks = []
    for place, month in enumerate(each.month for each in inflow):
        initial = NAMES[month.month - 1][0].upper() if len(inflow) <= LETTERED else ""
        begins = month.month == 1 or (place == 0 and month.month < LATE_IN_THE_YEAR)
        marks.append((initial, str(month.year) if begins else ""))
    return marks


def _inflow_sentence(found: Dashboard) -> str:
    total = found.total.cases
    if not total:
        return "Aucune demande n’est arrivée pendant cette période."
    mean = number_fr(total / len(found.inflow), 1)
    return f"{plural_fr(total, 'demande')} sur la période, {mean} par mois en moyenne."


def _stock_sentence(found: Dashboard) -> str:
    waiting = sum(stock.cases for stock in found.stock)
    old = sum(sum(stock.ages[OLD:]) for stock in found.stock)
    if not waiting:
        return "Aucune demande n’attend de réponse."
    return f"{plural_fr(waiting, 'demande')} sans réponse aujourd’hui, dont {old} depuis plus de 30\u00a0jours."


def _outcomes_sentence(total: Share) -> str:
    if total.local_share is None:
        return "Aucune demande de la période n’a encore de réponse."
    return f"{percent_fr(total.local_share)} des réponses sont locales\u00a0: acteur local, ou soutien du département."


ROUTES = (show_dashboard,)
