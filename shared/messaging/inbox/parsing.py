"""What messages say, and which of them have no place in any stream here."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import partial

import structlog

from shared.messaging import metrics
from shared.messaging.authenticity import Authenticity
from shared.messaging.envelope import Unreadable
from shared.messaging.handlers import ConsumedEvent, EventHandlers
from shared.messaging.inbox.message import Message
from shared.messaging.inbox.streams import Stream

log = structlog.get_logger(__name__)


@dataclass(slots=True)
class Reading:
    """Messages as they were read: by stream (subject, source), and those to put aside with the reason."""

    heard: dict[tuple[str, str], list[ConsumedEvent]] = field(default_factory=lambda: defaultdict(list))
    aside: list[tuple[Message, str]] = field(default_factory=list)

    def lock_order(self, stream: Stream) -> tuple[tuple[bool, str, str], str]:
        """Where a stream stands among those that one transaction applies (ADR 30)."""
        return self.heard[stream.subject, stream.source][0].lock_order, stream.source


def read(
    messages: Sequence[Message], handlers: EventHandlers, service: str, authenticity: Authenticity | None = None
) -> Reading:
    """Read messages for a service, whose own events are left aside: it knows them, and follows no stream of its own."""
    reading = Reading()
    for message in messages:
        if message.damaged:
            reading.aside.append((message, "damaged on its way: the body does not fit its hash"))
            continue
        try:
            if authenticity is None or message.sender is None:
                heard = handlers.parse(message.body)
            else:
                heard = handlers.parse(message.body, partial(authenticity.check, sender=message.sender))
        except Unreadable as error:
            reading.aside.append((message, str(error)))
            continue
        if service and handlers.is_own(heard.envelope, service):
            metrics.OWN.inc()
            log.warning("event.own_left_aside", type=heard.envelope.type, event_id=heard.envelope.id)
            continue
        reading.heard[heard.subject, heard.source].append(heard)
    return reading
