"""How intake is rebuilt from the journals: what it heard, and what it told of its applicants' deeds."""

from collections.abc import Mapping

from services.intake import usecases
from services.intake.handlers import SUBSCRIPTION, TABLE
from services.intake.store import colleagues, documents, evaluations, requests
from services.intake.usecases import file_request, follow, share
from shared.contracts import intake
from shared.contracts.fact import Fact
from shared.db import Transaction
from shared.messaging import journal
from shared.messaging.handlers import EventHandlers, Handler
from shared.messaging.replay import Rebuilding, Table


def rebuilding() -> Rebuilding:
    """Say how."""
    return Rebuilding(
        service="intake",
        handlers=EventHandlers({**TABLE, **TOLD}),
        hears=SUBSCRIPTION.bindings,
        tables=TABLES,
        left_out=LEFT_OUT,
    )


async def _file(tx: Transaction, fact: intake.RequestSubmitted) -> None:
    await file_request.keep(tx, fact, event_id=journal.applied_event(tx))
    departement, year, last = fact.request.number.split("-")
    await requests.note_number(tx, departement, int(year), int(last))


async def _take_in(tx: Transaction, fact: Fact) -> None:
    tracked = await requests.load_for_update(tx, fact.request_id)
    tracked.take_in(fact)
    await usecases.keep(tx, tracked, fact, event_id=journal.applied_event(tx))


async def _write(tx: Transaction, fact: intake.MessagePosted) -> None:
    await _take_in(tx, fact)
    await follow.keep_message(tx, fact, message_id=fact.message_id)


async def _inform(tx: Transaction, fact: intake.InformationProvided) -> None:
    await _take_in(tx, fact)
    await follow.keep_message(tx, fact, message_id=journal.applied_event(tx))


async def _invite(tx: Transaction, fact: intake.ColleagueInvited) -> None:
    await _take_in(tx, fact)
    await colleagues.add(tx, fact.request_id, share.invited_by(fact))


async def _remove(tx: Transaction, fact: intake.ColleagueRemoved) -> None:
    await _take_in(tx, fact)
    await colleagues.remove(tx, fact.colleague_id, at=fact.at)


async def _join(tx: Transaction, fact: intake.DocumentAdded) -> None:
    await _take_in(tx, fact)
    await documents.add(tx, fact.request_id, fact.document, with_request=fact.with_request)


async def _evaluate(tx: Transaction, fact: intake.EvaluationSubmitted) -> None:
    await _take_in(tx, fact)
    await evaluations.add_evaluation(
        tx,
        fact.request_id,
        follow.evaluation_of(fact),
        asked=fact.round,
        evaluation_id=journal.applied_event(tx),
        at=fact.at,
    )


async def _await(tx: Transaction, fact: intake.EvaluationAwaited) -> None:
    await _take_in(tx, fact)
    await evaluations.note_awaited(tx, fact)


TOLD: Mapping[type[Fact], Handler] = {
    intake.RequestSubmitted: _file,
    intake.InformationProvided: _inform,
    intake.MessagePosted: _write,
    intake.DocumentAdded: _join,
    intake.ProgressTold: _take_in,
    intake.RequestWithdrawn: _take_in,
    intake.TrackingLinkReplaced: _take_in,
    intake.ColleagueInvited: _invite,
    intake.ColleagueRemoved: _remove,
    intake.EvaluationSubmitted: _evaluate,
    intake.EvaluationAwaited: _await,
    intake.RequestClosed: _take_in,
}

READ = "what somebody has read is told to nobody"
USED = "which links were opened is told to nobody"

TABLES = (
    Table(
        "request",
        key=("id",),
        request="id",
        left_out={"messages_read_at": READ, **dict.fromkeys(("old_link_generation", "contact_confirmed_at"), USED)},
    ),
    Table("step", key=("id", "type")),
    Table("message", key=("id",)),
    Table("document", key=("id",)),
    Table("milestone", key=("id", "request_id")),
    Table("evaluation", key=("id",)),
    Table("evaluation_asked", key=("request_id",)),
    Table("programme_territory", key=("programme", "departement", "kind", "code"), request=""),
    Table("colleague", key=("id",), left_out={"messages_read_at": READ}),
    Table("number_counter", key=("departement", "year"), request=""),
)

LEFT_OUT = {
    "waiting_invitation": "an invitation is told when it leaves",
    "wanted_link": "what somebody asks for is told when the link is sent",
    "rate_limit": "how often strangers did something, which is told to nobody",
    "form_answer": "answers that the broker does not have yet: the form that wants one files the same again",
    "filing": "digests of idempotency keys, which only the callers know",
    "used_mandate": "mandates that are over within minutes",
    **dict.fromkeys(("draft", "draft_document"), "what nobody filed yet is told to nobody"),
    **dict.fromkeys(
        ("published_figures", "published_amount", "published_evaluation"),
        "what was published at a moment stays published; a rebuilt database begins with a snapshot of its own",
    ),
    **dict.fromkeys(("document_folder", "unclaimed_file"), "about files of this machine, not about requests"),
}
