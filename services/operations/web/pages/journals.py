"""Are the journals whole? Verified from the page, by whoever sees all of them."""

from typing import Any

from litestar import Request, Response, get, post
from litestar.di import NamedDependency

from services.operations.adapters.connections import Connections
from services.operations.domain.services import service_word
from services.operations.usecases.checking import Checks
from services.operations.web import words
from services.operations.web.pages.acting import READERS, all_of_it
from shared.identity.model import Agent
from shared.web.pages import flash, redirect, render


@get("/journaux", guards=[READERS, all_of_it])
async def journals(request: Request[Any, Any, Any], checks: NamedDependency[Checks]) -> Response[Any]:
    """Show what the last verification of each journal found."""
    return render(
        request,
        "operations/journals.html",
        checks=checks.last(),
        service_word=service_word,
        faults=[words.fault(fault) for check in checks.last() if check.result for fault in check.result.faults],
    )


@post("/journaux", guards=[READERS, all_of_it])
async def verify_journals(
    request: Request[Any, Any, Any],
    agent: NamedDependency[Agent],
    connections: NamedDependency[Connections],
    checks: NamedDependency[Checks],
) -> Response[Any]:
    """Begin to read all journals."""
    checks.begin(connections, by=agent.email)
    flash(request, "La vérification est commencée\u00a0; son résultat s’affiche ici.")
    return redirect("/journaux")
