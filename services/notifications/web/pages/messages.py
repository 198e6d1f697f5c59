"""The messages, one message, and sending it again."""

from typing import Any
from uuid import UUID

from litestar import Request, Response, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath, FromQuery
from litestar.response import Redirect, Template
from pydantic import BaseModel

from services.notifications.domain.perimeter import Perimeter
from services.notifications.reads import mails
from services.notifications.reads.addresses import bad_address
from services.notifications.reads.mails import Filters, deliveries, delivery
from services.notifications.rendering import links as addresses
from services.notifications.usecases import receive
from services.notifications.usecases import resend as resend_usecases
from services.notifications.usecases.parts import Parts
from services.notifications.usecases.resend import MAY_RESEND
from services.notifications.web import words
from services.notifications.web.views import delivery_view
from shared import clock
from shared.db import Cause, Database, Reader, Transaction
from shared.identity.model import DEPARTEMENTAL, NATIONAL, Agent
from shared.web.forms import read_form, submit, submit_once
from shared.web.pages import flash, render
from shared.web.paging import Page

Web = Request[Any, Any, Any]


@get("/")
async def show_messages(
    request: Web,
    agent: NamedDependency[Agent],
    database: NamedDependency[Database],
    paging: NamedDependency[Page],
    request_id: FromQuery[UUID | None] = None,
    status: FromQuery[str] = "",
    audience: FromQuery[str] = "",
    q: FromQuery[str] = "",
) -> Template:
    """List the messages of the agent's perimeter, newest first."""
    filters = Filters(
        request_id=request_id,
        status=status if status in words.STATUS else None,
        audience=audience if audience in words.AUDIENCE else None,
        q=q.strip() or None,
    )
    lines, total = await deliveries(database, Perimeter.of(agent), filters, paging)
    unsent = await mails.unsent(database, Perimeter.of(agent))
    return render(
        request,
        "messages/list.html",
        lines=lines,
        total=total,
        paging=paging,
        unsent=[(state, word, unsent.get(state, 0)) for state, (word, _) in words.STATUS.items() if state != "sent"],
        status_words=words.STATUS,
        audience_words=words.AUDIENCE,
        status_options=[(state, word) for state, (word, _) in words.STATUS.items()],
        audience_options=list(words.AUDIENCE.items()),
        filtered=filters != Filters(),
    )


@get("/messages/{delivery_id:uuid}")
async def show_message(
    request: Web,
    agent: NamedDependency[Agent],
    database: NamedDependency[Database],
    parts: NamedDependency[Parts],
    delivery_id: FromPath[UUID],
) -> Template:
    """Show one message as it is sent, its attempts, and what may be done."""
    return await _message_page(request, database, delivery_id, agent, parts)


async def _message_page(
    request: Web,
    reader: Reader,
    delivery_id: UUID,
    agent: Agent,
    parts: Parts,
    *,
    errors: dict[str, str] | None = None,
    status: int = 200,
) -> Template:
    line = await delivery(reader, delivery_id, Perimeter.of(agent))
    attempts = (await mails.attempts(reader, [delivery_id]))[delivery_id]
    body = await mails.body(reader, delivery_id)
    bad = await bad_address(reader, line.recipient)
    return render(
        request,
        "messages/detail.html",
        status_code=status,
        message=delivery_view(line, attempts, agent, at=clock.now()),
        text=addresses.hide(body.text, delivery_id, behind="[lien personnel du destinataire, masqué ici]"),
        errors=errors or {},
        bad=bad,
        may_trust=agent.has(*MAY_RESEND),
        dossier=_dossier(line.request_id, agent, parts),
        status_words=words.STATUS,
        result_words=words.RESULT,
        audience_words=words.AUDIENCE,
        template_words=words.template_words(),
    )


def _dossier(request_id: UUID | None, agent: Agent, parts: Parts) -> str | None:
    """Say where this agent finds the dossier, if he has one to open."""
    if request_id is None or not (agent.roles & (DEPARTEMENTAL | NATIONAL)):
        return None
    return parts.links.open("case" if agent.roles & DEPARTEMENTAL else "escalation", str(request_id))


@get("/messages/{delivery_id:uuid}/apercu")
async def show_mail(
    agent: NamedDependency[Agent], database: NamedDependency[Database], delivery_id: FromPath[UUID]
) -> Response[str]:
    """Show the formatted mail alone, where it can do nothing."""
    await delivery(database, delivery_id, Perimeter.of(agent))
    body = await mails.body(database, delivery_id)
    return mail_alone(addresses.hide(body.html, delivery_id))


class Nothing(BaseModel):
    """A form that is one button."""


@post("/messages/{delivery_id:uuid}/renvoi")
async def resend(
    request: Web,
    agent: NamedDependency[Agent],
    database: NamedDependency[Database],
    cause: NamedDependency[Cause],
    parts: NamedDependency[Parts],
    delivery_id: FromPath[UUID],
) -> Redirect | Template:
    """Send a message again."""
    form = await read_form(request, Nothing)

    async def act(tx: Transaction, _: Nothing) -> str:
        await resend_usecases.resend(tx, delivery_id, by=agent, at=clock.now(), parts=parts)
        return f"/messages/{delivery_id}"

    async def again(status: int) -> Template:
        return await _message_page(request, database, delivery_id, agent, parts, errors=form.errors, status=status)

    said = "Le message est de nouveau dans la file d’envoi."
    return await submit(request, database, cause, form, act, again=again, said=said)


@post("/messages/{delivery_id:uuid}/adresse/{address_id:uuid}")
async def trust_address(
    request: Web,
    agent: NamedDependency[Agent],
    database: NamedDependency[Database],
    cause: NamedDependency[Cause],
    delivery_id: FromPath[UUID],
    address_id: FromPath[UUID],
) -> Redirect:
    """Say that an address takes mail again."""

    async def act(tx: Transaction) -> str:
        await receive.trust_address(tx, address_id, by=agent)
        flash(request, "L’adresse est de nouveau considérée comme bonne.")
        return f"/messages/{delivery_id}"

    return await submit_once(database, await read_form(request, Nothing), act, cause=cause)


ONLY_THE_MAIL = "default-src 'none'; style-src 'unsafe-inline'; sandbox; frame-ancestors 'none'"
"""What a mail may do when it is looked at: nothing but be read."""


def mail_alone(html: str) -> Response[str]:
    """Answer with a formatted mail that can do nothing but be read."""
    if addresses.MASKED in html:
        said = f'<p id="{addresses.MASKED}">Le lien personnel du destinataire est masqué ici.</p>'
        html = html.replace("</body>", f"{said}</body>")
    return Response(html, media_type="text/html; charset=utf-8", headers={"Content-Security-Policy": ONLY_THE_MAIL})
