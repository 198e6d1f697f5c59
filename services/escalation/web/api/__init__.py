"""The JSON API of the national team: dossiers, accompaniment, committee, means, programmes and figures."""

from services.escalation.web.api import accompaniment, committee, dossiers, figures, means, members, programmes

routes = [
    dossiers.routes,
    accompaniment.routes,
    committee.routes,
    members.routes,
    means.routes,
    programmes.routes,
    figures.routes,
]
