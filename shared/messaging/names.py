"""What stands in the broker and the database, by the names and numbers that the kernel and its operators share."""

from collections.abc import Iterable

EXCHANGE = "cousumain"
UNROUTED_EXCHANGE = "cousumain.unrouted"
DEAD_EXCHANGE = "cousumain.dead"
RESEND_EXCHANGE = "cousumain.resend"
UNROUTED_QUEUE = "unrouted"


def exchange_of(service: str) -> str:
    """Give the exchange that a service publishes to; what it takes goes on to `EXCHANGE`."""
    return f"{EXCHANGE}.{service}"


EVERYBODY = "*"
"""In the outbox, where a queue's name stands: sent again to all who listen."""

LEADER_LOCK = 7_226_001
"""PostgreSQL's advisory lock that one relay per database holds; it goes with the connection."""

BACKUP_LOCK = 7_226_002
"""PostgreSQL's advisory lock that a backup holds while it takes its snapshots; whoever publishes shares it for a look.

What a look returns was committed before the backup held the lock, so that every snapshot of its source has it.
"""

LEASE = 10.0
"""Seconds that PostgreSQL may wait for the session of the relay that leads; then another relay may end that session."""

OUTBOX_OLD = 60.0
"""Seconds after which an event that waits to be published makes the service degraded."""

OUTBOX_STALE = 20.0
"""Seconds after which the leader makes sure that it has not passed an event; more than a publish may take."""


def matches_any(key: str, bindings: Iterable[str]) -> bool:
    """Tell whether a routing key leads to a queue that has these bindings."""
    words = key.split(".")
    return any(_matches(words, binding.split(".")) for binding in bindings)


def _matches(words: list[str], pattern: list[str]) -> bool:
    if not pattern:
        return not words
    if pattern[0] == "#":
        return any(_matches(words[skipped:], pattern[1:]) for skipped in range(len(words) + 1))
    return bool(words) and pattern[0] in {"*", words[0]} and _matches(words[1:], pattern[1:])
