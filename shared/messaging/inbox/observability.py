"""What is told of an event that takes effect: its part in a trace, a line of the log, and the figures."""

import structlog

from shared import clock, tracing
from shared.messaging import metrics
from shared.messaging.handlers import ConsumedEvent

log = structlog.get_logger(__name__)


def step(heard: ConsumedEvent) -> tracing.Step:
    """Go on with the trace that the event is part of."""
    envelope = heard.envelope
    return tracing.step(
        f"process {envelope.type}",
        tracing.SpanKind.CONSUMER,
        after=tracing.known(envelope.traceparent),
        **{
            "messaging.system": "rabbitmq",
            "messaging.operation.type": "process",
            "messaging.message.id": envelope.id,
            "cousu.request_id": envelope.subject,
            "cousu.source": envelope.source,
            "cousu.sequence": heard.sequence,
        },
    )


def too_far_ahead(heard: ConsumedEvent) -> None:
    """Log and count an event that claims a place too far ahead to be parked."""
    metrics.TOO_FAR_AHEAD.inc()
    log.warning("event.too_far_ahead", source=heard.source, request_id=heard.subject, sequence=heard.sequence)


def applied(heard: ConsumedEvent) -> None:
    """Log and count it, once it is committed."""
    envelope = heard.envelope
    if heard.handler is not None:
        log.info(
            "event.applied",
            type=envelope.type,
            source=envelope.source,
            sequence=heard.sequence,
            event_id=envelope.id,
            request_id=envelope.subject,
        )
    metrics.APPLIED.inc()
    if envelope.time is not None:
        seconds = (clock.now() - envelope.time).total_seconds()
        metrics.APPLIED_AFTER.labels(envelope.type.partition(".")[0]).observe(max(0.0, seconds))
