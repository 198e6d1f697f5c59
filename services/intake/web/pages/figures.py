"""Pages of the public figures and of the public profile of each territory."""

from collections.abc import Iterable
from typing import Annotated, Final

from litestar import Router, get
from litestar.di import NamedDependency
from litestar.params import FromPath, QueryParameter
from litestar.response import Template

from services.intake.domain.disclosure import Rhythm
from services.intake.reads.profile import profile
from services.intake.reads.statistics import Statistics, statistics
from services.intake.usecases.territory_search import spoken
from services.intake.web.context import VisitorContext
from services.intake.web.places import official_place, today
from shared.contracts.vocabulary import Programme, RequestKind
from shared.french.words import APPLICANT_KIND, word
from shared.territory.model import Departement, Territory
from shared.territory.similarity import HOW, WEIGHED
from shared.web.pages import render
from shared.web.sankey import outcome_branches, sankey, sankey_rows
from shared.web.tile_map import tile_map

DELAYS: Final = {
    "registration": "Enregistrement par le département",
    "examination": "Début de l’examen",
    "first_answer": "Première réponse du département",
    "local_start": "Début de l’accompagnement local",
    "local_completion": "Fin de l’accompagnement local",
    "committee_decision": "Décision du comité",
    "completion": "Fin de l’accompagnement",
}
MONTHS: Final = (
    "janvier", "février", "mars", "avril", "mai", "juin", "juillet", "août", "septembre", "octobre", "novembre",
    "décembre",
)  # fmt: skip
TOO_FEW: Final = "trop peu pour être publié, ou aucune"
EVERY: Final = {
    Rhythm.MONTH: "une fois par mois",
    Rhythm.WEEK: "une fois par semaine",
    Rhythm.DAY: "une fois par jour",
    Rhythm.MOMENT: "toutes les quelques secondes, pour cette démonstration",
}
"""How often figures are published, in the words of the page."""

BY_FIVE: Final = "Au multiple de cinq inférieur."
BY_TEN: Final = "À la dizaine inférieure."
FOUND: Final = 30
"""Territories that a search shows."""


@get("/statistiques", public=True)
async def figures(context: NamedDependency[VisitorContext]) -> Template:
    """Show the public figures."""
    found = await statistics(context.database)
    names = {one.code: spoken(one.name) for one in context.parts.territories.departements()}
    whole = outcome_branches(found.outcomes)
    return render(
        context.request,
        "public/statistics.html",
        figures=found,
        every=EVERY[context.parts.settings.figures_every],
        charts_of=_charts(found),
        delays=DELAYS,
        map=tile_map(names, {code: found.by_departement.get(code) for code in names}, hidden=TOO_FEW),
        by_departement=[
            (f"{name} ({code})", shown or 0, TOO_FEW.capitalize() if shown is None else None, code)
            for code, name in names.items()
            for shown in [found.by_departement.get(code)]
        ],
        sankey=sankey(whole),
        sankey_rows=sankey_rows(whole),
    )


@get("/territoires", public=True)
async def find_territory(
    context: NamedDependency[VisitorContext], q: Annotated[str, QueryParameter(max_length=200)] = ""
) -> Template:
    """Find a territory, or choose a région or a département."""
    territories = context.parts.territories
    return render(
        context.request,
        "public/territories.html",
        typed=q,
        found=[(one, spoken(one.full_name)) for one in territories.search(q, limit=FOUND)] if q.strip() else [],
        kinds=APPLICANT_KIND,
        regions=_named(territories.regions()),
        departements=_named(territories.departements()),
        source=territories.source.sentence,
    )


@get("/territoires/{kind:str}/{code:str}", public=True)
async def show_territory(
    context: NamedDependency[VisitorContext], kind: FromPath[str], code: FromPath[str]
) -> Template:
    """Show the public profile of a territory."""
    parts = context.parts
    territory = official_place(parts.territories, kind, code)
    return render(
        context.request,
        "public/territory.html",
        profile=await profile(context.database, parts.territories, parts.similarity, territory, today=today()),
        spoken=spoken,
        programmes={one.value: word(one) for one in Programme},
        how=HOW[territory.kind],
        weighed=WEIGHED,
    )


def _named(found: Iterable[Territory | Departement]) -> list[tuple[str, str]]:
    return [(one.code, spoken(one.name)) for one in found]


def _charts(found: Statistics) -> list[tuple[str, list[tuple[str, int]], str]]:
    """Name the groups of each figure, the largest first; months in their order. Each with what is to be known of it."""
    return [
        (
            "Ce qui est demandé",
            _largest_first({word(RequestKind(key)): n for key, n in found.by_kind.items() if n}),
            BY_FIVE,
        ),
        ("Par mois de dépôt", [(_month(key), n) for key, n in sorted(found.by_month.items()) if n], BY_TEN),
    ]


def _largest_first(counts: dict[str, int]) -> list[tuple[str, int]]:
    return sorted(counts.items(), key=lambda item: (-item[1], item[0]))


def _month(key: str) -> str:
    year, month = key.split("-")
    return f"{MONTHS[int(month) - 1]} {year}"


routes = Router("/", route_handlers=[figures, find_territory, show_territory])
