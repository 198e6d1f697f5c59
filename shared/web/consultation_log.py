"""Audit log of reads: a middleware records in the table `consultation` which agent was shown which request.

It covers all pages and API calls of agents, so that a new route needs no code for it. Public answers and refusals are
not recorded. The record is written before the answer is sent; when writing fails, an error is answered instead.
"""

from collections.abc import Callable, Iterable, Mapping
from typing import Any, Final
from urllib.parse import parse_qsl
from uuid import UUID

from litestar import Request
from litestar.types import ASGIApp, Message, Receive, Scope, Send

from shared import clock
from shared.db import Database, Transaction
from shared.identity.model import Agent
from shared.web.access import is_api
from shared.web.problems import answer

LONGEST_PATH: Final = 1_000
SHOWN_AGAIN: Final = frozenset({400, 409})
"""Statuses of a page that is shown again with a refused form."""

_LISTED: Final = "requests_listed"

REQUEST_ITSELF: Final = "SELECT $1::uuid AS request_id"
"""SQL for a parameter that is itself the id of a request."""


def log_consultations(database: Database, about: Mapping[str, str]) -> Callable[[ASGIApp], ASGIApp]:
    """Return the middleware that writes the table `consultation`.

    `about`: for each path parameter that identifies requests, the SQL that selects their `request_id` for `$1`.
    """

    async def trace(message: Message, scope: Scope) -> None:
        agent = scope.get("user")
        if message["type"] != "http.response.start" or not isinstance(agent, Agent):
            return
        if not _shows(scope, message["status"]):
            return
        query = scope["query_string"].decode("latin-1")
        path = (scope["path"] + (f"?{query}" if query else ""))[:LONGEST_PATH]
        async with database.transaction() as tx:
            requests = await _requests(tx, about, {**dict(parse_qsl(query)), **scope.get("path_params", {})})
            await record(tx, agent, path, [*scope["state"].get(_LISTED, ()), *requests])

    def around(app: ASGIApp) -> ASGIApp:
        async def traced(scope: Scope, receive: Receive, send: Send) -> None:
            refused = False

            async def trace_first(message: Message) -> None:
                nonlocal refused
                if refused:
                    return
                try:
                    await trace(message, scope)
                except Exception as error:  # noqa: BLE001 - any error is answered instead of the page
                    refused = True
                    await _refuse(error, scope, receive, send)
                else:
                    await send(message)

            await app(scope, receive, trace_first)

        return traced

    return around


async def _refuse(error: Exception, scope: Scope, receive: Receive, send: Send) -> None:
    """Answer an error here: Litestar does not, since for it the first answer has begun."""
    request: Request[Any, Any, Any] = Request(scope, receive, send)
    response = answer(request, error)
    await response.to_asgi_response(app=None, request=request)(scope, receive, send)


def log_listed_requests(request: Request[Any, Any, Any], request_ids: Iterable[UUID]) -> None:
    """Add the requests of a list that shows contacts to the record of this consultation."""
    request.scope["state"][_LISTED] = list(request_ids)


async def record(tx: Transaction, agent: Agent, path: str, requests: Iterable[UUID]) -> None:
    """Record that an agent was shown a path, about these requests or none; at most once a minute for each."""
    await tx.execute(
        """
        INSERT INTO consultation (agent_id, email, request_id, path, at)
        SELECT $1, $2, shown.request_id, $3, $5::timestamptz
        FROM unnest($4::uuid[]) AS shown (request_id)
        WHERE NOT EXISTS (
            SELECT
            FROM consultation AS known
            WHERE known.agent_id = $1
                AND known.at > $5::timestamptz - interval '1 minute'
                AND known.path = $3
                AND known.request_id IS NOT DISTINCT FROM shown.request_id
        )
        """,
        agent.id,
        agent.email,
        path,
        sorted(set(requests)) or [None],
        clock.now(),
    )


def _shows(scope: Scope, status: int) -> bool:
    if 200 <= status < 300:  # noqa: PLR2004 - what HTTP calls success
        return True
    return status in SHOWN_AGAIN and scope["method"] == "POST" and not is_api(scope["path"])  # type: ignore[typeddict-item] # of HTTP


async def _requests(tx: Transaction, about: Mapping[str, str], parameters: Mapping[str, object]) -> list[UUID]:
    found = []
    for name, sql in about.items():
        try:
            identifier = UUID(str(parameters.get(name)))
        except ValueError:
            continue
        rows = await tx.fetch(sql, identifier)
        found += [row["request_id"] for row in rows if row["request_id"] is not None]
    return found
