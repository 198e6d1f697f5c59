"""Use cases for consumed events: update the timeline, status and messages that the applicant sees."""

import structlog

from services.intake.domain.colleagues import Holder
from services.intake.domain.life import meaning_of
from services.intake.domain.request import TrackedRequest
from services.intake.store import colleagues, evaluations, messages, milestones, requests
from services.intake.usecases.context import Context
from services.intake.usecases.messages import take_reply_by_mail
from services.intake.usecases.recording import SOURCE
from shared.contracts import escalation, notifications, qualification
from shared.contracts.fact import Fact
from shared.contracts.vocabulary import Team
from shared.db import Transaction
from shared.errors import NotFound
from shared.messaging import journal

log = structlog.get_logger(__name__)


async def update_request_on_fact(tx: Transaction, fact: Fact) -> None:
    """Apply what happened to a request elsewhere."""
    tracked = await _find(tx, fact)
    if tracked is not None:
        await _apply(tx, tracked, fact)


async def _find(tx: Transaction, fact: Fact) -> TrackedRequest | None:
    """Lock the request of a fact; None, and a line of log, where it is no request of ours."""
    tracked = await requests.find_for_update(tx, fact.request_id)
    if tracked is None:
        log.warning("request.unknown", type=fact.wire_type)
    return tracked


async def _apply(tx: Transaction, tracked: TrackedRequest, fact: Fact) -> None:
    before = tracked.departement
    step = tracked.apply_consumed(fact)
    await requests.save(tx, tracked)
    if tracked.departement != before:
        await journal.move_stream(tx, SOURCE, tracked.id, tracked.departement)
    await _note_opened(tx, fact)
    if step is not None:
        await requests.add_step(tx, tracked.id, journal.applied_event(tx), step)


async def _note_opened(tx: Transaction, fact: Fact) -> None:
    """Store from when on the applicant may evaluate, and whether a mail asks them to.

    Of work without a result they may say what they think, and nobody asks them again.
    """
    meaning = meaning_of(fact)
    without_result = isinstance(fact, qualification.LocalWorkStopped)
    if meaning is not None and meaning.opens_evaluation and not without_result:
        invited = isinstance(fact, escalation.EvaluationRequested | qualification.LocalWorkCompleted)
        await evaluations.note_opened(tx, fact.request_id, at=fact.at, invited=invited)


async def add_message_on_message_posted(tx: Transaction, fact: qualification.MessagePosted) -> None:
    """Add a message of the département."""
    tracked = await _find(tx, fact)
    if tracked is None:
        return
    await messages.add(
        tx, fact.request_id, message_id=fact.message_id, at=fact.at, author=Team.DEPARTEMENT, text=fact.text
    )
    await _apply(tx, tracked, fact)


async def store_milestone_on_change(tx: Transaction, fact: milestones.Change) -> None:
    """Store a milestone that was planned, postponed or reached."""
    tracked = await _find(tx, fact)
    if tracked is None:
        return
    await milestones.store(tx, fact)
    await _apply(tx, tracked, fact)


async def forget_milestone_on_cancelled(tx: Transaction, fact: escalation.MilestoneCancelled) -> None:
    """Delete a milestone that is not to be reached any more."""
    tracked = await _find(tx, fact)
    if tracked is None:
        return
    await milestones.forget(tx, fact.milestone_id)
    await _apply(tx, tracked, fact)


async def end_local_work_on_stop(tx: Transaction, fact: qualification.LocalWorkStopped) -> None:
    """Delete the milestones that will not be reached."""
    tracked = await _find(tx, fact)
    if tracked is None:
        return
    await milestones.forget_open(tx, fact.request_id)
    await _apply(tx, tracked, fact)


async def add_message_on_information_requested(tx: Transaction, fact: qualification.InformationRequested) -> None:
    """Add what the département asks for to the messages too."""
    tracked = await _find(tx, fact)
    if tracked is None:
        return
    await messages.add(
        tx,
        fact.request_id,
        message_id=journal.applied_event(tx),
        at=fact.at,
        author=Team.DEPARTEMENT,
        text="Merci de nous envoyer\u00a0:\n" + "\n".join(f"– {item}" for item in fact.items),
    )
    await _apply(tx, tracked, fact)


async def note_mail_on_delivery(
    tx: Transaction, fact: notifications.DeliverySucceeded | notifications.DeliveryFailed
) -> None:
    """Store whether the latest mail to the applicant or a colleague failed; the page says so while it did."""
    if fact.audience != "applicant":
        return
    failed_at = fact.at if isinstance(fact, notifications.DeliveryFailed) else None
    if fact.colleague_id is None:
        await requests.note_mail(tx, fact.request_id, failed_at=failed_at)
    else:
        await colleagues.note_mail(tx, fact.colleague_id, failed_at=failed_at)


async def post_message_on_reply_received(tx: Transaction, fact: notifications.ReplyReceived) -> None:
    """Post a reply by mail of the applicant's side as a message, like those that are written on the page."""
    if fact.audience != "applicant":
        return
    tracked = await _find(tx, fact)
    if tracked is None:
        return
    generation = tracked.link_generation if fact.colleague_id is None else None
    holder = Holder(tracked.id, generation=generation, colleague_id=fact.colleague_id)
    try:
        await take_reply_by_mail(Context(tx, holder, fact.at), fact.text, message_id=fact.reply_id)
    except NotFound:
        log.warning("reply.from_nobody_invited", reply_id=str(fact.reply_id))
