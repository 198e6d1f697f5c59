"""Bugs in what a listener believes of who published a message."""

from dataclasses import replace

from tests.faults.teeth.bug import bug
from tests.faults.teeth.changes import around, returning, skipped

AUTHENTICITY = "shared.messaging.authenticity"

BUGS = (
    bug(
        "any_account_speaks_for_any_source",
        "A listener does not compare the source of an event with the account that published it.",
        "forged",
        "shared.messaging.accounts:Origins.owns",
        returning(True),
        within=f"{AUTHENTICITY}:Authenticity.check",
    ),
    bug(
        "routing_keys_are_not_compared",
        "An event is believed whatever routing key it came by.",
        "forged",
        f"{AUTHENTICITY}:Authenticity._check_key",
        skipped,
    ),
    bug(
        "data_is_not_compared_with_its_stream",
        "An event may be about another request or département than its stream.",
        "forged",
        f"{AUTHENTICITY}:_check_data",
        skipped,
    ),
    bug(
        "control_messages_are_believed",
        "Whoever may publish asks for any queue and tells of any stream.",
        "forged",
        "shared.messaging.recovery.gap_recovery:GapRecovery._is_authentic",
        returning(True),
    ),
    bug(
        "what_is_replayed_is_believed",
        "A message that an operator hands over is not checked once more.",
        "forged",
        "shared.messaging.inbox.resubmitted:message_of",
        around(lambda original, row, **named: replace(original(row, **named), sender=None)),
    ),
    bug(
        "operators_say_who_published",
        "The role of operators hands a service messages, each with the account that it states.",
        "forged",
        "services.operations.domain.rights:of_operators",
        around(lambda original, service: {**original(service), "inbox_again": "INSERT"}),
    ),
    bug(
        "dead_letters_are_believed",
        "A service keeps a dead letter as one that was checked, whoever published it.",
        "forged",
        "shared.messaging.inbox.dead_letters:_received",
        around(lambda original, message: replace(original(message), sender=None)),
    ),
    bug(
        "ghosts_are_not_looked_for",
        "Nobody notices that a service applied what no journal has.",
        "forged",
        "services.operations.reads.behind:_recent",
        returning([]),
    ),
)
