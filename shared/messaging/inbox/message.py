"""What the inbox is given."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Message:
    """What came from the queue."""

    body: bytes
    routing_key: str
    redelivered: bool = False
    damaged: bool = False
    """The body is not the one that was sent: it may still read well, and mean something else."""
