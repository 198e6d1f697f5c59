"""Process incoming mail: a reply becomes a message of the case, a delivery report is stored on the mail."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from services.notifications.domain.deliveries import takes_no_mail, without_addresses
from services.notifications.domain.incoming import (
    ANSWERABLE,
    MOST_A_DAY,
    NotAnswerable,
    TooManyReplies,
    TooMuchAnswered,
)
from services.notifications.domain.mail_text import Report
from services.notifications.store.incoming import (
    answered,
    flag_address,
    note_incoming,
    note_returned,
    replies_about,
    replies_since,
)
from services.notifications.usecases.deliveries import create_deliveries, fact_about
from services.notifications.usecases.parts import Parts
from services.notifications.usecases.send import give_up
from shared import clock
from shared.contracts.notifications import ReplyReceived
from shared.db import Transaction
from shared.errors import NotFound
from shared.masking import hidden
from shared.messaging import journal


@dataclass(frozen=True, slots=True)
class Reply:
    """What a person wrote, and from which address."""

    text: str
    sender: str
    authenticated: bool | None = None
    """Whether the receiving mail server vouches for the sender; None when nobody asked it."""


_NOT_AUTHENTICATED = (
    "Le serveur de messagerie n’a pas pu vérifier que ce courriel vient bien de cette adresse. "
    "Avant une décision, demandez confirmation par un autre moyen."
)


async def take_reply(
    tx: Transaction, delivery_id: UUID, reply: Reply, *, digest: bytes, at: datetime, parts: Parts
) -> None:
    """Record what somebody answered to a mail; once, however often their server delivers it."""
    mail = await answered(tx, delivery_id)
    if mail is None:
        raise NotFound
    if mail.audience not in ANSWERABLE or mail.request_id is None or mail.uninvited:
        raise NotAnswerable
    if await replies_since(tx, delivery_id, at - timedelta(days=1)) >= MOST_A_DAY:
        raise TooManyReplies
    if not await note_incoming(tx, delivery_id, digest, kind="reply", at=at):
        return
    written, today = await replies_about(tx, mail.request_id, mail.audience, at - timedelta(days=1))
    if written > parts.allowance.texts or today > parts.allowance.texts_a_day:
        raise TooMuchAnswered
    text = _signed(reply, mail.recipient)
    fact = await fact_about(tx, ReplyReceived, mail, mail.request_id, at=at, reply_id=clock.new_id(), text=text)
    event_id = await journal.record(tx, fact)
    await create_deliveries(tx, fact, event_id=event_id, at=at, parts=parts)


def _signed(reply: Reply, recipient: str) -> str:
    """Mask secret links; add when another than the addressee answered, and when nobody vouches for who it was."""
    text = hidden(reply.text)
    if reply.sender and reply.sender.casefold() != recipient.casefold():
        text += f"\n\n(Réponse envoyée par {hidden(reply.sender)})"
    if reply.authenticated is False:
        text += f"\n\n({_NOT_AUTHENTICATED})"
    return text


async def take_report(
    tx: Transaction, delivery_id: UUID, report: Report, *, digest: bytes, at: datetime, parts: Parts
) -> None:
    """Store a delivery report on its mail; a mail that the server gives up after accepting it has failed."""
    if not await note_incoming(tx, delivery_id, digest, kind="report", at=at) or not report.given_up:
        return
    answer = without_addresses(report.answer) or "Le serveur du destinataire a renvoyé le message."
    taken_back = await note_returned(tx, delivery_id, answer=answer, at=at)
    if taken_back is None:
        return
    mail, gone = taken_back
    if takes_no_mail(answer):
        await flag_address(tx, mail.recipient, answer=answer, delivery_id=mail.id, at=at)
    if gone:
        await give_up(tx, mail, answer, at=at, parts=parts)


async def note_automatic_mail(tx: Transaction, delivery_id: UUID, *, digest: bytes, at: datetime) -> None:
    """Note that something came back which no person wrote."""
    await note_incoming(tx, delivery_id, digest, kind="automatic", at=at)
