"""Requests that are held: seen, tried again, or led past their event."""

from typing import Any, Literal

from litestar import Request, Response, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath, FromQuery
from pydantic import BaseModel

from shared.db import Cause, Database
from shared.identity.model import Agent
from shared.operations import held, waiting
from shared.operations.held import NotHeld
from shared.operations.reach import Reach
from shared.operations.web import words
from shared.operations.web.pages.acting import OPERATORS, READERS, Motive, away_words, settle, shown_again
from shared.web.forms import Form, read_form
from shared.web.pages import flash, redirect, render
from shared.web.paging import Page


class HeldForm(BaseModel):
    """What is decided about a held event."""

    event_id: str
    action: Literal["retry", "skip"]
    why: Motive


@get("/retenues", guards=[READERS])
async def held_streams(
    request: Request[Any, Any, Any],
    reach: NamedDependency[Reach],
    paging: NamedDependency[Page],
    agent: NamedDependency[Agent],
) -> Response[Any]:
    """List the held streams: what needs a hand first."""
    seen = agent.perimeter
    rows, away = await reach.from_all(
        None, lambda one: held.list_held(one.database, one.name, most=10_000, perimeter=seen)
    )
    rows = held.in_order(rows)
    gaps, _ = await reach.from_all(None, lambda one: waiting.list_gaps(one.database, one.name, most=50, perimeter=seen))
    return render(
        request,
        "operations/held.html",
        rows=rows[paging.offset : paging.offset + paging.limit],
        total=len(rows),
        paging=paging,
        gaps=sorted(gaps, key=lambda gap: gap.since),
        away=away_words(away),
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
    one = await held.show(reach.service(service).database, service, evenement, perimeter=agent.perimeter)
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
            await held.retry(watched, model.event_id, by=agent.email, why=model.why, perimeter=agent.perimeter)
            return "Le service fait un nouvel essai dans la seconde\u00a0; cette page en montre l’effet."
        await held.skip(watched, model.event_id, by=agent.email, why=model.why, perimeter=agent.perimeter)
        return "L’événement est laissé de côté\u00a0; le service continue avec la suite."

    answer, code = await settle(request, form, act, database, cause, then="/retenues")
    if answer is not None:
        return answer
    try:
        event_id = str(form.values.get("event_id", ""))
        one = await held.show(watched.database, service, event_id, perimeter=agent.perimeter)
    except NotHeld as gone:
        flash(request, form.errors.get("") or gone.detail, "warning")
        return redirect("/retenues")
    return _held_page(request, one, agent, form, code)


def _held_page(
    request: Request[Any, Any, Any], one: held.Held, agent: Agent, form: Form[HeldForm] | None, code: int = 200
) -> Response[Any]:
    return render(
        request,
        "operations/held_one.html",
        status_code=code,
        one=one,
        service_word=words.service_word,
        **shown_again(form, agent),
    )
