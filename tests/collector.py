"""An OpenTelemetry collector on loopback, from which tests read the spans that services export."""

import threading
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.common.v1.common_pb2 import KeyValue


@dataclass(frozen=True, slots=True)
class Collected:
    """One step of a trace as a service sent it."""

    service: str
    trace_id: str
    span_id: str
    parent_id: str
    name: str
    failed: bool
    facts: dict[str, str]


class Collector:
    """Listens from the moment it is made until `close`, on a port of its own or on the one that is wanted."""

    def __init__(self, port: int = 0) -> None:
        self.collected: list[Collected] = []
        collected = self.collected

        class Door(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                sent = self.rfile.read(int(self.headers["Content-Length"]))
                collected.extend(_read(ExportTraceServiceRequest.FromString(sent)))
                self.send_response(200)
                self.send_header("Content-Type", "application/x-protobuf")
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *_: Any) -> None:
                """Say nothing."""

        self._server = ThreadingHTTPServer(("127.0.0.1", port), Door)
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    @property
    def address(self) -> str:
        """Where `OTEL_EXPORTER_OTLP_ENDPOINT` points to."""
        return f"http://127.0.0.1:{self._server.server_port}"

    def trace(self, trace_id: str) -> list[Collected]:
        """Give the steps of one trace."""
        return [one for one in self.collected if one.trace_id == trace_id]

    def close(self) -> None:
        """Stop listening."""
        self._server.shutdown()
        self._server.server_close()


def _read(request: ExportTraceServiceRequest) -> list[Collected]:
    return [
        Collected(
            _facts(resource.resource.attributes)["service.name"],
            span.trace_id.hex(),
            span.span_id.hex(),
            span.parent_span_id.hex(),
            span.name,
            span.status.code == span.status.STATUS_CODE_ERROR,
            _facts(span.attributes),
        )
        for resource in request.resource_spans
        for scope in resource.scope_spans
        for span in scope.spans
    ]


def _facts(attributes: Any) -> dict[str, str]:
    pairs: list[KeyValue] = list(attributes)
    return {pair.key: pair.value.string_value or str(pair.value.int_value) for pair in pairs}
