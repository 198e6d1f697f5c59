"""Middleware of every service: request id, access log, metrics, security headers, rate limit and ETag."""

import re
import time
from collections import OrderedDict
from collections.abc import Callable, Mapping
from typing import Any, Final

import structlog
from litestar.datastructures import MutableScopeHeaders
from litestar.middleware import ASGIMiddleware
from litestar.types import ASGIApp, Message, Receive, Scope, Send
from prometheus_client import Counter, Histogram

from shared import clock, tracing
from shared.errors import TooManyRequests
from shared.limits import network_of
from shared.masking import covered

log = structlog.get_logger(__name__)

REQUESTS: Final = Counter("cousu_http_requests", "Requests answered", ["service", "method", "route", "status"])
SECONDS: Final = Histogram(
    "cousu_http_request_seconds",
    "Time to the last byte of the answer; of a stream, which lasts as long as it is wanted, to the first",
    ["service", "route"],
    buckets=(0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10),
)
FAILURES: Final = Counter("cousu_http_failures", "Requests that ended in an error of ours", ["service"])
"""One for each service, there from its start: an increase from nothing to the first would not be seen."""
REQUEST_ID: Final = re.compile(r"^[A-Za-z0-9._-]{8,64}$")
STREAM: Final = "text/event-stream"
OK: Final = 200
UNCHANGED: Final = 304
UNEXPECTED: Final = 500
REVEALS: Final = "reveals_links"
"""Name in a route's `opt`: it shows secret links to whom they belong, or who is to hand them on."""
POSTS_TO: Final = "posts_to"
"""Name in a request's state: the one other origin to which a form of the page may be posted."""
_COVERS: Final = "covers_secrets"
_READABLE: Final = ("text/html", "text/plain", "text/csv", STREAM, "application/json", "application/problem+json")
QUIET: Final = ("/health/", "/metrics", "/static/")
"""What machines ask all the time: counted, not logged, not limited."""


class RequestMiddleware:
    """Wraps the whole application, so that nothing is answered without passing here, not even a 404."""

    def __init__(self, app: ASGIApp, *, service: str) -> None:
        self._app = app
        self._service = service
        FAILURES.labels(service)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Name the request, follow it, and tell how it ended."""
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
        """Go on with the caller's trace, or start one; what machines ask all the time is no part of any."""
        after = tracing.known(given)
        if quiet:
            return tracing.Step(after)
        facts = {"http.request.method": method, "cousu.http_request_id": request_id}
        return tracing.step(method, tracing.SpanKind.SERVER, after=after, **facts)


class RateLimit(ASGIMiddleware):
    """So many requests a minute from one network, in this process: a bucket that fills steadily and may be emptied.

    A coarse guard of the processor, before anything is read. What a request may do is limited by `shared.limits`.
    """

    LARGEST = 50_000

    def __init__(self, per_minute: int, now: Callable[[], float] = time.monotonic) -> None:
        self._per_minute = per_minute
        self._now = now
        self._buckets: OrderedDict[str, tuple[float, float]] = OrderedDict()

    async def handle(self, scope: Scope, receive: Receive, send: Send, next_app: ASGIApp) -> None:
        """Let the request in, or refuse it (`TooManyRequests`)."""
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
    """Answer 304 without a body to who has the file already: its `ETag` is among those of `If-None-Match`."""

    async def handle(self, scope: Scope, receive: Receive, send: Send, next_app: ASGIApp) -> None:
        """Compare the tags when the answer begins; what follows of an answer that is not sent is dropped."""
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
    """Make the hook that gives every answer its headers; pages may listen to one more place, when it is told."""
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
        kept = scope["path"].startswith("/static/") and message["status"] in {OK, UNCHANGED}
        if kept and scope["query_string"].startswith(b"v="):
            headers["Cache-Control"] = "public, max-age=31536000, immutable"
        else:
            headers.setdefault("Cache-Control", "no-cache" if kept else "no-store")

    return give


def mask_secret_links(message: Message, scope: Scope) -> None:
    """Cover the secret links in what is shown, but those that the reader came with (hook).

    What was typed before links were masked stands in journals as it was.
    """
    state = scope["state"]
    if message["type"] == "http.response.start":
        kind = MutableScopeHeaders.from_message(message).get("Content-Type", "")
        state[_COVERS] = kind.startswith(_READABLE) and not _opt(scope).get(REVEALS)
    elif state.get(_COVERS) and message["type"] == "http.response.body":
        message["body"] = covered(message["body"], but=own_links(scope))


def _opt(scope: Scope) -> Mapping[str, Any]:
    """Give what the route says of itself; an address that leads nowhere has no route."""
    handler = scope.get("route_handler")
    return handler.opt if handler is not None else {}


def own_links(scope: Scope) -> frozenset[str]:
    """Give what may be a link's token in the address and the authorization with which somebody came."""
    given = dict(scope["headers"]).get(b"authorization", b"").decode("latin-1")
    return frozenset(scope["path"].split("/")) | frozenset(given.split(" "))


def _request_id(given: str) -> str:
    return given if REQUEST_ID.match(given) else str(clock.new_id())
