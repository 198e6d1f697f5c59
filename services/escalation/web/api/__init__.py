"""The JSON API of the national team: dossiers, committee, means, programmes and figures."""

from services.escalation.web.api import (
    accompaniment,
    committee,
    decisions,
    directory,
    dossiers,
    figures,
    means,
    programmes,
    support,
)

routes = [
    dossiers.routes,
    support.routes,
    committee.routes,
    decisions.routes,
    accompaniment.routes,
    means.routes,
    directory.routes,
    programmes.routes,
    figures.routes,
]
