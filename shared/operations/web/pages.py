"""The operator's page: is all well, what waits for a decision, and what happened to a request."""

from collections.abc import Awaitable, Callable
from typing import Annotated, Any, Final, Literal
from urllib.parse import quote
from uuid import UUID

import structlog
from litestar import Request, Response, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath, FromQuery
from pydantic import BaseModel, Field

from shared import clock
from shared.db import Cause, Database, Transaction
from shared.errors import NotFound, Refusal
from shared.identity.model import Agent, Role
from shared.messaging.topology import UNROUTED_QUEUE
from shared.operations import astray, held, journals, quarantine, record, waiting
from shared.operations.astray import DEAD
from shared.operations.held import NotHeld
from shared.operations.reach import Reach
from shared.operations.status import status
from shared.operations.web import words
from shared.web.access import only
from shared.web.forms import Form, read_form, submit_once
from shared.web.pages import flash, redirect, render
from shared.web.paging import Page
from shared.web.problems import status_of

log = structlog.get_logger(__name__)

READERS: Final = only(Role.OPERATOR, Role.AUDITOR)
OPERATORS: Final = only(Role.OPERATOR)
SHOWN: Final = 4000
"""Characters of an unreadable message that the page shows; the command line shows them all."""

Motive = Annotated[str, Field(default="", max_length=record.LONGEST)]


class HeldForm(BaseModel):
    """What is decided about a held event."""

    event_id: str
    action: Literal["retry", "skip"]
    why: Motive


class QuarantineForm(BaseModel):
    """What is decided about an unreadable message."""

    action: Literal["replay", "discard"]
    why: Motive


class ParkedForm(BaseModel):
    """Messages of a queue are sent where they belong."""

    why: Motive


@get("/", guards=[READERS])
async def overview(request: Request[Any, Any, Any], reach: NamedDependency[Reach]) -> Response[Any]:
    """Answer: is all well?"""
    found = await status(reach, at=clock.now())
    return render(
        request,
        "operations/overview.html",
        status=found,
        concerns=[words.told(concern) for concern in found.concerns],
        lines=words.lines(found),
        queues=found.queues,
        service_word=words.service_word,
    )


@get("/retenues", guards=[READERS])
async def held_streams(
    request: Request[Any, Any, Any], reach: NamedDependency[Reach], paging: NamedDependency[Page]
) -> Response[Any]:
    """List the held streams: what needs a hand first."""
    rows, away = await reach.from_all(None, lambda one: held.list_held(one.database, one.name, most=10_000))
    rows = held.in_order(rows)
    gaps, _ = await reach.from_all(None, lambda one: waiting.list_gaps(one.database, one.name, most=50))
    return render(
        request,
        "operations/held.html",
        rows=rows[paging.offset : paging.offset + paging.limit],
        total=len(rows),
        paging=paging,
        gaps=sorted(gaps, key=lambda gap: gap.since),
        away=_words(away),
        service_word=words.service_word,
    )


@get("/retenues/{service:str}", guards=[READERS])
async def held_stream(
    request: Request[Any, Any, Any],
    service: FromPath[str],
    evenement: FromQuery[str],
    agent: NamedDependency[Agent],
    reach: NamedDependency[Reach],
) -> Response[Any]:
    """Show one held stream, and what may be done."""
    one = await held.show(reach.service(service).database, service, evenement)
    return _held_page(request, one, agent, None)


@post("/retenues/{service:str}", guards=[OPERATORS])
async def settle_held(
    request: Request[Any, Any, Any],
    service: FromPath[str],
    agent: NamedDependency[Agent],
    reach: NamedDependency[Reach],
    database: NamedDependency[Database],
    cause: NamedDependency[Cause],
) -> Response[Any]:
    """Try again, or lead the stream past its event."""
    watched = reach.service(service)
    form = await read_form(request, HeldForm)

    async def act(model: HeldForm) -> str:
        if model.action == "retry":
            await held.retry(watched, model.event_id, by=agent.email, why=model.why)
            return "Le service fait un nouvel essai dans la seconde. Rechargez la page pour en voir l’effet."
        await held.skip(watched, model.event_id, by=agent.email, why=model.why)
        return "L’événement est laissé de côté\u00a0; le service continue avec la suite."

    answer, code = await _settle(request, form, act, database, cause, then="/retenues")
    if answer is not None:
        return answer
    try:
        one = await held.show(watched.database, service, str(form.values.get("event_id", "")))
    except NotHeld as gone:
        flash(request, form.errors.get("") or gone.detail, "warning")
        return redirect("/retenues")
    return _held_page(request, one, agent, form, code)


