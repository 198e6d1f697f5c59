"""Parses messages into events by stream, and finds those to quarantine."""

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
    """A parsed batch: events by stream (subject, source), and the messages to quarantine, each with the reason."""

    events: dict[tuple[str, str], list[ConsumedEvent]] = field(default_factory=lambda: defaultdict(list))
    aside: list[tuple[Message, str]] = field(default_factory=list)

    def lock_order(self, stream: Stream) -> tuple[tuple[bool, str, str], str]:
        """Return the position of a stream in the order in which a transaction locks streams (ADR 30)."""
        return self.events[stream.subject, stream.source][0].lock_order, stream.source


def read(
    messages: Sequence[Message], handlers: EventHandlers, service: str, authenticity: Authenticity | None = None
) -> Reading:
    """Parse messages for a service; its own events are ignored."""
    reading = Reading()
    for message in messages:
        if message.damaged:
            reading.aside.append((message, "damaged on its way: the body does not fit its hash"))
            continue
        try:
            if authenticity is None or message.sender is None:
                event = handlers.parse(message.body)
            else:
                event = handlers.parse(message.body, partial(authenticity.check, sender=message.sender))
        except Unreadable as error:
            reading.aside.append((message, str(error)))
            continue
        if service and handlers.is_own(event.envelope, service):
            metrics.OWN.inc()
            log.warning("event.own_left_aside", type=event.envelope.type, event_id=event.envelope.id)
            continue
        reading.events[event.subject, event.source].append(event)
    return reading
