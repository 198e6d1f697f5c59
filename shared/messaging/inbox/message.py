"""A message as the inbox gets it: body, routing key, sender, and what the broker says of its delivery."""

import hashlib
from dataclasses import dataclass

from shared.messaging.authenticity import Sender


@dataclass(frozen=True, slots=True)
class Message:
    """A message from the queue, or from a journal."""

    body: bytes
    routing_key: str
    redelivered: bool = False
    """An earlier attempt may have been interrupted: it is processed with its attempts counted."""
    damaged: bool = False
    """The body does not match its digest: it may parse, and mean something else."""
    sender: Sender | None = None
    """The account that published it, as the broker says; None for events from a journal, which need no check."""

    @property
    def fingerprint(self) -> bytes:
        """The key under which its attempts are counted."""
        return fingerprint_of(self.body)


def fingerprint_of(body: bytes) -> bytes:
    """Return the SHA-256 of a body."""
    return hashlib.sha256(body).digest()