@get("/quarantaine", guards=[READERS])
async def quarantined(
    request: Request[Any, Any, Any],
    reach: NamedDependency[Reach],
    paging: NamedDependency[Page],
    etat: FromQuery[str | None] = None,
) -> Response[Any]:
    """List the messages that wait for a decision, or those that were settled."""
    settled = etat == "traites"
    rows, away = await reach.from_all(
        None, lambda one: quarantine.list_quarantined(one.database, one.name, settled=settled, most=10_000)
    )
    return render(
        request,
        "operations/quarantine.html",
        rows=rows[paging.offset : paging.offset + paging.limit],
        total=len(rows),
        paging=paging,
        settled=settled,
        away=_words(away),
        service_word=words.service_word,
        settlements=words.SETTLEMENT,
    )


@get("/quarantaine/{service:str}/{message_id:uuid}", guards=[READERS])
async def quarantined_message(
    request: Request[Any, Any, Any],
    service: FromPath[str],
    message_id: FromPath[UUID],
    agent: NamedDependency[Agent],
    reach: NamedDependency[Reach],
) -> Response[Any]:
    """Show one unreadable message with its bytes, and what may be done."""
    return await _quarantine_page(request, reach, agent, service, message_id, None)


@post("/quarantaine/{service:str}/{message_id:uuid}", guards=[OPERATORS])
async def settle_quarantined(
    request: Request[Any, Any, Any],
    service: FromPath[str],
    message_id: FromPath[UUID],
    agent: NamedDependency[Agent],
    reach: NamedDependency[Reach],
    database: NamedDependency[Database],
    cause: NamedDependency[Cause],
) -> Response[Any]:
    """Send an unreadable message to its service again, or put it away."""
    watched = reach.service(service)
    form = await read_form(request, QuarantineForm)

    async def act(model: QuarantineForm) -> str:
        if model.action == "replay":
            await quarantine.replay(watched, reach.broker, message_id, by=agent.email, why=model.why)
            return "Le message est renvoyé au service. S’il est encore illisible, il reviendra ici."
        await quarantine.discard(watched, message_id, by=agent.email, why=model.why)
        return "Le message est écarté\u00a0; son contenu est conservé."

    answer, code = await _settle(request, form, act, database, cause, then="/quarantaine")
    return answer or await _quarantine_page(request, reach, agent, service, message_id, form, code)


@get("/files/{queue:str}", guards=[READERS])
async def parked(
    request: Request[Any, Any, Any],
    queue: FromPath[str],
    agent: NamedDependency[Agent],
    reach: NamedDependency[Reach],
) -> Response[Any]:
    """Show the dead letters of a queue, or what no queue listens to."""
    return await _parked_page(request, reach, agent, queue, None)


@post("/files/{queue:str}", guards=[OPERATORS])
async def send_parked(
    request: Request[Any, Any, Any],
    queue: FromPath[str],
    agent: NamedDependency[Agent],
    reach: NamedDependency[Reach],
    database: NamedDependency[Database],
    cause: NamedDependency[Cause],
) -> Response[Any]:
    """Send dead letters back to their queue, or publish again what had no listener."""
    _known(queue)
    form = await read_form(request, ParkedForm)

    async def act(model: ParkedForm) -> str:
        if queue != UNROUTED_QUEUE:
            moved = await astray.drain(reach, queue, by=agent.email, why=model.why)
            return f"{words.counted(moved, 'message remis', 'messages remis')} en file."
        done = await astray.replay_unrouted(reach, by=agent.email, why=model.why)
        said = f"{words.counted(done.moved, 'message publié', 'messages publiés')} à nouveau"
        return f"{said} ; {done.came_back} toujours sans destinataire." if done.came_back else f"{said}."

    answer, code = await _settle(request, form, act, database, cause, then=f"/files/{quote(queue)}")
    return answer or await _parked_page(request, reach, agent, queue, form, code)


@get("/demandes", guards=[READERS])
async def find_request(request: Request[Any, Any, Any], numero: FromQuery[str | None] = None) -> Response[Any]:
    """Ask for a request's number or id, and go there."""
    if numero and numero.strip():
        return redirect(f"/demandes/{quote(numero.strip(), safe='')}")
    return render(request, "operations/find.html", errors={})


