"""The quarantine: stores messages that cannot be parsed, stored or believed, with their bytes (ADR 4)."""

from functools import partial

import structlog
from pydantic import BaseModel, ValidationError
from pydantic import Field as Bounds

from shared.clock import new_id
from shared.db import Transaction
from shared.messaging import metrics
from shared.messaging.authenticity import Reason
from shared.messaging.envelope import FURTHEST, Name
from shared.messaging.inbox.message import Message
from shared.messaging.inbox.resubmitted import user_of


class _Place(BaseModel):
    source: Name
    subject: Name
    sequence: int = Bounds(ge=1, le=FURTHEST)


log = structlog.get_logger(__name__)

FORGERIES = frozenset(reason.value for reason in Reason)
for _reason in FORGERIES:
    metrics.FORGED.labels(_reason)  # an alert on an increase needs the figure from the start


FOREIGN = "(coalesce(user_id, '') LIKE 'form.%' OR routing_key || '.' LIKE 'forms.request_filed.%')"
"""The SQL condition for messages of foreign forms, as `Sender.is_foreign`."""

MOST_FOREIGN = 200
"""Unsettled messages of foreign forms in quarantine; further ones are counted, logged and dropped."""


async def put_aside(tx: Transaction, message: Message, reason: str, *, deaths: int | None = None) -> None:
    """Quarantine a message with its bytes; the same bytes again are counted in the same row.

    A row without a publishing account takes the account of the repetition; one with an account does not change it. A
    message that an operator discarded stays discarded; one that they resubmitted becomes unsettled again. Messages of
    foreign forms are bounded and raise no alarm: whoever has a form's password could raise one at will.

    A dead letter (`deaths`) is not read: whoever read it was ended.
    """
    foreign = message.sender is not None and message.sender.is_foreign
    if foreign:
        metrics.FOREIGN_REFUSED.inc()
        if await _foreign_waiting(tx) >= MOST_FOREIGN:
            log.warning("message.foreign_dropped", reason=reason[:500])
            return
    source, subject, sequence = _place(message.body) if deaths is None else (None, None, None)
    first = await tx.fetchval(
        """
        INSERT INTO quarantine AS q
            (id, reason, routing_key, body, damaged, digest, source, subject, sequence, user_id, deaths)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)
        ON CONFLICT (digest) WHERE settlement IS DISTINCT FROM 'replayed'
            DO UPDATE SET times = q.times + 1, last_at = now(), deaths = coalesce(EXCLUDED.deaths, q.deaths),
                          user_id = CASE WHEN q.user_id = '' THEN EXCLUDED.user_id ELSE q.user_id END
        RETURNING times = 1
        """,
        new_id(),
        reason[:500],
        message.routing_key[:300].replace("\x00", "\ufffd"),
        message.body,
        message.damaged,
        message.fingerprint,
        source,
        subject,
        sequence,
        user_of(message),
        deaths,
    )
    if reason in FORGERIES and not foreign:
        tx.after_commit.append(partial(_log_forged, message, reason))
    if first:
        tx.after_commit.append(metrics.QUARANTINED.inc)
        log.warning("message.quarantined", reason=reason[:500])


async def _foreign_waiting(tx: Transaction) -> int:
    """Count the unsettled messages of foreign forms, up to the bound."""
    count: int = await tx.fetchval(
        f"SELECT count(*) FROM (SELECT FROM quarantine WHERE settled_at IS NULL AND {FOREIGN} LIMIT $1) AS q",
        MOST_FOREIGN,
    )
    return count


def _log_forged(message: Message, reason: str) -> None:
    """Count a forged message and log which account published it, also a repetition."""
    metrics.FORGED.labels(reason).inc()
    log.error(
        "message.forged",
        reason=reason,
        user=message.sender.user if message.sender else None,
        routing_key=message.routing_key[:300],
    )


def _place(body: bytes) -> tuple[str | None, str | None, int | None]:
    """Return source, subject and sequence that a message claims, as far as it can be parsed."""
    try:
        claimed = _Place.model_validate_json(body)
    except ValidationError:
        return None, None, None
    return claimed.source, claimed.subject, claimed.sequence
