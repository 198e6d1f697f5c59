"""The messages that services say to each other to heal; they are no facts."""

from pydantic import AwareDatetime, BaseModel, ConfigDict

from shared.messaging import topology

EVENTS_MISSING = "events_missing"
STREAM_HEADS = "stream_heads"
HEADS_WANTED = "heads_wanted"
ALONE_HEADS = topology.ALONE_HEADS
CONTROL = (EVENTS_MISSING, STREAM_HEADS, HEADS_WANTED, ALONE_HEADS)

SINGLE = "event:"
"""How the stream of a fact that stands alone is called: this and the fact's id."""


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
    """How far streams of `source` go: (subject, sequence)."""

    source: str
    heads: tuple[tuple[str, int], ...]


class HeadsWanted(Said):
    """Somebody wants the heads of all streams that changed since then."""

    since: AwareDatetime


def is_control(wire_type: str | None) -> bool:
    """Tell whether a message is said between services to heal, and is no fact."""
    parts = (wire_type or "").split(".")
    return len(parts) == 3 and parts[1] in CONTROL and parts[2] == "v1"  # noqa: PLR2004 - service, name, version
