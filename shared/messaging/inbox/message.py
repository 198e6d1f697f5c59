"""What the inbox is given."""

import hashlib
from dataclasses import dataclass

from shared.messaging.authenticity import Sender


@dataclass(frozen=True, slots=True)
class Message:
    """What came from the queue."""

    body: bytes
    routing_key: str
    redelivered: bool = False
    """It was begun before, or may have been: it is taken alone, and its attempts are counted."""
    damaged: bool = False
    """The body is not the one that was sent: it may still read well, and mean something else."""
    sender: Sender | None = None
    """Who published it, as the broker says; None for what comes from a journal of ours, which needs no check."""

    @property
    def fingerprint(self) -> bytes:
        """What its attempts are counted under."""
        return fingerprint_of(self.body)


def fingerprint_of(body: bytes) -> bytes:
    """Tell one body from another in 32 bytes."""
    return hashlib.sha256(body).digest()
