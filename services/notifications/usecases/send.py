"""Send waiting mails: start an attempt, mark its content as offered, record its result.

Each of the three is a transaction of its own, so that whoever finds a delivery `sending` after a crash knows which of
them was reached. Before the content was offered it cannot have left. After, nobody knows: it goes again under the same
Message-ID, for a mail that comes twice is better than one that never comes; after some such ends a person decides.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from services.notifications.domain import deliveries
from services.notifications.domain.audiences import DIGEST, STRANGERS_CAUSE
from services.notifications.domain.deliveries import (
    LEASE,
    Result,
    Status,
    next_attempt,
    pause_of_domain,
    takes_no_mail,
)
from services.notifications.domain.incoming import ANSWERABLE
from services.notifications.rendering.links import SECRET, mark
from services.notifications.store.incoming import flag_address
from services.notifications.store.sending import (
    Tried,
    claim_delivery,
    conclude,
    lost_attempt,
    note_content_offered,
    note_outcome,
    pace_domain,
    postpone,
    queue_again,
    settle_attempt,
)
from services.notifications.usecases.deliveries import fact_about, record_failure
from services.notifications.usecases.parts import Parts
from shared import clock
from shared.contracts.notifications import DeliverySucceeded
from shared.db import Row, Transaction
from shared.letters import LETTER, AcknowledgementLetter, AnswerLetter
from shared.limits import LimitReached, Use
from shared.messaging import journal

TOO_MANY = "Ce destinataire a déjà reçu beaucoup de messages aujourd’hui\u00a0: celui-ci partira plus tard."
UNKNOWN = "La connexion s’est interrompue pendant la remise : le serveur a peut-être accepté le message."


@dataclass(frozen=True, slots=True)
class OutgoingMail:
    """One mail on its way, with its secret link."""

    attempt_id: UUID
    delivery_id: UUID
    round: int
    thread_id: UUID
    recipient: str
    reply_to: str | None
    return_path: str | None
    """Where servers report what became of it; None: to the sender."""
    subject: str
    text: str
    html: str
    unsubscribe: str | None = None
    """Where the reader ends such mails, where they may; nobody ends official ones."""
    letter: AnswerLetter | AcknowledgementLetter | None = None
    """What is attached, as a PDF."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """How an attempt ended: what it means, and the server's own words."""

    result: Result
    answer: str


class Postponed:
    """The mail that was due waits: its recipient has had the most that they may get for now."""


async def begin(tx: Transaction, *, at: datetime, parts: Parts) -> OutgoingMail | Postponed | None:
    """Take the next mail that is due; None when there is none.

    One mail to a transaction, also when it is postponed: its recipient's count stays locked until the end.
    """
    attempt_id = clock.new_id()
    row = await claim_delivery(tx, attempt_id=attempt_id, at=at, lease=LEASE)
    if row is None:
        return None
    wait = await _pause_of_recipient(tx, row, parts)
    if wait is not None:
        await postpone(tx, row["id"], pause=wait, reason=TOO_MANY)
        return Postponed()
    pause = pause_of_domain(row["domain"], parts.per_minute)
    if pause:
        await pace_domain(tx, row["domain"], pause)
    text, html = row["text_body"], row["html_body"]
    if row["link_kind"] in SECRET:
        link = parts.links.secret(row["link_kind"], row["link_target"], row["link_generation"])
        text, html = (body.replace(mark(row["id"]), link) for body in (text, html))
    back = parts.returns
    answerable = back is not None and row["audience"] in ANSWERABLE and row["request_id"] is not None
    return OutgoingMail(
        attempt_id=attempt_id,
        delivery_id=row["id"],
        round=row["round"],
        thread_id=row["thread_id"],
        recipient=row["recipient"],
        reply_to=back.of("reponse", row["id"]) if back is not None and answerable else row["reply_to"],
        return_path=back.of("rebond", row["id"]) if back is not None else None,
        subject=row["subject"],
        text=text,
        html=html,
        unsubscribe=parts.links.preferences if row["holder"].startswith(deliveries.AGENT) else None,
        letter=LETTER.validate_python(row["letter"]) if row["letter"] else None,
    )


