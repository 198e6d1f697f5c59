"""Page of the verification of the journals, for agents who see all départements."""

from typing import Any

from litestar import Response, get, post
from litestar.di import NamedDependency

from services.operations.web import words
from services.operations.web.context import READERS, OperatorContext, all_of_it
from shared.web.pages import redirect


@get("/journaux", guards=[READERS, all_of_it])
async def journals(context: NamedDependency[OperatorContext]) -> Response[Any]:
    """Show what the last verification of each journal found."""
    checks = context.checks.last()
    faults = [words.fault(fault) for check in checks if check.result for fault in check.result.faults]
    return context.page("journals", checks=checks, faults=faults)


@post("/journaux", guards=[READERS, all_of_it])
async def verify_journals(context: NamedDependency[OperatorContext]) -> Response[Any]:
    """Begin to read all journals."""
    context.checks.begin(context.connections, by=context.agent.email)
    context.flash("La vérification est commencée\u00a0; son résultat s’affiche ici.")
    return redirect("/journaux")


routes = [journals, verify_journals]
