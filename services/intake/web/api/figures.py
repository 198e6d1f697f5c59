"""API of the public figures: as JSON, as open data, and the description of the open data."""

import csv
import io
from typing import Any

from litestar import Response, Router, get
from litestar.di import NamedDependency

from services.intake.reads.open_data import COLUMNS, NAME, description, lines
from services.intake.reads.statistics import Statistics, statistics
from services.intake.web.context import VisitorContext


@get("/statistics", public=True)
async def public_statistics(context: NamedDependency[VisitorContext]) -> Statistics:
    """Return the public figures of the latest snapshot; a null number is too small to be published.

    `by_status` is always null: `outcomes` says what becomes of requests.
    """
    return await statistics(context.database)


@get("/statistics.csv", public=True, media_type="text/csv")
async def statistics_as_csv(context: NamedDependency[VisitorContext]) -> Response[bytes]:
    """Return the same figures as open data: one line a figure (RFC 4180, UTF-8)."""
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(COLUMNS)
    writer.writerows(lines(await statistics(context.database)))
    return Response(
        text.getvalue().encode(),
        media_type="text/csv",
        headers={"Content-Disposition": f'attachment; filename="{NAME}.csv"'},
    )


@get("/statistics/datapackage.json", public=True)
async def statistics_described(context: NamedDependency[VisitorContext]) -> dict[str, Any]:
    """Describe the open data: a Frictionless Data Package with the meaning of each column and dimension."""
    return description(context.parts.settings.public_url)


routes = Router("/", route_handlers=[public_statistics, statistics_as_csv, statistics_described], tags=["statistics"])
