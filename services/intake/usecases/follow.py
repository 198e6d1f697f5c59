"""What the applicant, or a colleague whom he invited, does after filing."""

from datetime import date, datetime
from uuid import UUID

from services.intake.domain.accompaniment import milestone_among
from services.intake.domain.colleagues import Holder
from services.intake.domain.request import Evaluation
from services.intake.limits import Limits
from services.intake.store import documents, evaluations, messages, milestones, requests
from services.intake.usecases import SOURCE, load, tell
from shared import texts
from shared.allowance import Allowance
from shared.clock import new_id
from shared.contracts import intake
from shared.contracts.vocabulary import EvaluationRound, Team
from shared.db import Transaction
from shared.limits import LimitReached
from shared.messaging import journal


async def post_message(tx: Transaction, holder: Holder, *, text: str, at: datetime, allowance: Allowance) -> None:
    """The applicant writes to the département."""
    tracked, at = await load(tx, holder, at)
    fact = tracked.post_message(text, message_id=new_id(), at=at)
    await texts.find_room(tx, allowance, messages.WRITTEN, tracked.id, text=text, at=at)
    await keep_message(tx, fact, message_id=fact.message_id)
    await messages.mark_read(tx, holder)
    await tell(tx, tracked, fact)


async def take_reply_by_mail(tx: Transaction, holder: Holder, *, message_id: UUID, text: str, at: datetime) -> None:
    """Somebody of the applicant's side answered a mail: it is his message, also when the request is over.

    It always has room here: notifications bounds replies before it takes them, and sends back what it refuses.
    """
    tracked, at = await load(tx, holder, at)
    fact = tracked.take_reply(text, message_id=message_id, at=at)
    await keep_message(tx, fact, message_id=message_id)
    await tell(tx, tracked, fact)


async def provide_information(tx: Transaction, holder: Holder, *, text: str, at: datetime) -> None:
    """The applicant gives what the département asked for: an answer always has room, for questions are bounded."""
    tracked, at = await load(tx, holder, at)
    fact = tracked.provide_information(text, at=at)
    event_id = await tell(tx, tracked, fact)
    await keep_message(tx, fact, message_id=event_id)
    await messages.mark_read(tx, holder)


async def read_messages(tx: Transaction, holder: Holder) -> None:
    """Whoever holds a link has read what the département wrote; told to nobody."""
    await requests.load_held(tx, holder)
    await messages.mark_read(tx, holder)


async def keep_message(
    tx: Transaction, fact: intake.MessagePosted | intake.InformationProvided, *, message_id: UUID
) -> None:
    """Keep what the applicant's side wrote among the messages."""
    await messages.add(
        tx,
        fact.request_id,
        message_id=message_id,
        at=fact.at,
        author=Team.APPLICANT,
        author_name=fact.by.name if fact.by else None,
        text=fact.text,
    )


async def tell_progress(
    tx: Transaction,
    holder: Holder,
    *,
    text: str,
    percent: int | None,
    milestone_id: UUID | None,
    at: datetime,
    allowance: Allowance,
) -> None:
    """The applicant tells how the work with him goes."""
    tracked, at = await load(tx, holder, at)
    milestone = milestone_among(await milestones.of_request(tx, tracked.id), milestone_id)
    fact = tracked.tell_progress(text, report_id=new_id(), milestone=milestone, percent=percent, at=at)
    await texts.find_room(tx, allowance, messages.WRITTEN, tracked.id, text=text, at=at)
    await tell(tx, tracked, fact)


async def withdraw(tx: Transaction, holder: Holder, *, motive: str, at: datetime) -> None:
    """The applicant gives his request up."""
    tracked, at = await load(tx, holder, at)
    await tell(tx, tracked, tracked.withdraw(motive, at=at))


