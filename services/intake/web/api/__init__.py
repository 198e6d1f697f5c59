"""The JSON API: filing, following, territories and figures."""

from services.intake.web.api import figures, filing, requests, territories

routes = [filing.routes, requests.routes, figures.routes, territories.routes]
