"""A stream that waits for an event: seen, and closed when that event will never exist."""

from typing import Any
from urllib.parse import urlencode

from litestar import Request, Response, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath, FromQuery
from pydantic import BaseModel

from services.operations.adapters.connections import Connections
from services.operations.domain.concerns import What
from services.operations.domain.services import service_word
from services.operations.reads import journals
from services.operations.store import record
from services.operations.usecases import waiting
from services.operations.web import help_pages, words
from services.operations.web.pages.acting import OPERATORS, READERS, Motive, shown_again
from shared.db import Cause, Database, Transaction
from shared.errors import Invalid
from shared.french.numbers import plural_fr
from shared.identity.model import Agent
from shared.web.forms import Form, read_form, submit
from shared.web.pages import flash, render


class GapForm(BaseModel):
    """Nothing more is expected of a stream."""

    why: Motive
    sure: bool = False
    """It is for good: the page asks twice."""


@get("/retenues/{service:str}/attente", guards=[READERS])
async def waiting_stream(
    request: Request[Any, Any, Any],
    service: FromPath[str],
    source: FromQuery[str],
    demande: FromQuery[str],
    agent: NamedDependency[Agent],
    connections: NamedDependency[Connections],
) -> Response[Any]:
    """Show which event a stream waits for, and what may be done."""
    return await _page(request, connections, agent, service, (source, demande), None)


@post("/retenues/{service:str}/attente", guards=[OPERATORS])
async def close_gap(
    request: Request[Any, Any, Any],
    service: FromPath[str],
    source: FromQuery[str],
    demande: FromQuery[str],
    agent: NamedDependency[Agent],
    connections: NamedDependency[Connections],
    database: NamedDependency[Database],
    cause: NamedDependency[Cause],
) -> Response[Any]:
    """Expect nothing more of a stream."""
    watched = connections.service(service)
    form = await read_form(request, GapForm)

    async def act(_: Transaction, model: GapForm) -> str:
        record.motive(model.why)
        if not model.sure:
            raise Invalid.field("sure", "Confirmez que l’événement attendu n’existera jamais.")
        parked = await waiting.discard(
            watched, source=source, subject=demande, by=agent.email, why=model.why, perimeter=agent.perimeter
        )
        flash(
            request,
            f"Le service n’attend plus rien\u00a0; {plural_fr(parked, 'événement rangé', 'événements rangés')}.",
        )
        return "/retenues"

    async def again(code: int) -> Response[Any]:
        return await _page(request, connections, agent, service, (source, demande), form, code)

    return await submit(request, database, cause, form, act, again=again)


async def _page(
    request: Request[Any, Any, Any],
    connections: Connections,
    agent: Agent,
    service: str,
    stream: tuple[str, str],
    form: Form[GapForm] | None,
    code: int = 200,
) -> Response[Any]:
    source, subject = stream
    gap = await waiting.show(
        connections.service(service).database, service, source=source, subject=subject, perimeter=agent.perimeter
    )
    numbers = await journals.numbers(connections, [subject])
    return render(
        request,
        "operations/gap.html",
        status_code=code,
        gap=gap,
        number=numbers.get(subject, subject),
        address=f"/retenues/{service}/attente?{urlencode({'source': source, 'demande': subject})}",
        missing=words.missing(gap),
        service_word=service_word,
        help=help_pages.anchor(What.GAP.row.entry),
        **shown_again(form, agent),
    )
