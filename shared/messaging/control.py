"""The names of the messages that services say to each other to heal; they are no facts."""

from typing import Final

EVENTS_MISSING: Final = "events_missing"
STREAM_HEADS: Final = "stream_heads"
HEADS_WANTED: Final = "heads_wanted"
ALONE_HEADS: Final = "alone_heads"
"""What is told of facts that stand alone; it goes where they go."""
STREAM_FORKED: Final = "stream_forked"
STREAM_CHECKED: Final = "stream_checked"
CONTROL: Final = (EVENTS_MISSING, STREAM_HEADS, HEADS_WANTED, ALONE_HEADS, STREAM_FORKED, STREAM_CHECKED)
ASKS: Final = (EVENTS_MISSING, HEADS_WANTED, STREAM_FORKED)
"""What a listener says for its own queue; the others are what a source says of its own streams."""


def is_control(wire_type: str | None) -> bool:
    """Tell whether a message is said between services to heal, and is no fact."""
    parts = (wire_type or "").split(".")
    return len(parts) == 3 and parts[1] in CONTROL and parts[2] == "v1"  # noqa: PLR2004 - service, name, version
