"""Pages of operators."""

from typing import Any

from services.operations.web.pages import gaps, held, journals, mails, overview, quarantine, requests, undelivered

routes: list[Any] = [
    route
    for pages in (overview, held, gaps, quarantine, mails, undelivered, requests, journals)
    for route in pages.routes
]
