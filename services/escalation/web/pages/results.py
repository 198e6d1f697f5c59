"""Pages of evaluations and figures."""

from collections.abc import Mapping
from typing import Any, Final

from litestar import get
from litestar.di import NamedDependency
from litestar.response import Template

from services.escalation.reads.evaluations import Dimension, Narrowed, evaluations, grouped, summed
from services.escalation.reads.overview import MoneyRow
from services.escalation.reads.results import statistics
from services.escalation.web.context import AgentContext
from services.escalation.web.readers import wanted
from services.escalation.web.showing import FilterView, choices, known, show
from shared.contracts.vocabulary import ApplicantKind, CommitteeOutcome, EvaluationRound, Field, Programme
from shared.evaluations import Averages
from shared.french.numbers import euros, number_fr
from shared.french.words import state_word, word
from shared.territory.territories import Territories
from shared.web.paging import Page
from shared.web.sankey import outcome_branches, sankey, sankey_rows
from shared.web.tile_map import tile_map

DIMENSIONS: Final[Mapping[str, str]] = {
    Dimension.PROGRAMME.value: "Programme",
    Dimension.DEPARTEMENT.value: "Département",
    Dimension.REGION.value: "Région",
    Dimension.FIELD.value: "Thématique",
    Dimension.PROVIDER.value: "Prestataire ou acteur local",
    Dimension.ROUND.value: "Moment",
}
WITHOUT: Final[Mapping[Dimension, str]] = {
    Dimension.PROGRAMME: "Sans programme",
    Dimension.REGION: "Région inconnue",
    Dimension.FIELD: "Sans thématique",
    Dimension.PROVIDER: "Sans prestataire connu",
}
"""What stands for the answers that have no value of a dimension; all have a département and a moment."""
STAGES: Final = {
    "admissibility": "De la réception à la recevabilité",
    "committee": "De la recevabilité à la décision",
    "mobilisation": "De la décision au début de l’accompagnement",
    "accompaniment": "Durée de l’accompagnement",
}


@get("/evaluations")
async def list_evaluations(context: NamedDependency[AgentContext], paging: NamedDependency[Page]) -> Template:
    """Show what applicants said of the result, and the means of groups of answers."""
    database, territories = context.database, context.parts.territories
    perimeter, asked = context.perimeter, context.request.query_params
    narrowed = _narrowed(asked)
    by = known(Dimension, asked.get("by")) or Dimension.PROGRAMME
    names = {one.code: f"{_spoken(one.name)} ({one.code})" for one in territories.departements()}
    regions = {one.code: one.name for one in territories.all_of(ApplicantKind.REGION)}
    groups: list[tuple[str, Averages, int]] = [
        (_label(by, group.value, names, regions), group, group.cost_cents)
        for group in await grouped(database, by, narrowed, perimeter=perimeter)
    ]
    if by in WITHOUT:
        rest = await summed(database, narrowed, perimeter=perimeter, without=by)
        groups += [(WITHOUT[by], rest.averages, rest.cost_cents)] if rest.averages.count else []
    total = await summed(database, narrowed, perimeter=perimeter)
    return show(
        context,
        "results/evaluations.html",
        items=await evaluations(database, narrowed, perimeter=perimeter, limit=paging.limit, offset=paging.offset),
        means=total.averages,
        groups=[*groups, ("Total", total.averages, total.cost_cents)] if groups else [],
        by=by,
        paging=paging,
        filters=[
            FilterView("round", "Moment", choices(EvaluationRound, blank="Tous")),
            FilterView("programme", "Programme", choices(Programme, blank="Tous")),
            FilterView("field", "Thématique", choices(Field, blank="Tous")),
            FilterView("departement", "Département", [("", "Tous"), *names.items()]),
            FilterView("by", "Comparer par", list(DIMENSIONS.items())),
        ],
        dimensions=DIMENSIONS,
    )


