"""Bugs in what a listener believes of who published a message."""

from tests.faults.teeth.bug import bug

AUTHENTICITY = "shared/messaging/authenticity.py"
HEALER = "shared/messaging/recovery/gap_recovery.py"
AGAIN = "shared/messaging/inbox/resubmitted.py"
BEHIND = "services/operations/reads/behind.py"

BUGS = (
    bug(
        "any_account_speaks_for_any_source",
        "A listener does not compare the source of an event with the account that published it.",
        "forged",
        AUTHENTICITY,
        "if not self._origins.owns(sender.user, envelope.source):",
        "if False:",
    ),
    bug(
        "routing_keys_are_not_compared",
        "An event is believed whatever routing key it came by.",
        "forged",
        AUTHENTICITY,
        'if words[:2] != key.split(".") or (departement and words[2:] != [departement]):',
        "if False:",
    ),
    bug(
        "data_is_not_compared_with_its_stream",
        "An event may be about another request or département than its stream.",
        "forged",
        AUTHENTICITY,
        "            _check_data(envelope)\n",
        "            pass\n",
    ),
    bug(
        "control_messages_are_believed",
        "Whoever may publish asks for any queue and tells of any stream.",
        "forged",
        HEALER,
        "if sender is None or await self._is_authentic(envelope, body, sender):",
        "if True:",
    ),
    bug(
        "what_is_replayed_is_believed",
        "A message that an operator hands over is not checked once more.",
        "forged",
        AGAIN,
        'sender = None if user is None else Sender(user, row["routing_key"])',
        "sender = None",
    ),
    bug(
        "ghosts_are_not_looked_for",
        "Nobody notices that a service applied what no journal has.",
        "forged",
        BEHIND,
        "        applied |= set(_flat(await asyncio.gather(*(_unless_away(_recent(one)) for one in services))))\n",
        "        pass\n",
    ),
)
