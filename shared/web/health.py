"""Health checks and metrics: `/health/live`, `/health/ready`, `/metrics` (Prometheus)."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from ipaddress import IPv4Network, IPv6Address, IPv6Network, ip_address
from typing import Any, Final, TypeAlias

from litestar import Request, Response, get
from litestar.handlers import HTTPRouteHandler
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest

from shared.db import AWAY, Database
from shared.errors import NotFound, Unavailable
from shared.readiness import Degraded
from shared.web.problems import Problem, problem_response, status_of

ReadinessCheck: TypeAlias = Callable[[], Awaitable[str | None]]
"""Returns None when healthy, else an English sentence that names what is missing, or is `Degraded`."""

IPNetwork: TypeAlias = IPv4Network | IPv6Network

CHECK_TIMEOUT: Final = 3.0
"""Seconds after which a check that has not returned fails."""


class NotReady(Unavailable):
    """Something that the service needs is missing (HTTP 503)."""

    code = "not_ready"
    title = "Not ready"
    sentence = "Le service n’est pas prêt : il attend ce qui manque."

    def __init__(self, missing: list[str]) -> None:
        super().__init__()
        self.missing = missing

    def extras(self) -> dict[str, object]:
        """Name what is missing, to those who may know."""
        return {"missing": self.missing} if self.missing else {}


def routes(
    database: Database, checks: Sequence[ReadinessCheck], networks: Sequence[IPNetwork] = ()
) -> list[HTTPRouteHandler]:
    """Make the routes for probes and Prometheus; only these networks get metrics and the names of what is missing."""

    async def database_answers() -> str | None:
        try:
            await database.fetchval("SELECT 1")
        except AWAY as away:
            return f"database: {type(away).__name__}"
        return None

    @get("/health/live", public=True, include_in_schema=False)
    async def live() -> dict[str, str]:
        return {"status": "live"}

    @get("/health/ready", public=True, include_in_schema=False)
    async def ready(request: Request[Any, Any, Any]) -> Response[Any]:
        answers = await asyncio.gather(*(_asked(check) for check in (database_answers, *checks)))
        degraded = [answer for answer in answers if isinstance(answer, Degraded)]
        if missing := [answer for answer in answers if answer is not None and not isinstance(answer, Degraded)]:
            refusal = NotReady(missing if _watches(request, networks) else [])
            return problem_response(request, Problem(status_of(refusal), refusal, {"Retry-After": "5"}))
        return Response({"status": "ready", "degraded": degraded if _watches(request, networks) else []})

    @get("/metrics", public=True, include_in_schema=False)
    async def metrics(request: Request[Any, Any, Any]) -> Response[bytes]:
        if not _watches(request, networks):
            raise NotFound
        return Response(generate_latest(), headers={"Content-Type": CONTENT_TYPE_LATEST})

    return [live, ready, metrics]


def _watches(request: Request[Any, Any, Any], networks: Sequence[IPNetwork]) -> bool:
    """Return whether a request comes from one of these networks; False for a Unix socket, which has no address."""
    if request.client is None:
        return False
    try:
        address = ip_address(request.client.host)
    except ValueError:
        return False
    mapped = address.ipv4_mapped if isinstance(address, IPv6Address) else None
    return any((mapped or address) in network for network in networks)


async def _asked(check: ReadinessCheck) -> str | None:
    name = getattr(check, "__name__", type(check).__name__)
    try:
        async with asyncio.timeout(CHECK_TIMEOUT):
            return await check()
    except TimeoutError:
        return f"{name}: no answer within {CHECK_TIMEOUT:g} seconds"
    except Exception as exc:  # noqa: BLE001 - a check that raises has failed
        return f"{name}: {type(exc).__name__}"
