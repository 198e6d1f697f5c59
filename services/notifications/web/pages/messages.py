"""Pages of mails: the list, one mail with its attempts, and its HTML alone."""

from uuid import UUID

from litestar import Response, get
from litestar.di import NamedDependency
from litestar.params import FromPath, FromQuery
from litestar.response import Template

from services.notifications.reads import addresses, mails
from services.notifications.reads.mails import DeliveryView, Filters
from services.notifications.rendering import links
from services.notifications.web import words
from services.notifications.web.context import AgentContext
from shared import clock
from shared.db import Reader
from shared.identity.model import DEPARTEMENTAL, NATIONAL
from shared.web.actions import Refused
from shared.web.pages import render
from shared.web.paging import Page

UNSENT = {state: word for state, (word, _) in words.STATUS.items() if state != "sent"}


class DeliveryDetailView(DeliveryView):
    """A delivery with its mail; the secret link is not shown."""

    text: str
    html: str


async def show_delivery(context: AgentContext, reader: Reader, delivery_id: UUID) -> DeliveryDetailView:
    """Show a delivery with its mail, without the secret link."""
    found = await mails.delivery(reader, delivery_id, context.perimeter, may_resend=context.may_resend, at=clock.now())
    body = await mails.body(reader, delivery_id)
    return DeliveryDetailView(
        **dict(found), text=links.hide(body.text, delivery_id), html=links.hide(body.html, delivery_id)
    )


@get("/")
async def show_messages(
    context: NamedDependency[AgentContext],
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
    listed = await mails.deliveries(
        context.database, context.perimeter, filters, paging, may_resend=context.may_resend, at=clock.now()
    )
    unsent = await mails.unsent(context.database, context.perimeter)
    return render(
        context.request,
        "messages/list.html",
        lines=listed.items,
        total=listed.total,
        paging=paging,
        unsent=[(state, word, unsent.get(state, 0)) for state, word in UNSENT.items()],
        status_words=words.STATUS,
        audience_words=words.AUDIENCE,
        status_options=[(state, word) for state, (word, _) in words.STATUS.items()],
        audience_options=list(words.AUDIENCE.items()),
        filtered=filters != Filters(),
    )


async def show_message(context: AgentContext, delivery_id: UUID, *, refused: Refused | None = None) -> Template:
    """Show one message as it is sent, its attempts, and what may be done."""
    message = await mails.delivery(
        context.database, delivery_id, context.perimeter, may_resend=context.may_resend, at=clock.now()
    )
    body = await mails.body(context.database, delivery_id)
    return render(
        context.request,
        "messages/detail.html",
        status_code=refused.status if refused else 200,
        message=message,
        attachment=body.attachment,
        text=links.hide(body.text, delivery_id, behind="[lien personnel du destinataire, masqué ici]"),
        errors=refused.form.errors if refused else {},
        bad=await addresses.bad_address(context.database, message.recipient or ""),
        may_trust=context.may_resend,
        dossier=_dossier(context, message.request_id),
        status_words=words.STATUS,
        result_words=words.RESULT,
        audience_words=words.AUDIENCE,
        template_words=words.template_words(),
    )


def _dossier(context: AgentContext, request_id: UUID | None) -> str | None:
    """Return the address of the dossier, for an agent who has one to open."""
    roles = context.agent.roles
    if request_id is None or not (roles & (DEPARTEMENTAL | NATIONAL)):
        return None
    return context.parts.links.open("case" if roles & DEPARTEMENTAL else "escalation", str(request_id))


@get("/messages/{delivery_id:uuid}/apercu")
async def show_mail(context: NamedDependency[AgentContext], delivery_id: FromPath[UUID]) -> Response[str]:
    """Show the formatted mail alone, where it can do nothing."""
    found = await show_delivery(context, context.database, delivery_id)
    return mail_alone(found.html)


ONLY_THE_MAIL = "default-src 'none'; style-src 'unsafe-inline'; sandbox; frame-ancestors 'none'"
"""What a mail may do when it is looked at: nothing but be read."""


def mail_alone(html: str) -> Response[str]:
    """Answer with a formatted mail that can do nothing but be read."""
    if links.MASKED in html:
        notice = f'<p id="{links.MASKED}">Le lien personnel du destinataire est masqué ici.</p>'
        html = html.replace("</body>", f"{notice}</body>")
    return Response(html, media_type="text/html; charset=utf-8", headers={"Content-Security-Policy": ONLY_THE_MAIL})
