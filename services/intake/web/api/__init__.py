"""The JSON API: filing, following, territories and figures."""

from services.intake.web.api import figures, requests, territories

routes = [requests.routes, figures.routes, territories.routes]