async def _pause_of_recipient(tx: Transaction, row: Row, parts: Parts) -> timedelta | None:
    """Count a mail that strangers can cause, at its first attempt; return how long it waits when there is no room.

    What an agent asks to be sent again is sent.
    """
    if row["template"] not in STRANGERS_CAUSE or row["attempts"] > 1 or row["asked_by"] is not None:
        return None
    use = Use("mail:recipient", row["recipient"], parts.mails_per_recipient)
    try:
        await parts.counts.quota(use).take(tx)
    except LimitReached as reached:
        return timedelta(seconds=reached.retry_after)
    return None


async def content_offered(tx: Transaction, attempt_id: UUID, *, at: datetime) -> bool:
    """Note that the content is about to be offered; False when the attempt took too long and is no longer ours."""
    return await note_content_offered(tx, attempt_id, at=at)


async def ended(
    tx: Transaction, attempt_id: UUID, outcome: Outcome, *, at: datetime, chance: float, parts: Parts
) -> None:
    """Store how an attempt ended: sent or given up (both recorded as events), tried again later, or uncertain."""
    tried = await settle_attempt(tx, attempt_id, result=outcome.result, answer=outcome.answer, at=at)
    if tried is None:
        return
    match outcome.result:
        case Result.SENT:
            for mail in await conclude(tx, tried.id, status=Status.SENT, reason=None, sent_at=at):
                await _record_success(tx, mail, at=at)
        case Result.REFUSED:
            if takes_no_mail(outcome.answer):
                await flag_address(tx, tried.recipient, answer=outcome.answer, delivery_id=tried.id, at=at)
            await give_up(tx, tried, outcome.answer, at=at, parts=parts)
        case _:
            due = next_attempt(
                attempts=tried.attempts,
                unanswered=tried.unanswered,
                tried_since=tried.tried_since,
                at=at,
                chance=chance,
            )
            if due is not None:
                await queue_again(tx, tried.id, next_attempt_at=due, reason=outcome.answer)
            elif tried.unanswered:
                await conclude(tx, tried.id, status=Status.UNCERTAIN, reason=UNKNOWN, sent_at=None)
            else:
                await give_up(tx, tried, outcome.answer, at=at, parts=parts)


async def settle_lost(tx: Transaction, *, at: datetime, chance: float, parts: Parts) -> Result | None:
    """Settle one attempt whose sender is gone; return how it ended, None when there is none.

    One to a transaction: each may record events of several requests (a digest), and their streams are locked by id.
    """
    row = await lost_attempt(tx)
    if row is None:
        return None
    result = Result.UNCERTAIN if row["content_at"] else Result.INTERRUPTED
    answer = UNKNOWN if row["content_at"] else "L’envoi a été interrompu avant la remise du message."
    await ended(tx, row["attempt_id"], Outcome(result, answer), at=at, chance=chance, parts=parts)
    return result


async def give_up(tx: Transaction, tried: Tried, reason: str, *, at: datetime, parts: Parts) -> None:
    """Note that a mail reached nobody, and record it as an event; a digest failed for each mail in it."""
    for mail in await conclude(tx, tried.id, status=Status.FAILED, reason=reason, sent_at=None):
        if mail.template != DIGEST:
            await record_failure(tx, mail, reason=reason, at=at, parts=parts)


async def _record_success(tx: Transaction, mail: Tried, *, at: datetime) -> None:
    if mail.template == DIGEST or mail.request_id is None:
        return
    fact = await fact_about(tx, DeliverySucceeded, mail, mail.request_id, at=at)
    await journal.record(tx, fact)
    if fact.at != at:  # the mail shows the moment of the event, so that a replay shows the same
        await note_outcome(tx, mail.id, status=Status.SENT, reason=None, sent_at=fact.at)