@get("/demandes/{reference:str}", guards=[READERS])
async def one_request(
    request: Request[Any, Any, Any], reference: FromPath[str], reach: NamedDependency[Reach]
) -> Response[Any]:
    """Show one request's events across the services, in order."""
    try:
        trail = await journals.trail(reach, reference)
    except Refusal as refusal:
        errors = {error.field: error.message for error in getattr(refusal, "errors", ())} or {"": refusal.detail}
        shown = {"": " ".join(errors.values())}
        return render(request, "operations/find.html", status_code=status_of(refusal), errors=shown)
    return render(
        request,
        "operations/request.html",
        trail=trail,
        reference=reference,
        away=_words(trail.away),
        stitches=[words.stitch(event) for event in trail.events],
    )


@get("/actions", guards=[READERS])
async def actions(request: Request[Any, Any, Any], reach: NamedDependency[Reach]) -> Response[Any]:
    """List who did what, and why."""
    rows, away = await reach.from_all(None, lambda one: record.latest(one.database, one.name))
    return render(
        request,
        "operations/actions.html",
        rows=sorted(rows, key=lambda one: one.at, reverse=True)[:100],
        away=_words(away),
        actions=words.ACTION,
        service_word=words.service_word,
    )


routes = [
    overview,
    held_streams,
    held_stream,
    settle_held,
    quarantined,
    quarantined_message,
    settle_quarantined,
    parked,
    send_parked,
    find_request,
    one_request,
    actions,
]


async def _settle(
    request: Request[Any, Any, Any],
    form: Form[Any],
    act: Callable[[Any], Awaitable[str]],
    database: Database,
    cause: Cause,
    *,
    then: str,
) -> tuple[Response[Any] | None, int]:
    """Do it once and go on; when it was refused, give no answer but the status, and the reason in the form's errors."""
    if form.model is None:
        return None, 400
    said: list[str] = []

    async def once(_: Transaction) -> str:
        said.append(await act(form.model))
        return then

    try:
        answer = await submit_once(database, form, once, cause=cause)
    except Refusal as refusal:
        log.info("operation.refused", code=refusal.code)
        form.refuse(refusal)
        return None, status_of(refusal)
    for sentence in said:
        flash(request, sentence)
    return answer, 303


def _held_page(
    request: Request[Any, Any, Any], one: held.Held, agent: Agent, form: Form[HeldForm] | None, code: int = 200
) -> Response[Any]:
    return render(
        request,
        "operations/held_one.html",
        status_code=code,
        one=one,
        service_word=words.service_word,
        **_form(form, agent),
    )


async def _quarantine_page(
    request: Request[Any, Any, Any],
    reach: Reach,
    agent: Agent,
    service: str,
    message_id: UUID,
    form: Form[QuarantineForm] | None,
    code: int = 200,
) -> Response[Any]:
    database = reach.service(service).database
    one = await quarantine.show(database, service, message_id)
    body = (await quarantine.bytes_of(database, message_id)).decode("utf-8", "replace")
    log.info("quarantine.consulted", message_id=str(message_id), service=service)
    return render(
        request,
        "operations/quarantine_one.html",
        status_code=code,
        one=one,
        body=body[:SHOWN],
        cut=len(body) > SHOWN,
        settlements=words.SETTLEMENT,
        service_word=words.service_word,
        **_form(form, agent),
    )


async def _parked_page(
    request: Request[Any, Any, Any],
    reach: Reach,
    agent: Agent,
    queue: str,
    form: Form[ParkedForm] | None,
    code: int = 200,
) -> Response[Any]:
    _known(queue)
    return render(
        request,
        "operations/parked.html",
        status_code=code,
        queue=queue,
        unrouted=queue == UNROUTED_QUEUE,
        live=queue.removesuffix(DEAD),
        rows=await astray.list_parked(reach, queue),
        **_form(form, agent),
    )


def _known(queue: str) -> None:
    """Refuse (`NotFound`) every queue but those where messages are parked: a look at another would reorder it."""
    if queue != UNROUTED_QUEUE and not queue.endswith(DEAD):
        raise NotFound


def _form(form: Form[Any] | None, agent: Agent) -> dict[str, Any]:
    return {
        "values": form.values if form else {},
        "errors": form.errors if form else {},
        "may_act": agent.has(Role.OPERATOR),
    }


def _words(away: list[str]) -> str:
    return ", ".join(words.service_word(name) for name in away)
