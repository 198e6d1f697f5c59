"""Control messages of gap recovery: their names and bodies. They are no events, and may be lost."""

from typing import Annotated, Final

from pydantic import AwareDatetime, BaseModel, ConfigDict, StringConstraints
from pydantic import Field as Bounds

from shared.messaging.envelope import FURTHEST, Name

EVENTS_MISSING: Final = "events_missing"
STREAM_HEADS: Final = "stream_heads"
HEADS_WANTED: Final = "heads_wanted"
ALONE_HEADS: Final = "alone_heads"
"""Heads of events outside streams; published with their routing key."""
STREAM_FORKED: Final = "stream_forked"
STREAM_CHECKED: Final = "stream_checked"
CONTROL: Final = (EVENTS_MISSING, STREAM_HEADS, HEADS_WANTED, ALONE_HEADS, STREAM_FORKED, STREAM_CHECKED)
REQUESTS: Final = (EVENTS_MISSING, HEADS_WANTED, STREAM_FORKED)
"""Requests of a consumer for its own queue; the others are statements of a source about its own streams."""

MOST_BYTES: Final = 256 * 1024
"""Bytes of a control message; five hundred stream heads are about 70 kB."""

MOST_ENTRIES: Final = 1_000
"""Streams in one control message; this version sends at most half as many."""

ChainHash = Annotated[str, StringConstraints(pattern=r"^([0-9a-f]{64})?$")]
"""Chain hash of an event as in `previoushash`; empty where unknown."""


QueueName = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_][A-Za-z0-9_.-]{0,199}$")]
"""The queue of a consumer: neither empty nor `*`, which mean all consumers, and short enough for AMQP."""

Sequence = Annotated[int, Bounds(ge=1, le=FURTHEST)]


class ControlMessage(BaseModel):
    """The body of a control message; unknown members are ignored."""

    model_config = ConfigDict(frozen=True, extra="ignore")


class EventsMissing(ControlMessage):
    """`queue` misses the events `first` to `last` of a stream."""

    source: Name
    subject: Name
    first: Sequence
    last: Sequence
    queue: QueueName


class StreamHeads(ControlMessage):
    """How far streams of `source` go: (subject, sequence), and in the same order the chain hash of each last event."""

    source: Name
    heads: tuple[tuple[Name, Sequence], ...] = Bounds(max_length=MOST_ENTRIES)
    hashes: tuple[ChainHash, ...] = Bounds(default=(), max_length=MOST_ENTRIES)


class StreamForked(ControlMessage):
    """`queue` applied these last events of `source`: (subject, sequence, hash). Does its journal have them?"""

    source: Name
    queue: QueueName
    streams: tuple[tuple[Name, Sequence, ChainHash], ...] = Bounds(max_length=MOST_ENTRIES)


class StreamChecked(ControlMessage):
    """What `source` answers to `queue`: (subject, sequence, hash, whether its journal has this event).

    `heads` are in the same order the last event (sequence, hash) of each stream at the source; 0 where it has none.
    """

    source: Name
    queue: QueueName
    streams: tuple[tuple[Name, Sequence, ChainHash, bool], ...] = Bounds(max_length=MOST_ENTRIES)
    heads: tuple[tuple[Annotated[int, Bounds(ge=0, le=FURTHEST)], ChainHash], ...] = Bounds(max_length=MOST_ENTRIES)


class HeadsWanted(ControlMessage):
    """`queue` wants the heads of all streams that changed since then."""

    since: AwareDatetime
    queue: QueueName | None = None


def is_control(wire_type: str | None) -> bool:
    """Return whether a wire type is that of a control message."""
    parts = (wire_type or "").split(".")
    return len(parts) == 3 and parts[1] in CONTROL and parts[2] == "v1"  # noqa: PLR2004 - service, name, version
