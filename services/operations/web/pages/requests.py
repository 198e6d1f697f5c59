"""What happened to a request, and its events told again."""

from typing import Any
from urllib.parse import quote

from litestar import Request, Response, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath, FromQuery
from pydantic import BaseModel

from services.operations.adapters.connections import Connections
from services.operations.domain.services import service_word
from services.operations.reads import journals
from services.operations.usecases import resending
from services.operations.usecases.obstacles import story
from services.operations.usecases.resending import Choice
from services.operations.web import help_pages, words
from services.operations.web.pages.acting import OPERATORS, READERS, Motive, away_words, shown_again
from services.operations.web.sequence import diagram
from shared import clock
from shared.db import Cause, Database, Transaction
from shared.errors import Refusal
from shared.french.numbers import plural_fr
from shared.identity.model import Agent
from shared.web.forms import Form, read_form, submit
from shared.web.pages import flash, redirect, render
from shared.web.problems import status_of


class ResendForm(BaseModel):
    """Whose events of this request are told again, and to which queue (empty: to all who listen)."""

    source: str
    queue: str = ""
    why: Motive


@get("/demandes", guards=[READERS])
async def find_request(request: Request[Any, Any, Any], numero: FromQuery[str | None] = None) -> Response[Any]:
    """Ask for a request's number or id, and go there."""
    if numero and numero.strip():
        return redirect(f"/demandes/{quote(numero.strip(), safe='')}")
    return render(request, "operations/find.html", errors={})


@get("/demandes/{reference:str}", guards=[READERS])
async def one_request(
    request: Request[Any, Any, Any],
    reference: FromPath[str],
    agent: NamedDependency[Agent],
    connections: NamedDependency[Connections],
) -> Response[Any]:
    """Show one request's events across the services, in order."""
    return await _request_page(request, connections, agent, reference, None)


@post("/demandes/{reference:str}", guards=[OPERATORS])
async def resend_events(
    request: Request[Any, Any, Any],
    reference: FromPath[str],
    agent: NamedDependency[Agent],
    connections: NamedDependency[Connections],
    database: NamedDependency[Database],
    cause: NamedDependency[Cause],
) -> Response[Any]:
    """Tell one service's events of the request again."""
    form = await read_form(request, ResendForm)

    async def act(_: Transaction, model: ResendForm) -> str:
        choice = Choice(model.source, request=reference, queue=model.queue or None)
        done = await resending.resend(connections, choice, by=agent.email, why=model.why, perimeter=agent.perimeter)
        said = plural_fr(done.events, "événement est renvoyé", "événements sont renvoyés")
        flash(request, f"{said}\u00a0; ce qui a déjà été appliqué ne l’est pas deux fois.")
        return f"/demandes/{quote(reference, safe='')}"

    async def again(code: int) -> Response[Any]:
        return await _request_page(request, connections, agent, reference, form, code)

    return await submit(request, database, cause, form, act, again=again)


async def _request_page(
    request: Request[Any, Any, Any],
    connections: Connections,
    agent: Agent,
    reference: str,
    form: Form[ResendForm] | None,
    code: int = 200,
) -> Response[Any]:
    try:
        told = await journals.trail(connections, reference, perimeter=agent.perimeter)
        trail = await story(connections, told, at=clock.now(), perimeter=agent.perimeter)
    except Refusal as refusal:
        errors = {error.field: error.message for error in getattr(refusal, "errors", ())} or {"": refusal.detail}
        shown = {"": " ".join(errors.values())}
        return render(request, "operations/find.html", status_code=status_of(refusal), errors=shown)
    return render(
        request,
        "operations/request.html",
        status_code=code,
        trail=trail,
        reference=reference,
        away=away_words(trail.away),
        diagram=diagram(trail.events, list(connections.services)),
        obstacles=[(one, one.french) for one in trail.obstacles],
        help=help_pages.anchor,
        awaits=trail.awaits,
        awaited_team=words.awaited_team(trail.awaits.team) if trail.awaits else None,
        sources=[(source, source) for source in sorted({event.source for event in trail.events})],
        queues=[(one.queue, service_word(one.name)) for one in connections.services.values()],
        **shown_again(form, agent),
    )
