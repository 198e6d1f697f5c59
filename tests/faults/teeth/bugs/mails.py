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
)
