"""Facts as other services publish them: in their envelopes, each at its place in its stream."""

import json
from collections import Counter
from typing import Any

from shared.clock import new_id
from shared.contracts.fact import Fact
from shared.messaging.inbox.message import Message


def wire(fact: Fact, sequence: int | None, **members: Any) -> bytes:
    """Write a fact as its envelope, with members changed or (None) left out."""
    envelope = {
        "specversion": "1.0",
        "id": str(new_id()),
        "source": fact.source,
        "type": fact.wire_type,
        "subject": fact.subject,
        "time": fact.at.isoformat(),
        "sequence": sequence,
        "departement": fact.departement,
        "data": fact.model_dump(mode="json"),
    } | members
    return json.dumps({name: value for name, value in envelope.items() if value is not None}).encode()


def message(fact: Fact, sequence: int, **members: Any) -> Message:
    """Give the message of a fact that has this place in its stream."""
    return Message(wire(fact, sequence, **members), fact.routing_key)


class Streams:
    """Numbers facts as their services do: each is the next of its stream."""

    def __init__(self) -> None:
        self._last: Counter[tuple[str, str]] = Counter()

    def message(self, fact: Fact, **members: Any) -> Message:
        """Give the message of the next fact of its stream."""
        self._last[fact.source, fact.subject] += 1
        return message(fact, self._last[fact.source, fact.subject], **members)
