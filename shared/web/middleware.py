"""Middleware of every request: id, trace, log line, metrics, rate limit, security headers, masking of secret links."""

import re
import time
from collections import OrderedDict
from collections.abc import Callable, Mapping
from typing import Any, Final

import structlog
from litestar.datastructures import FormMultiDict, MutableScopeHeaders
from litestar.middleware import ASGIMiddleware
from litestar.types import ASGIApp, Empty, Message, Receive, Scope, Send
from litestar.utils.scope.state import ScopeState
from prometheus_client import Counter, Histogram

from shared import clock, tracing
from shared.errors import TooManyRequests
from shared.limits import network_of
from shared.masking import covered

log = structlog.get_logger(__name__)

REQUESTS: Final = Counter("cousu_http_requests", "Requests answered", ["service", "method", "route", "status"])
SECONDS: Final = Histogram(
    "cousu_http_request_seconds",
    "Time to the last byte of the answer; of an event stream, to the first",
    ["service", "route"],
    buckets=(0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10),
)
FAILURES: Final = Counter("cousu_http_failures", "Requests that ended in an error of ours", ["service"])
"""Initialised to zero at start: Prometheus would not see the increase from an absent series to 1."""
REQUEST_ID: Final = re.compile(r"^[A-Za-z0-9._-]{8,64}$")
STREAM: Final = "text/event-stream"
OK: Final = 200
UNCHANGED: Final = 304
UNEXPECTED: Final = 500
REVEALS: Final = "reveals_links"
"""Key in a route's `opt`: secret links in its answers are not masked."""
POSTS_TO: Final = "posts_to"
"""Key in a request's state: the one other origin to which a form of the page may be posted."""
_COVERS: Final = "covers_secrets"
_READABLE: Final = ("text/html", "text/plain", "text/csv", STREAM, "application/json", "application/problem+json")
QUIET: Final = ("/health/", "/metrics", "/static/")
"""Paths that machines poll: counted, not logged, not rate limited."""


async def _close_files(scope: Scope) -> None:
    """Close the files of a form that was read, and refused, before its route: Litestar closes those of routes only."""
    form = ScopeState.from_scope(scope).form
    if form is not Empty:
        await FormMultiDict.from_form_data(form).close()


class RequestMiddleware:
    """Outermost middleware: it gives each request an id, traces, counts, times and logs it, 404 included."""

    def __init__(self, app: ASGIApp, *, service: str) -> None:
        self._app = app
        self._service = service
        FAILURES.labels(service)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer the request, then record its status and duration."""
        method = str(scope.get("method", "websocket"))
        headers = {name: value.decode("latin-1") for name, value in scope["headers"]}
        request_id = _request_id(headers.get(b"x-request-id", ""))
        started, status = time.perf_counter(), UNEXPECTED
        ended: float | None = None

        async def answer(message: Message) -> None:
            nonlocal status, ended
            if message["type"] == "http.response.start":
                status = message["status"]
                sent = MutableScopeHeaders.from_message(message)
                sent["X-Request-ID"] = request_id
                if sent.get("Content-Type", "").startswith(STREAM):
                    ended = time.perf_counter()
            await send(message)

        quiet = scope["path"].startswith(QUIET)
        with (
            structlog.contextvars.bound_contextvars(request_id=request_id),
            self._step(method, headers.get(b"traceparent", ""), request_id, quiet=quiet) as step,
        ):
            scope["state"] |= {"request_id": request_id, "traceparent": step.traceparent or tracing.begun()}
            try:
                await self._app(scope, receive, answer)
            finally:
                await _close_files(scope)
                seconds = (ended or time.perf_counter()) - started
                route = str(scope.get("path_template") or "unmatched")
                REQUESTS.labels(self._service, method, route, status).inc()
                SECONDS.labels(self._service, route).observe(seconds)
                if status == UNEXPECTED:
                    FAILURES.labels(self._service).inc()
                step.name(f"{method} {route}")  # the route, not the path, which may be a secret link
                step.set_attributes(**{"http.response.status_code": status})
                if status >= 500:  # noqa: PLR2004 - a failure of ours, as OpenTelemetry counts it
                    step.fail(str(status))
                if not quiet:
                    log.info("http.answered", method=method, route=route, status=status, ms=round(seconds * 1000, 1))

    @staticmethod
    def _step(method: str, given: str, request_id: str, *, quiet: bool) -> tracing.Step:
        """Continue the caller's trace, or start one; requests that machines poll have none."""
        after = tracing.known(given)
        if quiet:
            return tracing.Step(after)
        facts = {"http.request.method": method, "cousu.http_request_id": request_id}
        return tracing.step(method, tracing.SpanKind.SERVER, after=after, **facts)


