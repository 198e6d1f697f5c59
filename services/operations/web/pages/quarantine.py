"""Unreadable messages: seen, sent again, or put away."""

from typing import Any, Final, Literal
from uuid import UUID

import structlog
from litestar import Request, Response, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath, FromQuery
from pydantic import AwareDatetime, BaseModel

from services.operations.adapters.connections import Connections
from services.operations.domain import reasons
from services.operations.domain.concerns import What
from services.operations.domain.services import service_word
from services.operations.usecases import causes, quarantine
from services.operations.usecases.causes import Cause, Decision
from services.operations.web import help_pages, words
from services.operations.web.pages.acting import OPERATORS, READERS, Motive, away_words, shown_again
from shared import db
from shared.db import Cause as Answering
from shared.db import Database, Transaction
from shared.french.numbers import plural_fr
from shared.identity.model import Agent
from shared.web.forms import Form, read_form, submit
from shared.web.pages import flash, render
from shared.web.paging import Page

log = structlog.get_logger(__name__)

SHOWN: Final = 4000
"""Characters of an unreadable message that the page shows; the command line shows them all."""


class QuarantineForm(BaseModel):
    """What is decided about an unreadable message."""

    action: Literal["replay", "discard"]
    why: Motive


class CauseForm(QuarantineForm):
    """What is decided about all messages of one cause that were received until the page was shown."""

    until: AwareDatetime


@get("/quarantaine", guards=[READERS])
async def quarantined(
    request: Request[Any, Any, Any],
    connections: NamedDependency[Connections],
    paging: NamedDependency[Page],
    agent: NamedDependency[Agent],
    etat: FromQuery[str | None] = None,
) -> Response[Any]:
    """List the messages that wait for a decision, or those that were settled."""
    settled = etat == "traites"
    rows, away = await connections.from_all(
        None,
        lambda one: quarantine.list_quarantined(
            one.database, one.name, settled=settled, most=paging.end, perimeter=agent.perimeter
        ),
    )
    totals, _ = await connections.from_all(
        None, lambda one: quarantine.count(one.database, settled=settled, perimeter=agent.perimeter)
    )
    groups: list[Cause] = []
    if not settled:
        groups, _ = await connections.from_all(
            None, lambda one: causes.list_causes(one.database, one.name, perimeter=agent.perimeter)
        )
    return render(
        request,
        "operations/quarantine.html",
        rows=quarantine.in_order(rows, settled=settled)[paging.offset : paging.end],
        total=sum(totals),
        causes=sorted(groups, key=lambda one: -one.messages),
        paging=paging,
        settled=settled,
        away=away_words(away),
        service_word=service_word,
        settlements=words.SETTLEMENT,
        reason_of=reasons.of_unreadable,
    )


@get("/quarantaine/{service:str}/cause/{key:str}", guards=[READERS])
async def quarantined_cause(
    request: Request[Any, Any, Any],
    service: FromPath[str],
    key: FromPath[str],
    agent: NamedDependency[Agent],
    connections: NamedDependency[Connections],
) -> Response[Any]:
    """Show the messages of one cause, the first ten of them, and what may be done with all."""
    return await _cause_page(request, connections, agent, service, key, None)


@post("/quarantaine/{service:str}/cause/{key:str}", guards=[OPERATORS])
async def settle_cause(
    request: Request[Any, Any, Any],
    service: FromPath[str],
    key: FromPath[str],
    agent: NamedDependency[Agent],
    connections: NamedDependency[Connections],
    database: NamedDependency[Database],
    cause: NamedDependency[Answering],
) -> Response[Any]:
    """Send all messages of one cause to their service again, or put them away."""
    watched = connections.service(service)
    form = await read_form(request, CauseForm)

    async def act(_: Transaction, model: CauseForm) -> str:
        settlement: causes.Settlement = "replayed" if model.action == "replay" else "discarded"
        decision = Decision(settlement, agent.email, model.why, model.until, agent.perimeter)
        done = await causes.settle(watched, key, decision)
        one, many = (
            ("message renvoyé", "messages renvoyés")
            if settlement == "replayed"
            else ("message écarté", "messages écartés")
        )
        flash(request, f"{plural_fr(done.settled, one, many)}.")
        if not done.left:
            return "/quarantaine"
        flash(request, f"Il en reste {plural_fr(done.left, 'message', 'messages')}\u00a0: recommencez.", "warning")
        return f"/quarantaine/{service}/cause/{key}"

    async def again(code: int) -> Response[Any]:
        return await _cause_page(request, connections, agent, service, key, form, code)

    return await submit(request, database, cause, form, act, again=again)


