"""The pages of the national team: dossiers, committee, means, programmes and results."""

from litestar.types import ControllerRouterHandler

from services.escalation.web.pages import (
    accompaniment,
    committee,
    contracts,
    decisions,
    directory,
    dossiers,
    financing,
    means,
    moves,
    orders,
    programmes,
    providers,
    results,
)

routes: list[ControllerRouterHandler] = [
    *dossiers.routes,
    *moves.routes,
    *accompaniment.routes,
    *providers.routes,
    *committee.routes,
    *decisions.routes,
    *means.routes,
    *directory.routes,
    *contracts.routes,
    *orders.routes,
    *financing.routes,
    *programmes.routes,
    *results.routes,
]
