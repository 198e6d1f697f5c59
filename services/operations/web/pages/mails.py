"""Mails that did not reach anybody: seen with the mail server's words, and sent again."""

from typing import Any
from uuid import UUID

import structlog
from litestar import Request, Response, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath
from pydantic import BaseModel, Field

from services.operations.adapters.connections import Connections, Watched
from services.operations.domain.concerns import What
from services.operations.domain.obstacles import moment
from services.operations.usecases import mails
from services.operations.web import help_pages
from services.operations.web.pages.acting import OPERATORS, READERS, Motive, away_words, shown_again
from shared.db import Cause, Database, Transaction
from shared.errors import NotFound
from shared.french.numbers import plural_fr
from shared.identity.model import Agent
from shared.web.forms import Form, read_form, submit
from shared.web.pages import flash, render

log = structlog.get_logger(__name__)


class RefusedForm(BaseModel):
    """All mails that were refused with the same words are sent again."""

    words: str = Field(min_length=1, max_length=1000)
    why: Motive


class MailForm(BaseModel):
    """A mail is sent again."""

    why: Motive


@get("/courriels", guards=[READERS])
async def undelivered(
    request: Request[Any, Any, Any], connections: NamedDependency[Connections], agent: NamedDependency[Agent]
) -> Response[Any]:
    """List the mails of the week that did not reach anybody."""
    return await _mails_page(request, connections, agent, None)


@post("/courriels", guards=[OPERATORS])
async def send_refused_again(
    request: Request[Any, Any, Any],
    agent: NamedDependency[Agent],
    connections: NamedDependency[Connections],
    database: NamedDependency[Database],
    cause: NamedDependency[Cause],
) -> Response[Any]:
    """Send all mails again that were refused with the same words."""
    form = await read_form(request, RefusedForm)

    async def act(_: Transaction, model: RefusedForm) -> str:
        count = await mails.resend_answered(
            _postman(connections), model.words, by=agent.email, why=model.why, perimeter=agent.perimeter
        )
        flash(request, f"{plural_fr(count, 'courriel remis', 'courriels remis')} en file.")
        return "/courriels"

    async def again(code: int) -> Response[Any]:
        return await _mails_page(request, connections, agent, form, code)

    return await submit(request, database, cause, form, act, again=again)


async def _mails_page(
    request: Request[Any, Any, Any],
    connections: Connections,
    agent: Agent,
    form: Form[RefusedForm] | None,
    code: int = 200,
) -> Response[Any]:
    name = _postman(connections).name
    rows, away = await connections.from_all(name, lambda one: mails.list_mails(one.database, perimeter=agent.perimeter))
    said, _ = await connections.from_all(name, lambda one: mails.answers(one.database, perimeter=agent.perimeter))
    return render(
        request,
        "operations/mails.html",
        status_code=code,
        rows=rows,
        away=away_words(away),
        moment=moment,
        answers=[
            (one.words, f"{one.words} ({plural_fr(one.mails, 'courriel', 'courriels')})")
            for one in said
            if one.mails > 1
        ],
        help=help_pages.anchor(What.MAIL_FAILED.row.entry),
        **shown_again(form, agent),
    )


@get("/courriels/{mail_id:uuid}", guards=[READERS])
async def undelivered_mail(
    request: Request[Any, Any, Any],
    mail_id: FromPath[UUID],
    agent: NamedDependency[Agent],
    connections: NamedDependency[Connections],
) -> Response[Any]:
    """Show one mail, and what may be done."""
    return await _mail_page(request, connections, agent, mail_id, None)


@post("/courriels/{mail_id:uuid}", guards=[OPERATORS])
async def send_mail_again(
    request: Request[Any, Any, Any],
    mail_id: FromPath[UUID],
    agent: NamedDependency[Agent],
    connections: NamedDependency[Connections],
    database: NamedDependency[Database],
    cause: NamedDependency[Cause],
) -> Response[Any]:
    """Send a mail again."""
    form = await read_form(request, MailForm)

    async def act(_: Transaction, model: MailForm) -> str:
        await mails.resend(_postman(connections), mail_id, by=agent.email, why=model.why, perimeter=agent.perimeter)
        return f"/courriels/{mail_id}"

    async def again(code: int) -> Response[Any]:
        return await _mail_page(request, connections, agent, mail_id, form, code)

    said = "Le courriel est remis en file\u00a0; il part dans quelques secondes."
    return await submit(request, database, cause, form, act, again=again, said=said)


async def _mail_page(
    request: Request[Any, Any, Any],
    connections: Connections,
    agent: Agent,
    mail_id: UUID,
    form: Form[MailForm] | None,
    code: int = 200,
) -> Response[Any]:
    postman = _postman(connections)
    one = await mails.show(postman.database, mail_id, perimeter=agent.perimeter)
    log.info("delivery.consulted", delivery_id=str(mail_id))
    return render(
        request,
        "operations/mail_one.html",
        status_code=code,
        one=one,
        elsewhere=f"{postman.public_url}/messages/{mail_id}" if postman.public_url else None,
        moment=moment,
        help=help_pages.anchor((What.MAIL_FAILED if one.given_up else What.MAIL_LATE).row.entry),
        **shown_again(form, agent),
    )


def _postman(connections: Connections) -> Watched:
    """Give the service that sends mails; refuses (`NotFound`) where it is not looked after."""
    postman = mails.postman(connections)
    if postman is None:
        raise NotFound
    return postman
