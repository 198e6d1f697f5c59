"""Bugs in how a service is made whole when the broker lost something."""

from tests.faults.teeth.bug import bug

HEALER = "shared/messaging/recovery/gap_recovery.py"
MESSENGER = "shared/messaging/messenger.py"
RESENDING = "shared/messaging/recovery/resend.py"
TOPOLOGY = "shared/messaging/topology.py"

BUGS = (
    bug(
        "gaps_are_not_asked_for",
        "Healing is off: nobody asks for what is missing.",
        "lost",
        MESSENGER,
        "            await self.recovery.request_missing()\n",
        "            pass\n",
    ),
    bug(
        "heads_are_not_told",
        "Nobody says how far the streams go: a lost last event is never noticed.",
        "queue_deleted",
        MESSENGER,
        "            (self._publish_heads, rest.heads_every),\n",
        "",
    ),
    bug(
        "heads_are_not_compared",
        "What is heard of heads is left aside.",
        "queue_deleted",
        HEALER,
        "            await gaps.expect(tx, told, departement, self.policy.before_asking)",
        "            pass",
    ),
    bug(
        "nothing_is_sent_again",
        "A source that is asked for events puts none into its outbox.",
        "lost",
        RESENDING,
        "        MOST_EVENTS,\n",
        "        0,\n",
    ),
    bug(
        "what_is_sent_again_leads_nowhere",
        "No queue is bound to the exchange by which events are sent again.",
        "lost",
        TOPOLOGY,
        "        await queue.bind(again, routing_key=subscription.queue)",
        "        pass",
    ),
    bug(
        "questions_are_not_heard",
        "A service leaves aside what others say that they miss.",
        "lost",
        HEALER,
        "await self._resend(missing)",
        "pass",
    ),
    bug(
        "a_transfer_does_not_wait_for_its_exchanges",
        "A request is taken over without the messages whose parts come after it.",
        "transfers_failing",
        "shared/exchanges.py",
        "    if len(rows) < wanted.parts:\n",
        "    if False:\n",
    ),
    bug(
        "exchanges_do_not_cross",
        "A dossier refers to no part: what people wrote stays where it was.",
        "transfers_failing",
        "services/qualification/domain/handing_over.py",
        '"exchanges": exchanges if parts else None',
        '"exchanges": None',
    ),
    bug(
        "lost_transfers_are_not_told",
        "Nobody tells of facts that stand alone: a transfer that the broker lost is never noticed.",
        "transfers_lost",
        HEALER,
        "        if not self._alone:\n",
        "        if True:\n",
    ),
    bug(
        "lost_transfers_are_not_sent_again",
        "A fact that stands alone is looked for in a stream, where it is not.",
        "transfers_lost",
        RESENDING,
        " OR id = $7)",
        " AND $7::uuid IS NULL)",
    ),
)
