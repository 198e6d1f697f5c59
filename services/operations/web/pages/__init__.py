"""The operators' pages."""

from typing import Any

from services.operations.web.pages import gaps, held, journals, mails, overview, parked, quarantine, requests

routes: list[Any] = [
    route for pages in (overview, held, gaps, quarantine, mails, parked, requests, journals) for route in pages.routes
]
