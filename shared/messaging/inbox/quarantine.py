"""What cannot be read, or not be written down, is put aside with its bytes: it takes no place in a stream (ADR 4)."""

import structlog

from shared.clock import new_id
from shared.db import Transaction
from shared.messaging import metrics
from shared.messaging.inbox.message import Message

log = structlog.get_logger(__name__)


async def put_aside(tx: Transaction, message: Message, reason: str) -> None:
    """Put an unreadable message aside, with its bytes."""
    await tx.execute(
        "INSERT INTO quarantine (id, reason, routing_key, body, damaged) VALUES ($1, $2, $3, $4, $5)",
        new_id(),
        reason[:500],
        message.routing_key[:300].replace("\x00", "\ufffd"),
        message.body,
        message.damaged,
    )
    tx.after_commit.append(metrics.QUARANTINED.inc)
    log.warning("message.quarantined", reason=reason[:500])
