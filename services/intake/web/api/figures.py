"""Official territories and public figures, for anybody."""

import csv
import io
from collections.abc import Iterable, Iterator
from typing import Annotated, Final

from litestar import Response, Router, get
from litestar.di import NamedDependency
from litestar.params import QueryParameter
from pydantic import BaseModel

from services.intake.reads.statistics import Statistics, statistics
from shared import clock
from shared.contracts.vocabulary import ApplicantKind
from shared.db import Database
from shared.errors import Invalid
from shared.territory.model import Territory
from shared.territory.territories import Territories
from shared.web.paging import Page, Paged, paged

MOST: Final = 1_000
"""More territories than anybody pages through for one search."""


class TerritoryView(BaseModel):
    """An official territory; `departement` is None for a région across several."""

    kind: ApplicantKind
    code: str
    name: str
    departement: str | None
    departements: list[str]
    population: int | None


@get("/territories", public=True)
async def territories_by_name(
    territories: NamedDependency[Territories],
    paging: NamedDependency[Page],
    q: Annotated[str, QueryParameter(max_length=200, description="A name or a code")] = "",
    kind: Annotated[str | None, QueryParameter(description="commune, epci, departement or region")] = None,
    departement: Annotated[str | None, QueryParameter(max_length=3, description="Only what lies there")] = None,
) -> Paged[TerritoryView]:
    """Find official territories by name or code, best first."""
    found = _found(territories, q, _kind(kind), departement)
    return paged(found[paging.offset : paging.offset + paging.limit], len(found), paging, _territory_view)


@get("/statistics", public=True)
async def public_statistics(database: NamedDependency[Database]) -> Statistics:
    """Give the public figures; a null count is too small to be told."""
    return await statistics(database, at=clock.now())


@get("/statistics.csv", public=True, media_type="text/csv")
async def statistics_as_csv(database: NamedDependency[Database]) -> Response[bytes]:
    """Give the same figures as open data: one line a figure (RFC 4180, UTF-8)."""
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(("dimension", "value", "requests", "median_days", "p90_days"))
    writer.writerows(_lines(await statistics(database, at=clock.now())))
    return Response(
        text.getvalue().encode(),
        media_type="text/csv",
        headers={"Content-Disposition": 'attachment; filename="cousu-main-statistiques.csv"'},
    )


def _lines(figures: Statistics) -> Iterator[tuple[object, ...]]:
    yield "total", "", figures.total, "", ""
    groups = (
        ("status", figures.by_status),
        ("kind", figures.by_kind),
        ("departement", figures.by_departement),
        ("month", figures.by_month),
    )
    for dimension, counts in groups:
        for value, count in counts.items():
            yield dimension, value, _cell(count), "", ""
    yield "answered", "", _cell(figures.answered), "", ""
    yield "answered_locally", "", _cell(figures.answered_locally), "", ""
    for delay in figures.delays:
        yield "delay", delay.step, _cell(delay.requests), _cell(delay.median_days), _cell(delay.p90_days)


def _cell(value: float | None) -> object:
    return "" if value is None else value


def _kind(given: str | None) -> ApplicantKind | None:
    if not given:
        return None
    official = [kind for kind in ApplicantKind if kind is not ApplicantKind.PRIORITY]
    if given not in official:
        raise Invalid.field("kind", f"Valeur non autorisée. Valeurs possibles\u00a0: {', '.join(official)}.")
    return ApplicantKind(given)


def _found(
    territories: Territories, q: str, kind: ApplicantKind | None, departement: str | None
) -> tuple[Territory, ...]:
    if q.strip():
        return territories.search(q, kind, departement, limit=MOST)
    if kind is ApplicantKind.DEPARTEMENT:
        return _all(territories, kind, (each.code for each in territories.departements()))
    if kind is ApplicantKind.REGION:
        return _all(territories, kind, (each.region for each in territories.departements() if each.region))
    return ()


def _all(territories: Territories, kind: ApplicantKind, codes: Iterable[str]) -> tuple[Territory, ...]:
    return tuple(found for code in dict.fromkeys(codes) if (found := territories.find(kind, code)))


def _territory_view(territory: Territory) -> TerritoryView:
    return TerritoryView(
        kind=territory.kind,
        code=territory.code,
        name=territory.full_name,
        departement=territory.departement,
        departements=list(territory.departements),
        population=territory.population,
    )


routes = Router("/", route_handlers=[territories_by_name, public_statistics, statistics_as_csv])
