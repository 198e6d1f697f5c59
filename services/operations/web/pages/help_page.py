"""What each alert means and what to do: the runbook, one click from where it is needed."""

from typing import Any

from litestar import Request, Response, get

from services.operations.web import help_pages
from services.operations.web.pages.acting import READERS
from shared.web.pages import render


@get(help_pages.PAGE, guards=[READERS])
async def runbook(request: Request[Any, Any, Any]) -> Response[Any]:
    """Show the runbook."""
    return render(request, "operations/runbook.html", runbook=help_pages.runbook())
