"""Bugs in how mails are owed and sent."""

from tests.faults.teeth.bug import Bug, Edit, bug

POSTMAN = "services/notifications/postman.py"
SENDING = "services/notifications/store/sending.py"

BUGS = (
    bug(
        "unknown_request_is_told_to_nobody",
        "An event that comes before the request it is about makes no mail.",
        "late_for_mails",
        "services/notifications/usecases/tell.py",
        "        raise RequestNotKnownYet\n",
        "        return\n",
    ),
    bug(
        "steps_are_mailed_after_an_accepted_withdrawal",
        "A step of another source that arrives after the acceptance is mailed: the last mail is untrue.",
        "crossing",
        "services/notifications/usecases/tell.py",
        "        withdrawn=request is not None and request.withdrawn_at is not None,\n",
        "",
    ),
    bug(
        "lost_senders_are_not_looked_for",
        "A mail whose sender was killed stays under way for ever.",
        "kills_mails",
        POSTMAN,
        "                    (self.settle_lost, SETTLE_EVERY),\n",
        "",
    ),
    Bug(
        "two_senders_take_one_mail",
        "The next mail that is due is not locked: two senders take the same within a twentieth of a second.",
        "at_once",
        (
            Edit(
                SENDING,
                "            SELECT d.id\n            FROM delivery d\n",
                "            SELECT d.id, pg_sleep(0.05)\n            FROM delivery d\n",
            ),
            Edit(SENDING, "            FOR UPDATE OF d SKIP LOCKED\n        ), taken AS (", "        ), taken AS ("),
        ),
    ),
    bug(
        "content_offered_without_a_note",
        "It is not written down that the mail server is given the content: a killed sender's mail is sent again.",
        "kills_mails",
        SENDING,
        '    await tx.execute("UPDATE delivery_attempt SET content_at = $2 WHERE id = $1", attempt_id, at)\n',
        "",
    ),
    bug(
        "a_new_name_at_each_attempt",
        "The Message-ID changes with each attempt, so that no mail server can tell that two are one.",
        "order",
        POSTMAN,
        "<{mail.delivery_id}.{mail.round}@{self._domain}>",
        "<{mail.attempt_id}.{mail.round}@{self._domain}>",
    ),
    bug(
        "digests_lock_in_heap_order",
        "What became of a digest's mails is recorded in the order in which their rows lie, another for each digest.",
        "digests_and_departements",
        SENDING,
        "        SELECT * FROM concluded ORDER BY request_id, id\n",
        "        SELECT * FROM concluded\n",
    ),
    bug(
        "departements_locked_in_the_order_of_requests",
        "How a département's service presents itself is one row, which every request of it updates.",
        "digests_and_departements",
        "services/notifications/store/requests.py",
        "        departement,\n        request_id,\n        service.name,\n",
        "        departement,\n        UUID(int=0),\n        service.name,\n",
    ),
    bug(
        "heard_outcome_lost_on_an_error",
        "What the mail server answered is forgotten when the database raises something while it is written down.",
        "heard",
        POSTMAN,
        "                    attempts += 1\n"
        '                    log.exception("postman.outcome_refused", delivery_id=str(mail.delivery_id))\n',
        "                    raise\n",
    ),
    bug(
        "mails_are_told_by_the_bare_clock",
        "What became of a mail is told with the moment of this machine's clock, whatever is known of the request.",
        "heard",
        "services/notifications/usecases/tell.py",
        "    return await journal.in_time(tx, SOURCE, request_id, at)\n",
        "    return at\n",
    ),
    bug(
        "delivery_not_locked_to_be_sent_again",
        "A person has a mail sent again that a sender takes at the same moment: it is not locked when it is looked at.",
        "heard",
        "services/notifications/store/deliveries.py",
        "        WHERE {SEES_DELIVERY} AND id = $4\n        FOR UPDATE\n",
        "        WHERE {SEES_DELIVERY} AND id = $4\n",
    ),
    bug(
        "two_numberers_of_partners_events",
        "Positions are given to partners' events by two copies at once.",
        "heard",
        "services/notifications/store/webhooks.py",
        '    if not await tx.fetchval("SELECT pg_try_advisory_xact_lock(1001, $1)", _NUMBERING):\n        return 0\n',
        "",
    ),
)