async def evaluate(tx: Transaction, holder: Holder, evaluation: Evaluation, *, at: datetime) -> None:
    """The applicant says what came of it."""
    tracked, at = await load(tx, holder, at)
    fact = tracked.evaluate(evaluation, asked=await evaluations.round_of(tx, tracked.id), at=at)
    event_id = await tell(tx, tracked, fact)
    await evaluations.add_evaluation(tx, tracked.id, evaluation, asked=fact.round, evaluation_id=event_id, at=at)


def evaluation_of(fact: intake.EvaluationSubmitted) -> Evaluation:
    """Give what the applicant said, as it was told."""
    return Evaluation(
        need_met=fact.need_met,
        progress=fact.progress,
        satisfaction=fact.satisfaction,
        impact=fact.impact,
        comment=fact.comment,
    )


async def add_document(
    tx: Transaction, holder: Holder, document: intake.Document, *, at: datetime, with_request: bool = False
) -> None:
    """Join a file, whose bytes lie on the disk already."""
    tracked, at = await load(tx, holder, at)
    beside = await documents.stored(tx, tracked.id)
    joined = document.model_copy(update={"added_at": at})
    fact = tracked.add_document(joined, beside=beside, at=at, with_request=with_request)
    await documents.add(tx, tracked.id, joined, with_request=with_request)
    await tell(tx, tracked, fact)


async def send_wanted_link(tx: Transaction, limits: Limits, *, at: datetime) -> bool:
    """Look up one new link that somebody asked for (`requests.want_link`); tell False when there is none.

    If number and address belong together, a new link is sent; the old one stays valid until the new one is used. This
    happens after the answer, which therefore takes as long for a request that does not exist. What is above the limit
    of the contact's address is dropped: who asks again later gets it.
    """
    wanted = await requests.take_wanted_link(tx)
    if wanted is None:
        return False
    number, email_digest = wanted
    tracked = await requests.find_by_number(tx, number)
    if tracked is None or limits.digest(tracked.filed.contact.email) != email_digest:
        return True
    confirmed = tracked.filed.number if tracked.contact_confirmed_at else None
    try:
        await limits.link_mail(tracked.filed.contact.email, confirmed=confirmed).take(tx)
    except LimitReached:  # counted alone, so that the refusal has written nothing
        return True
    fact = tracked.replace_link(at=await journal.in_time(tx, SOURCE, tracked.id, at))
    await requests.save(tx, tracked)
    await journal.record(tx, fact)
    return True


async def ask_again(tx: Transaction, *, asked_before: datetime, until: date, at: datetime, most: int = 100) -> int:
    """Ask once more what came of it, some months after it could first be said; tell how many."""
    due = await evaluations.to_ask_again(tx, asked_before=asked_before, most=most)
    for request_id in due:
        await _await_evaluation(tx, request_id, EvaluationRound.SIX_MONTHS, reminder=False, until=until, at=at)
    return len(due)


async def remind(tx: Transaction, *, days: int, until: date, at: datetime, most: int = 100) -> int:
    """Remind those who were asked so many days ago and have not answered; tell how many."""
    due = await evaluations.to_remind(tx, days=days, at=at, most=most)
    for request_id, asked in due:
        await _await_evaluation(tx, request_id, asked, reminder=True, until=until, at=at)
    return len(due)


async def _await_evaluation(
    tx: Transaction, request_id: UUID, asked: EvaluationRound, *, reminder: bool, until: date, at: datetime
) -> None:
    tracked, at = await requests.load_for_update(tx, request_id), await journal.in_time(tx, SOURCE, request_id, at)
    fact = tracked.await_evaluation(asked, reminder=reminder, until=until, at=at)
    await tell(tx, tracked, fact)
    await evaluations.note_awaited(tx, fact)


async def close_evaluated(tx: Transaction, *, evaluated_before: datetime, at: datetime, most: int = 100) -> int:
    """End requests some time after their evaluation; tell how many."""
    due = await requests.evaluated_before(tx, evaluated_before, most=most)
    for tracked in due:
        await tell(tx, tracked, tracked.close(at=await journal.in_time(tx, SOURCE, tracked.id, at)))
    return len(due)
