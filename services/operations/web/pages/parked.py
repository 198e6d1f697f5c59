"""Dead letters and unrouted messages: seen, and sent where they belong."""

from typing import Any
from urllib.parse import quote

from litestar import Request, Response, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath
from pydantic import BaseModel

from services.operations.adapters.connections import Connections
from services.operations.domain.queues import DEAD, require_open
from services.operations.usecases import unrouted as unrouted_messages
from services.operations.web.pages.acting import OPERATORS, READERS, Motive, shown_again
from shared.db import Cause, Database, Transaction
from shared.errors import NotFound
from shared.french.numbers import plural_fr
from shared.identity.model import Agent
from shared.messaging.names import UNROUTED_QUEUE
from shared.web.forms import Form, read_form, submit
from shared.web.pages import flash, render


class ParkedForm(BaseModel):
    """Messages of a queue are sent where they belong."""

    why: Motive


@get("/files/{queue:str}", guards=[READERS])
async def parked(
    request: Request[Any, Any, Any],
    queue: FromPath[str],
    agent: NamedDependency[Agent],
    connections: NamedDependency[Connections],
) -> Response[Any]:
    """Show the dead letters of a queue, or what no queue listens to."""
    return await _parked_page(request, connections, agent, queue, None)


@post("/files/{queue:str}", guards=[OPERATORS])
async def send_parked(
    request: Request[Any, Any, Any],
    queue: FromPath[str],
    agent: NamedDependency[Agent],
    connections: NamedDependency[Connections],
    database: NamedDependency[Database],
    cause: NamedDependency[Cause],
) -> Response[Any]:
    """Send dead letters back to their queue, or publish again what had no listener."""
    _known(queue, agent)
    form = await read_form(request, ParkedForm)
    here = f"/files/{quote(queue)}"

    async def act(_: Transaction, model: ParkedForm) -> str:
        if queue != UNROUTED_QUEUE:
            moved = await unrouted_messages.drain(connections, queue, by=agent.email, why=model.why)
            flash(request, f"{plural_fr(moved, 'message remis', 'messages remis')} en file.")
            return here
        done = await unrouted_messages.replay_unrouted(connections, by=agent.email, why=model.why)
        said = f"{plural_fr(done.moved, 'message publié', 'messages publiés')} à nouveau"
        flash(request, f"{said} ; {done.came_back} toujours sans destinataire." if done.came_back else f"{said}.")
        return here

    async def again(code: int) -> Response[Any]:
        return await _parked_page(request, connections, agent, queue, form, code)

    return await submit(request, database, cause, form, act, again=again)


async def _parked_page(
    request: Request[Any, Any, Any],
    connections: Connections,
    agent: Agent,
    queue: str,
    form: Form[ParkedForm] | None,
    code: int = 200,
) -> Response[Any]:
    _known(queue, agent)
    return render(
        request,
        "operations/parked.html",
        status_code=code,
        queue=queue,
        unrouted=queue == UNROUTED_QUEUE,
        live=queue.removesuffix(DEAD),
        rows=await unrouted_messages.list_parked(connections, queue),
        **shown_again(form, agent),
    )


def _known(queue: str, agent: Agent) -> None:
    """Refuse (`NotFound`) every queue but those where messages are parked, and those where others' are.

    A look at another queue would reorder it.
    """
    require_open(queue, agent.perimeter)
    if queue != UNROUTED_QUEUE and not queue.endswith(DEAD):
        raise NotFound
