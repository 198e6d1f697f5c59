"""Trace, log and metrics of an applied event."""

import structlog

from shared import clock, tracing
from shared.messaging import metrics
from shared.messaging.handlers import ConsumedEvent

log = structlog.get_logger(__name__)


def step(event: ConsumedEvent) -> tracing.Step:
    """Continue the trace of the event with a step for its processing."""
    envelope = event.envelope
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
            "cousu.sequence": event.sequence,
        },
    )


def too_far_ahead(event: ConsumedEvent) -> None:
    """Log and count an event whose number is too far ahead to be parked."""
    metrics.TOO_FAR_AHEAD.inc()
    log.warning("event.too_far_ahead", source=event.source, request_id=event.subject, sequence=event.sequence)


def applied(event: ConsumedEvent) -> None:
    """Log and count an applied event, after the commit."""
    envelope = event.envelope
    if event.handler is not None:
        log.info(
            "event.applied",
            type=envelope.type,
            source=envelope.source,
            sequence=event.sequence,
            event_id=envelope.id,
            request_id=envelope.subject,
        )
    metrics.APPLIED.inc()
    if envelope.time is not None:
        seconds = (clock.now() - envelope.time).total_seconds()
        metrics.APPLIED_AFTER.labels(envelope.type.partition(".")[0]).observe(max(0.0, seconds))
