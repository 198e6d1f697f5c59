"""Unreadable messages: seen, sent again, or put away."""

from typing import Any, Final, Literal
from uuid import UUID

import structlog
from litestar import Request, Response, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath, FromQuery
from pydantic import BaseModel

from shared.db import Cause, Database, Transaction
from shared.identity.model import Agent
from shared.operations import quarantine
from shared.operations.reach import Reach
from shared.operations.web import help_pages, reasons, words
from shared.operations.web.pages.acting import OPERATORS, READERS, Motive, away_words, shown_again
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


@get("/quarantaine", guards=[READERS])
async def quarantined(
    request: Request[Any, Any, Any],
    reach: NamedDependency[Reach],
    paging: NamedDependency[Page],
    agent: NamedDependency[Agent],
    etat: FromQuery[str | None] = None,
) -> Response[Any]:
    """List the messages that wait for a decision, or those that were settled."""
    settled = etat == "traites"
    rows, away = await reach.from_all(
        None,
        lambda one: quarantine.list_quarantined(
            one.database, one.name, settled=settled, most=10_000, perimeter=agent.perimeter
        ),
    )
    return render(
        request,
        "operations/quarantine.html",
        rows=rows[paging.offset : paging.offset + paging.limit],
        total=len(rows),
        paging=paging,
        settled=settled,
        away=away_words(away),
        service_word=words.service_word,
        settlements=words.SETTLEMENT,
        reason_of=reasons.of_unreadable,
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

    async def act(_: Transaction, model: QuarantineForm) -> str:
        if model.action == "replay":
            await quarantine.replay(
                watched, reach.broker, message_id, by=agent.email, why=model.why, perimeter=agent.perimeter
            )
            flash(request, "Le message est renvoyé au service. S’il est encore illisible, il reviendra ici.")
        else:
            await quarantine.discard(watched, message_id, by=agent.email, why=model.why, perimeter=agent.perimeter)
            flash(request, "Le message est écarté\u00a0; son contenu est conservé.")
        return "/quarantaine"

    async def again(code: int) -> Response[Any]:
        return await _quarantine_page(request, reach, agent, service, message_id, form, code)

    return await submit(request, database, cause, form, act, again=again)


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
    one = await quarantine.show(database, service, message_id, perimeter=agent.perimeter)
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
        reason=reasons.of_unreadable(one.reason, damaged=one.damaged),
        request_id=quarantine.request_named_in(body),
        help=help_pages.anchor("quarantine"),
        **shown_again(form, agent),
    )