async def _cause_page(
    request: Request[Any, Any, Any],
    connections: Connections,
    agent: Agent,
    service: str,
    key: str,
    form: Form[CauseForm] | None,
    code: int = 200,
) -> Response[Any]:
    database = connections.service(service).database
    seen = await db.now(database)
    one = await causes.show(database, service, key, perimeter=agent.perimeter)
    return render(
        request,
        "operations/quarantine_cause.html",
        status_code=code,
        one=one,
        until=seen.isoformat(),
        rows=await causes.preview(database, service, key, perimeter=agent.perimeter),
        most=causes.MOST,
        service_word=service_word,
        reason=reasons.of_unreadable(one.reason, damaged=one.damaged),
        help=help_pages.anchor(What.QUARANTINE.row.entry),
        **shown_again(form, agent),
    )


@get("/quarantaine/{service:str}/{message_id:uuid}", guards=[READERS])
async def quarantined_message(
    request: Request[Any, Any, Any],
    service: FromPath[str],
    message_id: FromPath[UUID],
    agent: NamedDependency[Agent],
    connections: NamedDependency[Connections],
) -> Response[Any]:
    """Show one unreadable message with its bytes, and what may be done."""
    return await _quarantine_page(request, connections, agent, service, message_id, None)


@post("/quarantaine/{service:str}/{message_id:uuid}", guards=[OPERATORS])
async def settle_quarantined(
    request: Request[Any, Any, Any],
    service: FromPath[str],
    message_id: FromPath[UUID],
    agent: NamedDependency[Agent],
    connections: NamedDependency[Connections],
    database: NamedDependency[Database],
    cause: NamedDependency[Answering],
) -> Response[Any]:
    """Send an unreadable message to its service again, or put it away."""
    watched = connections.service(service)
    form = await read_form(request, QuarantineForm)

    async def act(_: Transaction, model: QuarantineForm) -> str:
        if model.action == "replay":
            await quarantine.replay(watched, message_id, by=agent.email, why=model.why, perimeter=agent.perimeter)
            flash(request, "Le message est renvoyé au service. S’il est encore illisible, il reviendra ici.")
        else:
            await quarantine.discard(watched, message_id, by=agent.email, why=model.why, perimeter=agent.perimeter)
            flash(request, "Le message est écarté\u00a0; son contenu est conservé.")
        return "/quarantaine"

    async def again(code: int) -> Response[Any]:
        return await _quarantine_page(request, connections, agent, service, message_id, form, code)

    return await submit(request, database, cause, form, act, again=again)


async def _quarantine_page(
    request: Request[Any, Any, Any],
    connections: Connections,
    agent: Agent,
    service: str,
    message_id: UUID,
    form: Form[QuarantineForm] | None,
    code: int = 200,
) -> Response[Any]:
    watched = connections.service(service)
    one, content = await quarantine.read(watched, message_id, by=agent.email, perimeter=agent.perimeter)
    body = content.decode("utf-8", "replace")
    log.info("quarantine.consulted", message_id=str(message_id), service=service)
    return render(
        request,
        "operations/quarantine_one.html",
        status_code=code,
        one=one,
        body=body[:SHOWN],
        cut=len(body) > SHOWN,
        settlements=words.SETTLEMENT,
        service_word=service_word,
        reason=reasons.of_unreadable(one.reason, damaged=one.damaged),
        request_id=quarantine.request_named_in(body),
        help=help_pages.anchor(What.QUARANTINE.row.entry),
        **shown_again(form, agent),
    )
