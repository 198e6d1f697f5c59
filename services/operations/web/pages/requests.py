"""Pages of one request: its events across the services, obstacles, resend."""

from typing import Any
from urllib.parse import quote

from litestar import Response, get
from litestar.di import NamedDependency
from litestar.params import FromQuery

from services.operations.domain.services import service_word
from services.operations.reads import journals
from services.operations.reads.obstacles import story
from services.operations.store.record import Motive
from services.operations.usecases import actions
from services.operations.usecases.actions import ResendOrder
from services.operations.web import words
from services.operations.web.context import READERS, OperatorContext, form, page
from services.operations.web.sequence import diagram
from shared import clock
from shared.commands import Command
from shared.errors import Refusal
from shared.french.numbers import plural_fr
from shared.web.actions import Refused
from shared.web.pages import redirect, render
from shared.web.problems import status_of


class ResendEvents(Command):
    """Whose events of this request are published again, and to which queue (empty: to all who listen)."""

    reference: str
    source: str
    queue: str = ""
    why: Motive


@get("/demandes", guards=[READERS])
async def find_request(
    context: NamedDependency[OperatorContext], numero: FromQuery[str | None] = None
) -> Response[Any]:
    """Ask for a request's number or id, and go there."""
    if numero and numero.strip():
        return redirect(f"/demandes/{quote(numero.strip(), safe='')}")
    return context.page("find")


async def one_request(context: OperatorContext, reference: str, *, refused: Refused | None = None) -> Response[Any]:
    """Show one request's events across the services, in order."""
    connections, seen = context.connections, context.perimeter
    try:
        events = await journals.trail(connections, reference, perimeter=seen)
        trail = await story(connections, events, at=clock.now(), perimeter=seen)
    except Refusal as refusal:
        errors = {error.field: error.message for error in getattr(refusal, "errors", ())} or {"": refusal.detail}
        shown = {"": " ".join(errors.values())}
        return render(context.request, "operations/find.html", status_code=status_of(refusal), errors=shown)
    return context.page(
        "request",
        refused,
        away=trail.away,
        trail=trail,
        reference=reference,
        diagram=diagram(trail.events, list(connections.services)),
        obstacles=[(one, one.french) for one in trail.obstacles],
        awaits=trail.awaits,
        awaited_team=words.awaited_team(trail.awaits.team) if trail.awaits else None,
        sources=[(source, source) for source in sorted({event.source for event in trail.events})],
        queues=[(one.queue, service_word(one.name)) for one in connections.services.values()],
    )


async def resend_events(do: OperatorContext, command: ResendEvents) -> str:
    """Publish one service's events of the request again."""
    order = ResendOrder(source=command.source, request=command.reference, queue=command.queue or None, why=command.why)
    done = await actions.resend_events(do, order)
    sentence = plural_fr(done.events, "événement est renvoyé", "événements sont renvoyés")
    do.flash(f"{sentence}\u00a0; ce qui a déjà été appliqué ne l’est pas deux fois.")
    return f"/demandes/{quote(command.reference, safe='')}"


routes = [
    find_request,
    page("/demandes/{reference:str}", one_request),
    *form("/demandes/{reference:str}", one_request, ResendEvents, resend_events),
]