class RateLimit(ASGIMiddleware):
    """Rate limit by network, in this process: a token bucket of so many requests a minute.

    It protects the processor before anything is read. `shared.limits` limits what a request may do.
    """

    LARGEST = 50_000

    def __init__(self, per_minute: int, now: Callable[[], float] = time.monotonic) -> None:
        self._per_minute = per_minute
        self._now = now
        self._buckets: OrderedDict[str, tuple[float, float]] = OrderedDict()

    async def handle(self, scope: Scope, receive: Receive, send: Send, next_app: ASGIApp) -> None:
        """Pass the request on, or raise `TooManyRequests`."""
        client = scope.get("client")
        if self._per_minute and client and not scope["path"].startswith(QUIET):
            self._take(network_of(str(client[0])))
        await next_app(scope, receive, send)

    def _take(self, network: str) -> None:
        now, rate = self._now(), self._per_minute / 60
        left, seen = self._buckets.pop(network, (float(self._per_minute), now))
        left = min(float(self._per_minute), left + (now - seen) * rate)
        self._buckets[network] = (max(left - 1, 0.0) if left >= 1 else left, now)
        while len(self._buckets) > self.LARGEST:
            self._buckets.popitem(last=False)
        if left < 1:
            raise TooManyRequests(retry_after=max(1, round((1 - left) / rate)))


class NotModified(ASGIMiddleware):
    """Conditional requests: answer 304 without a body when the `ETag` is among those of `If-None-Match`."""

    async def handle(self, scope: Scope, receive: Receive, send: Send, next_app: ASGIApp) -> None:
        """Compare the tags when the answer starts; the body of an answer that is not sent is dropped."""
        asked = dict(scope["headers"]).get(b"if-none-match", b"").decode("latin-1")
        known = {tag.strip().removeprefix("W/") for tag in asked.split(",")}
        same = False

        async def answer(message: Message) -> None:
            nonlocal same
            if same:
                return
            if message["type"] == "http.response.start":
                headers = MutableScopeHeaders.from_message(message)
                same = message["status"] == OK and headers.get("etag", "").removeprefix("W/") in known
                if same:
                    del headers["content-length"]
                    await send({"type": "http.response.start", "status": UNCHANGED, "headers": message["headers"]})
                    await send({"type": "http.response.body", "body": b"", "more_body": False})
                    return
            await send(message)

        await next_app(scope, receive, answer)


def security_headers(*, secure: bool, listens_to: str = "") -> Callable[[Message, Scope], Any]:
    """Return the hook that sets the security headers; `listens_to` is another origin of event streams for pages."""
    elsewhere = f" {listens_to}/flux" if "://" in listens_to else ""
    fixed = {
        "Content-Security-Policy": (
            "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; "
            f"connect-src 'self'{elsewhere}; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
        ),
        "X-Content-Type-Options": "nosniff",
        "X-Frame-Options": "DENY",
        "Referrer-Policy": "same-origin",
        "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
        "Cross-Origin-Opener-Policy": "same-origin",
        "Cross-Origin-Resource-Policy": "same-origin",
    }
    if secure:
        fixed["Strict-Transport-Security"] = "max-age=31536000; includeSubDomains"

    async def give(message: Message, scope: Scope) -> None:
        if message["type"] != "http.response.start":
            return
        headers = MutableScopeHeaders.from_message(message)
        if other := scope["state"].get(POSTS_TO):
            own = "form-action 'self'"
            headers["Content-Security-Policy"] = fixed["Content-Security-Policy"].replace(own, f"{own} {other}")
        for name, value in fixed.items():
            headers.setdefault(name, value)
        cached = scope["path"].startswith("/static/") and message["status"] in {OK, UNCHANGED}
        if cached and scope["query_string"].startswith(b"v="):
            headers["Cache-Control"] = "public, max-age=31536000, immutable"
        else:
            headers.setdefault("Cache-Control", "no-cache" if cached else "no-store")

    return give


def mask_secret_links(message: Message, scope: Scope) -> None:
    """Hook: mask the secret links in an answer, except those in the request itself.

    Journals hold texts that were typed before input was masked.
    """
    state = scope["state"]
    if message["type"] == "http.response.start":
        kind = MutableScopeHeaders.from_message(message).get("Content-Type", "")
        state[_COVERS] = kind.startswith(_READABLE) and not _opt(scope).get(REVEALS)
    elif state.get(_COVERS) and message["type"] == "http.response.body":
        message["body"] = covered(message["body"], but=own_links(scope))


def _opt(scope: Scope) -> Mapping[str, Any]:
    """Return the route's `opt`; empty for an address without a route."""
    handler = scope.get("route_handler")
    return handler.opt if handler is not None else {}


def own_links(scope: Scope) -> frozenset[str]:
    """Return what may be a link's token in the address and the `Authorization` header of the request."""
    given = dict(scope["headers"]).get(b"authorization", b"").decode("latin-1")
    return frozenset(scope["path"].split("/")) | frozenset(given.split(" "))


def _request_id(given: str) -> str:
    return given if REQUEST_ID.match(given) else str(clock.new_id())
