"""Bugs in gap recovery: how a service gets what the broker lost."""

from typing import Any

from shared.messaging.names import RESEND_EXCHANGE
from tests.faults.teeth.bug import bug
from tests.faults.teeth.changes import around, passing, returning, reworded, skipped

RECOVERY = "shared.messaging.recovery"
GAP_RECOVERY = f"{RECOVERY}.gap_recovery:GapRecovery"


async def _not_to_be_sent_again(original: Any, self: Any, exchange: Any, *given: Any, **named: Any) -> Any:
    return None if exchange.name == RESEND_EXCHANGE else await original(self, exchange, *given, **named)


def _complete_as_it_is(dossier: Any) -> Any:
    wanted = dossier.exchanges and dossier.exchanges.model_copy(update={"parts": 0})
    return dossier.model_copy(update={"exchanges": wanted})


def _referring_to_nothing(original: Any, *given: Any, **named: Any) -> Any:
    light, parts = original(*given, **named)
    return light.model_copy(update={"exchanges": None}), parts


BUGS = (
    bug(
        "gaps_are_not_asked_for",
        "Healing is off: nobody asks for what is missing.",
        "lost",
        f"{GAP_RECOVERY}.request_missing",
        returning(0),
    ),
    bug(
        "heads_are_not_told",
        "Nobody says how far the streams go: a lost last event is never noticed.",
        "queue_deleted",
        "shared.messaging.messenger:Messenger._publish_heads",
        skipped,
    ),
    bug(
        "heads_are_not_compared",
        "What is heard of heads is left aside.",
        "queue_deleted",
        f"{RECOVERY}.gaps:expect",
        skipped,
        within=f"{GAP_RECOVERY}._compare",
    ),
    bug(
        "nothing_is_sent_again",
        "A source that is asked for events puts none into its outbox.",
        "lost",
        f"{RECOVERY}.resend:resend",
        returning(0),
    ),
    bug(
        "what_is_sent_again_leads_nowhere",
        "No queue is bound to the exchange by which events are sent again.",
        "lost",
        "aio_pika.queue:Queue.bind",
        around(_not_to_be_sent_again),
    ),
    bug(
        "questions_are_not_heard",
        "A service leaves aside what others say that they miss.",
        "lost",
        f"{GAP_RECOVERY}._resend",
        skipped,
    ),
    bug(
        "a_transfer_does_not_wait_for_its_exchanges",
        "A request is taken over without the messages whose parts come after it.",
        "transfers_failing",
        "shared.exchanges:complete",
        passing(dossier=_complete_as_it_is),
    ),
    bug(
        "exchanges_do_not_cross",
        "A dossier refers to no part: what people wrote stays where it was.",
        "handing_over",
        "services.qualification.domain.handing_over:hand_over",
        around(_referring_to_nothing),
    ),
    bug(
        "lost_transfers_are_not_told",
        "Nobody tells of facts that stand alone: a transfer that the broker lost is never noticed.",
        "tests_of_recovery",
        f"{RECOVERY}.stream_heads:singles",
        returning([]),
    ),
    bug(
        "lost_transfers_are_not_sent_again",
        "A fact that stands alone is looked for in a stream, where it is not.",
        "tests_of_recovery",
        f"{RECOVERY}.resend:resend",
        reworded("OR id = $7)", "AND $7::uuid IS NULL)"),
    ),
)
