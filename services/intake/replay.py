"""Replay of intake: rebuild its database from the journals of all services."""

from collections.abc import Mapping

from services.intake.handlers import SUBSCRIPTION, TABLE
from services.intake.store import requests
from services.intake.usecases import filing, recording
from shared.contracts import intake, notifications
from shared.contracts.fact import Fact
from shared.db import Transaction
from shared.messaging import journal
from shared.messaging.handlers import EventHandlers, Handler
from shared.messaging.replay import Rebuilding, Table


def rebuilding() -> Rebuilding:
    """Return what the rebuilding of this service consists of."""
    return Rebuilding(
        service="intake",
        handlers=EventHandlers({**TABLE, **OWN, notifications.ReplyReceived: _posted_before}),
        bindings=SUBSCRIPTION.bindings,
        tables=TABLES,
        left_out=LEFT_OUT,
    )


async def _posted_before(_: Transaction, __: notifications.ReplyReceived) -> None:
    """Apply nothing: the message that a reply by mail made is an event of intake's own journal."""


async def _file(tx: Transaction, fact: intake.RequestSubmitted) -> None:
    await filing.store_submitted(tx, fact, event_id=journal.applied_event(tx))
    departement, year, last = fact.request.number.split("-")
    await requests.note_number(tx, departement, int(year), int(last))


async def _apply(tx: Transaction, fact: Fact) -> None:
    tracked = await requests.load_for_update(tx, fact.request_id)
    tracked.apply(fact)
    await recording.store(tx, tracked, fact, event_id=journal.applied_event(tx))


OWN: Mapping[type[Fact], Handler] = {**dict.fromkeys(intake.FACTS, _apply), intake.RequestSubmitted: _file}

READ = "what somebody has read is not published"
USED = "which links were opened is not published"

TABLES = (
    Table(
        "request",
        key=("id",),
        request="id",
        left_out={"messages_read_at": READ, **dict.fromkeys(("old_link_generation", "contact_confirmed_at"), USED)},
    ),
    # Entries of before November 2026 do not know the département that registered, or took over.
    Table("step", key=("id", "type"), seen_as={"details": "details - 'departement'"}),
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
    "waiting_invitation": "an invitation is published when it is sent",
    "wanted_link": "a new link is published when it is sent",
    "rate_limit": "how often strangers did something, which is not published",
    "form_answer": "answers that the broker does not have yet: the form that wants one files the same again",
    "filing": "digests of idempotency keys, which only the callers know",
    "used_mandate": "mandates that are over within minutes",
    **dict.fromkeys(("draft", "draft_document"), "drafts are not published"),
    **dict.fromkeys(
        ("published_figures", "published_amount", "published_evaluation"),
        "what was published at a moment stays published; a rebuilt database begins with a snapshot of its own",
    ),
    **dict.fromkeys(("document_folder", "unclaimed_file"), "about files of this machine, not about requests"),
}
