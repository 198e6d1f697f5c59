"""All routes of intake: its pages and its API."""

from typing import Final

from litestar import Router

from services.intake.web.api import figures as figures_api
from services.intake.web.api import filing, requests, territories
from services.intake.web.pages import figures, form, form_documents, public, tracking

PAGES: Final[tuple[Router, ...]] = (
    public.routes,
    figures.routes,
    form.beginning,
    form.routes,
    form_documents.routes,
    tracking.routes,
    tracking.behind_the_link,
)
API: Final[tuple[Router, ...]] = (filing.routes, requests.routes, figures_api.routes, territories.routes)
