"""Bugs in how mails are created and sent."""

from dataclasses import replace
from datetime import datetime
from typing import Any
from uuid import UUID

from tests.faults.teeth.bug import bug
from tests.faults.teeth.changes import around, ignoring, in_turn, instead, lacking, passing, reworded, skipped

NOTIFICATIONS = "services.notifications"


async def _bare(original: Any, tx: Any, request_id: UUID, at: datetime) -> datetime:
    await original(tx, request_id, at)
    return at


def _named_by_attempt(mail: Any) -> Any:
    thread = mail.attempt_id if mail.thread_id == mail.delivery_id else mail.thread_id
    return replace(mail, delivery_id=mail.attempt_id, thread_id=thread)


BUGS = (
    bug(
        "unknown_request_is_told_to_nobody",
        "An event that comes before the request it is about makes no mail.",
        "late_for_mails",
        f"{NOTIFICATIONS}.usecases.deliveries:create_deliveries",
        ignoring(f"{NOTIFICATIONS}.usecases.deliveries:RequestNotKnownYet"),
    ),
    bug(
        "steps_are_mailed_after_an_accepted_withdrawal",
        "A step of another source that arrives after the acceptance is mailed: the last mail is untrue.",
        "crossing",
        f"{NOTIFICATIONS}.domain.audiences:mails_of",
        passing(withdrawn=instead(False)),
    ),
    bug(
        "lost_senders_are_not_looked_for",
        "A mail whose sender was killed stays under way for ever.",
        "kills_mails",
        f"{NOTIFICATIONS}.adapters.mail_sender:MailSender.settle_lost",
        skipped,
    ),
    bug(
        "two_senders_take_one_mail",
        "The next mail that is due is not locked: two senders take the same within a twentieth of a second.",
        "at_once",
        f"{NOTIFICATIONS}.store.sending:claim_delivery",
        in_turn(
            reworded("SELECT d.id FROM delivery d", "SELECT d.id, pg_sleep(0.05) FROM delivery d"),
            lacking("FOR UPDATE OF d SKIP LOCKED"),
        ),
    ),
    bug(
        "content_offered_without_a_note",
        "It is not written down that the mail server is given the content: a killed sender's mail is sent again.",
        "heard",
        f"{NOTIFICATIONS}.store.sending:note_content_offered",
        reworded(
            "SET content_at = $2 WHERE id = $1",
            "SET content_at = content_at WHERE id = $1 AND $2::timestamptz = 'infinity'",
        ),
    ),
    bug(
        "a_new_name_at_each_attempt",
        "The Message-ID changes with each attempt, so that no mail server can tell that two are one.",
        "order",
        f"{NOTIFICATIONS}.adapters.mail_sender:MailSender.write",
        passing(mail=_named_by_attempt),
    ),
    bug(
        "digests_lock_in_heap_order",
        "What became of a digest's mails is recorded in the order in which their rows lie, another for each digest.",
        "digests_and_departements",
        f"{NOTIFICATIONS}.store.sending:conclude",
        lacking("ORDER BY request_id, id"),
    ),
    bug(
        "departements_locked_in_the_order_of_requests",
        "How a département's service presents itself is one row, which every request of it updates.",
        "digests_and_departements",
        f"{NOTIFICATIONS}.store.requests:save_service",
        passing(request_id=instead(UUID(int=0))),
    ),
    bug(
        "heard_outcome_lost_on_an_error",
        "What the mail server answered is forgotten when the database raises something while it is written down.",
        "heard",
        f"{NOTIFICATIONS}.adapters.mail_sender:SETTLE_ATTEMPTS",
        instead(1),
    ),
    bug(
        "mails_are_told_by_the_bare_clock",
        "What became of a mail is told with the moment of this machine's clock, whatever is known of the request.",
        "heard",
        f"{NOTIFICATIONS}.usecases.deliveries:in_time",
        around(_bare),
    ),
    bug(
        "delivery_not_locked_to_be_sent_again",
        "A person has a mail sent again that a sender takes at the same moment: it is not locked when it is looked at.",
        "heard",
        f"{NOTIFICATIONS}.store.deliveries:lock_delivery",
        lacking("FOR UPDATE"),
    ),
    bug(
        "two_numberers_of_partners_events",
        "Positions are given to partners' events by two copies at once.",
        "heard",
        f"{NOTIFICATIONS}.store.webhooks:number_partner_events",
        reworded("pg_try_advisory_xact_lock(1001, $1)", "$1::int IS NOT NULL"),
    ),
)
