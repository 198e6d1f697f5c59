"""Names of exchanges, locks and bounds that messaging and its operators share; matching of routing keys."""

from collections.abc import Iterable

EXCHANGE = "cousumain"
UNROUTED_EXCHANGE = "cousumain.unrouted"
DEAD_EXCHANGE = "cousumain.dead"
RESEND_EXCHANGE = "cousumain.resend"
UNROUTED_QUEUE = "unrouted"


def exchange_of(service: str) -> str:
    """Return the exchange that a service publishes to, which is bound to `EXCHANGE`."""
    return f"{EXCHANGE}.{service}"


EVERYBODY = "*"
"""As the queue in the outbox: resent to all consumers."""

LEADER_LOCK = 7_226_001
"""Advisory lock that the leading relay of a database holds with its connection."""

BACKUP_LOCK = 7_226_002
"""Advisory lock that a backup holds while it takes its snapshots; a relay shares it for each poll of the outbox.

Events of a poll were committed before the backup held the lock, so that every snapshot of their source has them.
"""

LEASE = 10.0
"""Seconds that the session of the leading relay may be idle; then another relay may end that session."""

OUTBOX_OLD = 60.0
"""Age of an unpublished event, in seconds, that makes the service degraded."""

OUTBOX_STALE = 20.0
"""Age of an unpublished event after which the leader checks its watermark; more than a publish may take."""


def matches_any(key: str, bindings: Iterable[str]) -> bool:
    """Return whether a routing key matches one of these bindings, as RabbitMQ's topic exchanges compare them."""
    words = key.split(".")
    return any(_matches(words, binding.split(".")) for binding in bindings)


def _matches(words: list[str], pattern: list[str]) -> bool:
    if not pattern:
        return not words
    if pattern[0] == "#":
        return any(_matches(words[skipped:], pattern[1:]) for skipped in range(len(words) + 1))
    return bool(words) and pattern[0] in {"*", words[0]} and _matches(words[1:], pattern[1:])
