"""Requests that are held: seen, tried again, or led past their event."""

from typing import Any, Literal
from urllib.parse import quote

from litestar import Request, Response, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath, FromQuery
from pydantic import BaseModel, Field

from services.operations.adapters.connections import Connections
from services.operations.domain import reasons
from services.operations.domain.concerns import What
from services.operations.domain.obstacles import moment
from services.operations.domain.services import service_word
from services.operations.reads import journals
from services.operations.store import record
from services.operations.usecases import held, waiting
from services.operations.usecases.held import NotHeld
from services.operations.web import help_pages, words
from services.operations.web.pages.acting import OPERATORS, READERS, Motive, away_words, shown_again
from shared.db import Cause, Database, Transaction
from shared.errors import Invalid
from shared.french.numbers import plural_fr
from shared.identity.model import Agent
from shared.messaging.inbox.held import Code
from shared.web.forms import Form, read_form, submit
from shared.web.pages import flash, redirect, render
from shared.web.paging import Page


class HeldForm(BaseModel):
    """What is decided about a held event."""

    event_id: str
    subject: str = ""
    """What the page told of: the way of a request shows what became of it, also where somebody else was quicker."""
    action: Literal["retry", "skip"]
    why: Motive
    sure: bool = False
    """To skip is for good: the page asks twice."""


class GroupForm(BaseModel):
    """Which held streams are tried again together: service, code and type of event."""

    group: str = Field(max_length=300)
    why: Motive

    def chosen(self) -> tuple[str, Code, str]:
        """Read the choice; refuses (`Invalid`) what the page did not offer."""
        service, _, rest = self.group.partition(" ")
        code, _, type_ = rest.partition(" ")
        if code not in set(Code) or not type_:
            raise Invalid.field("group", "Choisissez un groupe de la liste.")
        return service, Code(code), type_


@get("/retenues", guards=[READERS])
async def held_streams(
    request: Request[Any, Any, Any],
    connections: NamedDependency[Connections],
    paging: NamedDependency[Page],
    agent: NamedDependency[Agent],
) -> Response[Any]:
    """List the held streams: what needs a hand first."""
    return await _list_page(request, connections, agent, None, paging)


@post("/retenues", guards=[OPERATORS])
async def retry_group(
    request: Request[Any, Any, Any],
    connections: NamedDependency[Connections],
    agent: NamedDependency[Agent],
    database: NamedDependency[Database],
    cause: NamedDependency[Cause],
) -> Response[Any]:
    """Have a service try again all that it holds for one reason and of one type."""
    form = await read_form(request, GroupForm)

    async def act(_: Transaction, model: GroupForm) -> str:
        service, code, type_ = model.chosen()
        count = await held.retry_all(
            connections.service(service),
            by=agent.email,
            why=model.why,
            code=code,
            type_=type_,
            perimeter=agent.perimeter,
        )
        flash(request, f"Nouvel essai de {plural_fr(count, 'demande retenue', 'demandes retenues')}.")
        return "/retenues"

    async def again(code: int) -> Response[Any]:
        return await _list_page(request, connections, agent, form, Page(), code)

    return await submit(request, database, cause, form, act, again=again)


async def _list_page(
    request: Request[Any, Any, Any],
    connections: Connections,
    agent: Agent,
    form: Form[GroupForm] | None,
    paging: Page,
    code: int = 200,
) -> Response[Any]:
    seen = agent.perimeter
    rows, away = await connections.from_all(
        None, lambda one: held.list_held(one.database, one.name, most=paging.end, perimeter=seen)
    )
    shown = held.in_order(rows)[paging.offset : paging.end]
    totals, _ = await connections.from_all(None, lambda one: held.count(one.database, perimeter=seen))
    groups, _ = await connections.from_all(None, lambda one: held.groups(one.database, one.name, perimeter=seen))
    gaps, _ = await connections.from_all(
        None, lambda one: waiting.list_gaps(one.database, one.name, most=50, perimeter=seen)
    )
    return render(
        request,
        "operations/held.html",
        status_code=code,
        rows=shown,
        total=sum(totals),
        groups=[
            (f"{one.service} {one.code} {one.type}", words.held_group(one))
            for one in sorted(groups, key=lambda one: -one.streams)
        ],
        paging=paging,
        gaps=sorted(gaps, key=lambda gap: gap.since),
        numbers=await journals.numbers(connections, [one.subject for one in shown] + [gap.subject for gap in gaps]),
        away=away_words(away),
        service_word=service_word,
        reason_of=reasons.of_held,
        moment=moment,
        missing=words.missing,
        **shown_again(form, agent),
    )


@get("/retenues/{service:str}", guards=[READERS])
async def held_stream(
    request: Request[Any, Any, Any],
    service: FromPath[str],
    evenement: FromQuery[str],
    agent: NamedDependency[Agent],
    connections: NamedDependency[Connections],
) -> Response[Any]:
    """Show one held stream, and what may be done."""
    one = await held.show(connections.service(service).database, service, evenement, perimeter=agent.perimeter)
    return await _held_page(request, connections, one, agent, None)


@post("/retenues/{service:str}", guards=[OPERATORS])
async def settle_held(
    request: Request[Any, Any, Any],
    service: FromPath[str],
    agent: NamedDependency[Agent],
    connections: NamedDependency[Connections],
    database: NamedDependency[Database],
    cause: NamedDependency[Cause],
) -> Response[Any]:
    """Try again, or lead the stream past its event."""
    watched = connections.service(service)
    form = await read_form(request, HeldForm)
    event_id = str(form.values.get("event_id", ""))
    then = _where_it_shows(str(form.values.get("subject", "")))

    async def act(_: Transaction, model: HeldForm) -> str:
        if model.action == "retry":
            await held.retry(watched, model.event_id, by=agent.email, why=model.why, perimeter=agent.perimeter)
            flash(request, "Le service fait un nouvel essai dans la seconde\u00a0; cette page en montre l’effet.")
            return then
        record.motive(model.why)
        if not model.sure:
            raise Invalid.field("sure", "Confirmez que le service n’en tiendra jamais compte\u00a0: c’est définitif.")
        await held.skip(watched, model.event_id, by=agent.email, why=model.why, perimeter=agent.perimeter)
        flash(request, "L’événement est laissé de côté\u00a0; le service continue avec la suite.")
        return then

    async def again(code: int) -> Response[Any]:
        try:
            one = await held.show(watched.database, service, event_id, perimeter=agent.perimeter)
        except NotHeld as gone:
            flash(request, form.errors.get("") or gone.detail, "warning")
            return redirect(then)
        return await _held_page(request, connections, one, agent, form, code)

    return await submit(request, database, cause, form, act, again=again)


def _where_it_shows(subject: str) -> str:
    """Give the page that shows what comes of it: the way of the request, or the list for what belongs to none."""
    return f"/demandes/{quote(subject, safe='')}" if subject and not subject.startswith("event:") else "/retenues"


async def _held_page(
    request: Request[Any, Any, Any],
    connections: Connections,
    one: held.Held,
    agent: Agent,
    form: Form[HeldForm] | None,
    code: int = 200,
) -> Response[Any]:
    numbers = await journals.numbers(connections, [one.subject])
    return render(
        request,
        "operations/held_one.html",
        status_code=code,
        one=one,
        number=numbers.get(one.subject),
        reason=reasons.of_held(one.reason, one.service),
        code_word=words.HELD[one.code],
        skipping=form is not None and form.values.get("action") == "skip",
        service_word=service_word,
        moment=moment,
        help=help_pages.anchor(What.HELD_GIVEN_UP.row.entry),
        **shown_again(form, agent),
    )
