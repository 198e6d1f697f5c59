"""The JSON API of the national team: dossiers, committee, means, programmes and figures."""

from services.escalation.web.api import committee, decisions, directory, dossiers, figures, means, programmes, support

routes = [
    dossiers.routes,
    support.routes,
    committee.routes,
    decisions.routes,
    means.routes,
    directory.routes,
    programmes.routes,
    figures.routes,
]