def _narrowed(asked: Mapping[str, str]) -> Narrowed:
    """Read the filters of the address; values that do not exist narrow nothing."""
    return Narrowed(
        departement=asked.get("departement") or None,
        programme=known(Programme, asked.get("programme")),
        field=known(Field, asked.get("field")),
        provider=asked.get("q") or None,
        round=known(EvaluationRound, asked.get("round")),
    )


def _spoken(name: str) -> str:
    """Write an official name with the apostrophe that French wants."""
    return name.replace("'", "’")


def _label(by: Dimension, value: str, departements: Mapping[str, str], regions: Mapping[str, str]) -> str:
    """Return the words of a group's value."""
    match by:
        case Dimension.ROUND:
            return word(EvaluationRound(value))
        case Dimension.PROGRAMME:
            return word(Programme(value))
        case Dimension.FIELD:
            return word(Field(value))
        case Dimension.DEPARTEMENT:
            return departements.get(value, value)
        case Dimension.REGION:
            return regions.get(value, value)
        case Dimension.PROVIDER:
            return value


@get("/chiffres")
async def figures(context: NamedDependency[AgentContext]) -> Template:
    """Show the figures of all requests, and of the national team's work; of a région, a département or a programme."""
    asked, territories = context.request.query_params, context.parts.territories
    perimeter = wanted(
        context,
        region=asked.get("region", ""),
        departement=asked.get("departement", ""),
        programme=known(Programme, asked.get("programme")),
    )
    found = await statistics(context.database, perimeter=perimeter)
    names = {one.code: _spoken(one.name) for one in territories.departements()}
    of_all = found.all_requests
    whole = outcome_branches(of_all.outcomes)
    return show(
        context,
        "results/figures.html",
        figures=found,
        filters=_places(territories, names),
        money=_money(of_all.money),
        marks=_marks(found.evaluations),
        map=tile_map(names, of_all.by_departement, hidden=""),
        requests_of=[
            (f"{names.get(code, code)} ({code})", count, None, code) for code, count in of_all.by_departement.items()
        ],
        sankey=sankey(whole),
        sankey_rows=sankey_rows(whole),
        by_state=_rows({state_word(state): number for state, number in found.by_state.items()}),
        by_field=_rows({word(Field(field)): number for field, number in found.by_field.items()}),
        outcomes=_rows({word(CommitteeOutcome(outcome)): number for outcome, number in found.outcomes.items()}),
        stages=[
            ("Du dépôt à l’enregistrement", of_all.registration),
            ("Du dépôt à la première réponse du département", of_all.first_answer),
            *((STAGES[name], delay) for name, delay in found.delays.items()),
        ],
    )


def _places(territories: Territories, names: dict[str, str]) -> list[FilterView]:
    regions = [(one.code, one.name) for one in territories.regions()]
    departements = [(code, f"{code} {name}") for code, name in names.items()]
    return [
        FilterView("region", "Région", [("", "Toutes"), *regions]),
        FilterView("departement", "Département", [("", "Tous"), *departements]),
        FilterView("programme", "Programme", choices(Programme, blank="Tous")),
    ]


def _money(money: MoneyRow) -> list[tuple[str, int, str]]:
    amounts = (
        ("Accordés par le comité", money.granted_cents),
        ("Engagés au national", money.committed_cents),
        ("Dont livrés", money.delivered_cents),
        ("Accordés par les départements", money.local_support_cents),
    )
    return [(name, cents, euros(cents)) for name, cents in amounts]


def _marks(means: Averages) -> list[tuple[str, float, str]]:
    marks = (
        ("Besoin satisfait", means.need_met),
        ("Avancement du projet", means.progress),
        ("Satisfaction", means.satisfaction),
    )
    return [(name, mark, f"{number_fr(mark, 1)} sur 5") for name, mark in marks if mark is not None]


def _rows(counts: dict[str, int]) -> list[Any]:
    return list(counts.items())


routes = [list_evaluations, figures]
