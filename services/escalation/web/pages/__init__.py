"""The pages of the national team: dossiers, committee, means, programmes and results."""

from litestar.types import ControllerRouterHandler

from services.escalation.web.pages import (
    accompaniment,
    committee,
    dossiers,
    means,
    members,
    orders,
    programmes,
    providers,
    results,
)

routes: list[ControllerRouterHandler] = [
    *dossiers.routes,
    *accompaniment.routes,
    *committee.routes,
    *members.routes,
    *means.routes,
    *orders.routes,
    *providers.routes,
    *programmes.routes,
    *results.routes,
]
