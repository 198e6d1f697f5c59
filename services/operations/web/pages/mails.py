"""Pages of mails that were not delivered: list, show, send again."""

from typing import Any
from uuid import UUID

import structlog
from litestar import Response

from services.operations.adapters.connections import Watched
from services.operations.domain.concerns import What
from services.operations.reads import mails
from services.operations.store.record import Motive
from services.operations.usecases.actions import RefusedMails, Why, resend_delivery, resend_refused
from services.operations.web.context import OperatorContext, form, page
from shared.errors import NotFound
from shared.french.numbers import plural_fr
from shared.web.actions import Refused

log = structlog.get_logger(__name__)


class SendRefusedAgain(RefusedMails):
    """All mails that were refused with the same words are sent again."""

    why: Motive


class SendMailAgain(Why):
    """A mail is sent again."""

    mail_id: UUID
    why: Motive


async def undelivered(context: OperatorContext, *, refused: Refused | None = None) -> Response[Any]:
    """List the mails of the week that did not reach anybody."""
    name, seen = _sender(context).name, context.perimeter
    rows, away = await context.from_all(lambda one: mails.list_mails(one.database, perimeter=seen), name)
    refusals, _ = await context.from_all(lambda one: mails.answers(one.database, perimeter=seen), name)
    answers = [
        (one.words, f"{one.words} ({plural_fr(one.mails, 'courriel', 'courriels')})")
        for one in refusals
        if one.mails > 1
    ]
    return context.page("mails", refused, away=away, rows=rows, answers=answers, entry=What.MAIL_FAILED.row.entry)


async def send_refused_again(do: OperatorContext, command: SendRefusedAgain) -> str:
    """Send all mails again that were refused with the same words."""
    _sender(do)
    done = await resend_refused(do, command)
    do.flash(f"{plural_fr(done.resent, 'courriel remis', 'courriels remis')} en file.")
    return "/courriels"


async def undelivered_mail(context: OperatorContext, mail_id: UUID, *, refused: Refused | None = None) -> Response[Any]:
    """Show one mail, and what may be done."""
    sender = _sender(context)
    one = await mails.show(sender.database, mail_id, perimeter=context.perimeter)
    log.info("delivery.consulted", delivery_id=str(mail_id))
    return context.page(
        "mail_one",
        refused,
        one=one,
        elsewhere=f"{sender.public_url}/messages/{mail_id}" if sender.public_url else None,
        entry=(What.MAIL_FAILED if one.given_up else What.MAIL_LATE).row.entry,
    )


async def send_mail_again(do: OperatorContext, command: SendMailAgain) -> str:
    """Send a mail again."""
    _sender(do)
    await resend_delivery(do, command.mail_id, command)
    do.flash("Le courriel est remis en file\u00a0; il part dans quelques secondes.")
    return f"/courriels/{command.mail_id}"


def _sender(context: OperatorContext) -> Watched:
    """Return the service that sends mails; refuses (`NotFound`) where it is not looked after."""
    sender = mails.mail_service(context.connections)
    if sender is None:
        raise NotFound
    return sender


routes = [
    page("/courriels", undelivered),
    *form("/courriels", undelivered, SendRefusedAgain, send_refused_again),
    page("/courriels/{mail_id:uuid}", undelivered_mail),
    *form("/courriels/{mail_id:uuid}", undelivered_mail, SendMailAgain, send_mail_again),
]
