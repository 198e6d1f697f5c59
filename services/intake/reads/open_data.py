"""Public figures as open data: a table with one figure per line, and the description of its columns.

The description is a Frictionless Data Package (https://datapackage.org), which programs can check the table against.
"""

from collections.abc import Iterator, Mapping
from typing import Any, Final

from services.intake.domain.disclosure import NOTE, STEP, WIDE_STEP
from services.intake.reads.delays import DELAY_STEPS
from services.intake.reads.outcomes import OUTCOMES
from services.intake.reads.statistics import Statistics
from shared.contracts.vocabulary import RequestKind

COLUMNS: Final[Mapping[str, tuple[str, str]]] = {
    "dimension": ("string", "Ce que la ligne compte ou mesure (voir les dimensions)."),
    "value": (
        "string",
        "La valeur de la dimension\u00a0: une nature, un département, un mois… Vide pour un total.",
    ),
    "requests": (
        "integer",
        f"Nombre de demandes, arrondi au multiple de {STEP} ou de {WIDE_STEP} inférieur. Vide\u00a0: zéro ou trop peu.",
    ),
    "median_days": ("number", "Délai médian depuis le dépôt, en jours."),
    "p90_days": ("number", "Neuf demandes sur dix ont attendu moins que ce délai, en jours."),
    "amount_cents": ("integer", "Montant total, en centimes d’euro, arrondi par défaut à deux chiffres significatifs."),
    "mean": ("number", "Moyenne des avis, de 1 (pas du tout) à 5 (entièrement)."),
}
"""Name of a column → its type in the Table Schema, and what it means."""

DIMENSIONS: Final[Mapping[str, str]] = {
    "total": f"Toutes les demandes déposées, arrondi à {WIDE_STEP}.",
    "kind": f"Demandes par nature, arrondi à {STEP}\u00a0: " + ", ".join(kind.value for kind in RequestKind) + ".",
    "departement": (
        f"Demandes par département en charge (code officiel géographique), arrondi à {STEP}. Absent\u00a0: trop petit."
    ),
    "region": f"Demandes par région du département en charge, arrondi à {WIDE_STEP}. Absent\u00a0: trop petit.",
    "month": f"Demandes par mois de dépôt (AAAA-MM, heure de Paris), arrondi à {WIDE_STEP}.",
    "answered": "Demandes qui ont reçu une réponse\u00a0: somme des réponses publiées.",
    "answered_locally": "Dont réponses d’un acteur local ou du département sur son enveloppe.",
    "delay": "Délai depuis le dépôt jusqu’à une étape, en jours entiers\u00a0: " + ", ".join(DELAY_STEPS) + ".",
    "outcome": f"Ce que deviennent les demandes, chacune une fois, arrondi à {STEP}\u00a0: "
    + ", ".join(OUTCOMES)
    + ".",
    "amount": ("Montants accordés\u00a0: national (comité de suivi de projet) et local (enveloppe du département)."),
    "evaluation": "Avis des demandeurs\u00a0: need_met (besoin satisfait), progress (avancement), satisfaction.",
}
"""What each dimension counts."""

NAME: Final = "cousu-main-statistiques"
LICENCE: Final = {
    "name": "etalab-2.0",
    "title": "Licence Ouverte 2.0",
    "path": "https://www.etalab.gouv.fr/licence-ouverte-open-licence",
}


def lines(figures: Statistics) -> Iterator[tuple[object, ...]]:
    """Write the figures, one a line, in the order of `COLUMNS`."""
    yield _line("total", "", requests=figures.total)
    groups = (
        ("kind", figures.by_kind),
        ("departement", figures.by_departement),
        ("region", figures.by_region),
        ("month", figures.by_month),
    )
    for dimension, counts in groups:
        for value, count in counts.items():
            yield _line(dimension, value, requests=count)
    yield _line("answered", "", requests=figures.answered)
    yield _line("answered_locally", "", requests=figures.answered_locally)
    for delay in figures.delays:
        yield _line("delay", delay.step, median_days=delay.median_days, p90_days=delay.p90_days)
    for outcome, count in figures.outcomes.items():
        yield _line("outcome", outcome, requests=count)
    yield _line("amount", "national", amount_cents=figures.amounts.national_granted_cents)
    yield _line("amount", "local", amount_cents=figures.amounts.local_support_cents)
    for measure in ("need_met", "progress", "satisfaction"):
        yield _line("evaluation", measure, requests=figures.opinions.answers, mean=getattr(figures.opinions, measure))


def description(address: str) -> dict[str, Any]:
    """Describe the table; `address` is where the site is reached."""
    return {
        "$schema": "https://datapackage.org/profiles/2.0/datapackage.json",
        "name": NAME,
        "title": "Demandes d’ingénierie déposées dans Cousu-main",
        "description": f"Chiffres publics, sans donnée personnelle, arrêtés à intervalle régulier. {NOTE}",
        "homepage": f"{address}/statistiques",
        "licenses": [LICENCE],
        "resources": [
            {
                "name": "statistiques",
                "path": f"{address}/api/v1/statistics.csv",
                "format": "csv",
                "mediatype": "text/csv",
                "encoding": "utf-8",
                "dialect": {"delimiter": ",", "header": True},
                "schema": {
                    "$schema": "https://datapackage.org/profiles/2.0/tableschema.json",
                    "fields": [_field(name, *described) for name, described in COLUMNS.items()],
                    "missingValues": [""],
                    "primaryKey": ["dimension", "value"],
                },
            }
        ],
    }


def _field(name: str, kind: str, means: str) -> dict[str, Any]:
    described: dict[str, Any] = {"name": name, "type": kind, "description": means}
    if name == "dimension":
        described["constraints"] = {"required": True, "enum": list(DIMENSIONS)}
        described["categories"] = [{"value": value, "label": label} for value, label in DIMENSIONS.items()]
    return described


def _line(dimension: str, value: str, **figures: float | None) -> tuple[object, ...]:
    measured = (figures.get(name) for name in list(COLUMNS)[2:])
    return (dimension, value, *("" if figure is None else figure for figure in measured))
