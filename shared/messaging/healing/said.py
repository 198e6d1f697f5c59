"""The messages that services say to each other to heal; they are no facts."""

from typing import Annotated

from pydantic import AwareDatetime, BaseModel, ConfigDict, StringConstraints

from shared.messaging import topology

EVENTS_MISSING = "events_missing"
STREAM_HEADS = "stream_heads"
HEADS_WANTED = "heads_wanted"
ALONE_HEADS = topology.ALONE_HEADS
STREAM_FORKED = "stream_forked"
STREAM_CHECKED = "stream_checked"
CONTROL = (EVENTS_MISSING, STREAM_HEADS, HEADS_WANTED, ALONE_HEADS, STREAM_FORKED, STREAM_CHECKED)

ChainHash = Annotated[str, StringConstraints(pattern=r"^([0-9a-f]{64})?$")]
"""The chain hash of an event, as `previoushash` writes it; empty where it is not known."""


class Said(BaseModel):
    """What is said; members that are new to us are ignored."""

    model_config = ConfigDict(frozen=True, extra="ignore")


class EventsMissing(Said):
    """`queue` misses the events `first` to `last` of a stream."""

    source: str
    subject: str
    first: int
    last: int
    queue: str


class StreamHeads(Said):
    """How far streams of `source` go: (subject, sequence), and in the same order the chain hash of each last event."""

    source: str
    heads: tuple[tuple[str, int], ...]
    hashes: tuple[ChainHash, ...] = ()


class StreamForked(Said):
    """`queue` applied these last events of `source`: (subject, sequence, hash). Does its journal have them?"""

    source: str
    queue: str
    streams: tuple[tuple[str, int, ChainHash], ...]


class StreamChecked(Said):
    """What `source` answers to `queue`: (subject, sequence, hash, whether its journal has this event)."""

    source: str
    queue: str
    streams: tuple[tuple[str, int, ChainHash, bool], ...]


class HeadsWanted(Said):
    """Somebody wants the heads of all streams that changed since then."""

    since: AwareDatetime


def is_control(wire_type: str | None) -> bool:
    """Tell whether a message is said between services to heal, and is no fact."""
    parts = (wire_type or "").split(".")
    return len(parts) == 3 and parts[1] in CONTROL and parts[2] == "v1"  # noqa: PLR2004 - service, name, version
