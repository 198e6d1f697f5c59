"""The pages of the national team: dossiers, committee, envelopes, programmes and results."""

from services.escalation.web.pages import committee, decisions, dossiers, means, moves, programmes, results

routes = [
    *dossiers.routes,
    *moves.routes,
    *committee.routes,
    *decisions.routes,
    *means.routes,
    *programmes.routes,
    *results.routes,
]
