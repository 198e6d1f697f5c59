"""Distributed tracing of requests, exported where `OTEL_EXPORTER_OTLP_ENDPOINT` says."""

import re
import secrets
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, Self

from opentelemetry.context import Context
from opentelemetry.sdk.resources import SERVICE_NAME, Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor, SpanExporter
from opentelemetry.trace import Span, SpanKind, Status, StatusCode, Tracer
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

from shared.settings import TraceSettings

__all__ = ["HEADER", "SpanKind", "Step", "begun", "collected_by", "configure", "known", "step"]

HEADER: Final = "traceparent"
"""The member of an event, and the header of a message or of a call, that continue a trace (W3C Trace Context)."""

_KNOWN: Final = re.compile(r"00-(?!0{32})[0-9a-f]{32}-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}")
_PROPAGATOR: Final = TraceContextTextMapPropagator()
_tracer: Tracer | None = None


@dataclass(slots=True)
class Step:
    """One span of a trace, used with `with`; without a collector it only passes the trace on."""

    traceparent: str | None
    """The traceparent of the next step."""
    _span: Span | None = None

    def __enter__(self) -> Self:
        """Return the step."""
        return self

    def __exit__(self, error: type[BaseException] | None, *_: object) -> None:
        """End it, as failed where an error ended it."""
        if error is not None:
            self.fail(error.__name__)
        if self._span is not None:
            self._span.end()

    def set_attributes(self, **facts: str | int) -> None:
        """Add facts: ids and names, never what people wrote."""
        if self._span is not None:
            self._span.set_attributes(facts)

    def name(self, name: str) -> None:
        """Set the name that is known only now."""
        if self._span is not None:
            self._span.update_name(name)

    def fail(self, why: str) -> None:
        """Mark the step as failed; `why` is the name of an error, not its text, which may be personal."""
        if self._span is not None:
            self._span.set_status(Status(StatusCode.ERROR, why))


def step(name: str, kind: SpanKind, *, after: str | None, **facts: str | int | None) -> Step:
    """Start a step that continues the trace of `after` (a traceparent), or begins a new one."""
    if _tracer is None:
        return Step(after)
    before = _PROPAGATOR.extract({HEADER: after}) if after else Context()
    known = {key: value for key, value in facts.items() if value is not None}
    span = _tracer.start_span(name, context=before, kind=kind, attributes=known)
    context = span.get_span_context()
    flags = f"{context.trace_flags:02x}"
    return Step(f"00-{context.trace_id:032x}-{context.span_id:016x}-{flags}", span)


def known(given: str | None) -> str | None:
    """Return a traceparent that came from outside, if it is valid."""
    return given if given and _KNOWN.fullmatch(given) else None


def begun() -> str:
    """Start a trace without a step of our own, so that what one call leads to bears one number."""
    return f"00-{secrets.token_hex(16)}-{secrets.token_hex(8)}-01"


def configure(service: str) -> Callable[[], None]:
    """Export this process's spans, if the environment says where; return what sends the last of them."""
    if TraceSettings().endpoint is None:
        return lambda: None
    # Imported here: it brings an HTTP client and protobuf, which nobody pays for who does not collect traces.
    from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter  # noqa: PLC0415

    return collected_by(OTLPSpanExporter(), service=service)


def collected_by(exporter: SpanExporter, *, service: str) -> Callable[[], None]:
    """Export this process's spans in batches, from a thread; return what sends the last and ends it."""
    global _tracer  # noqa: PLW0603 - traces belong to the process, as its log does
    provider = TracerProvider(resource=Resource.create({SERVICE_NAME: f"cousu-{service}"}))
    provider.add_span_processor(BatchSpanProcessor(exporter))
    _tracer = provider.get_tracer("cousu-main")

    def end() -> None:
        global _tracer  # noqa: PLW0603 - same
        _tracer = None
        provider.shutdown()

    return end
