"""The messages that services say to each other to heal; they are no facts."""

from typing import Annotated

from pydantic import AwareDatetime, BaseModel, ConfigDict, StringConstraints
from pydantic import Field as Bounds

from shared.messaging.envelope import FURTHEST, Name
from shared.messaging.healing.limits import MOST_ENTRIES

ChainHash = Annotated[str, StringConstraints(pattern=r"^([0-9a-f]{64})?$")]
"""The chain hash of an event, as `previoushash` writes it; empty where it is not known."""


QueueName = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_][A-Za-z0-9_.-]{0,199}$")]
"""The queue of a listener: neither empty nor `*`, which would mean all who listen, and short enough for AMQP."""

Sequence = Annotated[int, Bounds(ge=1, le=FURTHEST)]


class Said(BaseModel):
    """What is said; members that are new to us are ignored."""

    model_config = ConfigDict(frozen=True, extra="ignore")


class EventsMissing(Said):
    """`queue` misses the events `first` to `last` of a stream."""

    source: Name
    subject: Name
    first: Sequence
    last: Sequence
    queue: QueueName


class StreamHeads(Said):
    """How far streams of `source` go: (subject, sequence), and in the same order the chain hash of each last event."""

    source: Name
    heads: tuple[tuple[Name, Sequence], ...] = Bounds(max_length=MOST_ENTRIES)
    hashes: tuple[ChainHash, ...] = Bounds(default=(), max_length=MOST_ENTRIES)


class StreamForked(Said):
    """`queue` applied these last events of `source`: (subject, sequence, hash). Does its journal have them?"""

    source: Name
    queue: QueueName
    streams: tuple[tuple[Name, Sequence, ChainHash], ...] = Bounds(max_length=MOST_ENTRIES)


class StreamChecked(Said):
    """What `source` answers to `queue`: (subject, sequence, hash, whether its journal has this event).

    `heads` are in the same order the last event (sequence, hash) of each stream at the source; 0 where it has none.
    """

    source: Name
    queue: QueueName
    streams: tuple[tuple[Name, Sequence, ChainHash, bool], ...] = Bounds(max_length=MOST_ENTRIES)
    heads: tuple[tuple[Annotated[int, Bounds(ge=0, le=FURTHEST)], ChainHash], ...] = Bounds(max_length=MOST_ENTRIES)


class HeadsWanted(Said):
    """`queue` wants the heads of all streams that changed since then."""

    since: AwareDatetime
    queue: QueueName | None = None
