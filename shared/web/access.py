"""Authentication and authorisation of requests: agents by session cookie (pages) or bearer token (API).

Every route needs an agent unless it is marked `public=True`.
"""

from typing import Any

import structlog
from litestar import Request
from litestar.connection import ASGIConnection
from litestar.enums import RequestEncodingType
from litestar.handlers import BaseRouteHandler
from litestar.params import BodyKwarg
from litestar.types import Guard

from shared import clock
from shared.db import Cause, Database
from shared.errors import Forbidden, Unauthenticated, UnsupportedType
from shared.identity import store
from shared.identity.model import Agent, Role
from shared.web.sessions import identifying, session_of

Connection = ASGIConnection[Any, Any, Any, Any]

PUBLIC = "public"
"""The mark of a route that needs no agent: `@get("/", public=True)`."""

OWN_BEARER = "own_bearer"
"""The mark of a public route whose handler reads a bearer token of another kind (`bearer_of`)."""

ELSEWHERE = "from_elsewhere"
"""The mark of a form that a page of another service may post."""

CHANGES = frozenset({"POST", "PUT", "PATCH", "DELETE"})
MULTIPART = "multipart/form-data"
FORMS = ("application/x-www-form-urlencoded", MULTIPART)


class FormExpired(Forbidden):
    """The form was not sent from a page of ours, or the page is too old (HTTP 403)."""

    code = "form_expired"
    title = "The form's token is missing or old"
    sentence = "Cette page est restée ouverte trop longtemps. Revenez en arrière, rechargez la page et recommencez."


def is_api(path: str) -> bool:
    """Return whether this path is for programs, not for people."""
    return path.startswith(("/api/", "/health/", "/metrics"))


class BadToken(Unauthenticated):
    """The bearer token is unknown, expired or revoked (HTTP 401)."""

    code = "bad_token"
    title = "The bearer token is unknown, expired or revoked"
    sentence = "Ce jeton d’accès est inconnu, expiré ou révoqué. Demandez-en un nouveau à votre administrateur."


async def closed_by_default(connection: Connection, handler: BaseRouteHandler) -> None:
    """Guard: identify the agent; raises `Unauthenticated` without one, unless the route is public."""
    public = bool(handler.opt.get(PUBLIC))
    if is_api(connection.scope["path"]):
        agent = None if public else await _agent_by_bearer(connection)
    else:
        agent = session_of(connection).agent
    connection.scope["user"] = agent
    if agent is not None:
        structlog.contextvars.bind_contextvars(agent_id=str(agent.id))
    elif not public:
        raise Unauthenticated


async def refuse_cross_site_forms(connection: Connection, handler: BaseRouteHandler) -> None:
    """Guard: raise `FormExpired` for a form that the browser marks as cross-site; the CSRF token is checked too."""
    if is_api(connection.scope["path"]) or handler.opt.get(ELSEWHERE):
        return
    came_from = connection.headers.get("sec-fetch-site", "same-origin")
    if connection.scope.get("method") in CHANGES and came_from not in {"same-origin", "none"}:
        raise FormExpired


async def require_content_type(connection: Connection, handler: BaseRouteHandler) -> None:
    """Guard: raise `UnsupportedContent` for an API body whose content type is not the one the route reads."""
    if not is_api(connection.scope["path"]):
        return
    data = handler.parsed_data_field
    sent = connection.headers.get("content-type", "").partition(";")[0].strip().lower()
    if data is None or connection.scope.get("method") not in CHANGES or not sent:
        return
    body = data.kwarg_definition
    wanted = RequestEncodingType(body.media_type) if isinstance(body, BodyKwarg) else RequestEncodingType.JSON
    if sent != wanted.value and not (wanted is RequestEncodingType.JSON and sent.endswith("+json")):
        raise UnsupportedContent(wanted=wanted.value)


class UnsupportedContent(UnsupportedType):
    """The content type of the body is not the one that the route reads (HTTP 415)."""

    code = "unsupported_content"
    title = "Unsupported content type"
    sentence = "Le contenu doit être envoyé au format {wanted}."


def require_content(request: Request[Any, Any, Any], *types: str) -> None:
    """Raise `UnsupportedContent` when the body has none of these content types; the error names the first."""
    if request.content_type[0] not in types:
        raise UnsupportedContent(wanted=types[0])


def only(*roles: Role) -> Guard:
    """Guard for routes or routers: `guards=[only(Role.DELEGATE)]`; others get 403."""

    async def guard(connection: Connection, _: BaseRouteHandler) -> None:
        agent = current_agent(connection)
        if agent is None:
            raise Unauthenticated
        agent.require(*roles)

    return guard


def current_agent(connection: Connection) -> Agent | None:
    """Return the agent of this request, or None; for public pages that greet agents."""
    agent: Agent | None = connection.scope.get("user")
    return agent


def bearer_of(connection: Connection) -> str | None:
    """Return the bearer token; for public API routes with tokens of their own (intake's access token)."""
    scheme, _, token = connection.headers.get("authorization", "").partition(" ")
    return token.strip() or None if scheme.lower() == "bearer" else None


async def provide_agent(request: Request[Any, Any, Any]) -> Agent:
    """Dependency `agent`: the agent of this request; raises `Unauthenticated` without one."""
    agent = current_agent(request)
    if agent is None:
        raise Unauthenticated
    return agent


async def provide_cause(request: Request[Any, Any, Any]) -> Cause:
    """Dependency `cause`: correlation id and trace context of the transactions and events of this request."""
    state = request.scope["state"]
    return Cause(correlation_id=state["request_id"], traceparent=state["traceparent"])


async def _agent_by_bearer(connection: Connection) -> Agent | None:
    token = bearer_of(connection)
    if token is None:
        return None
    database: Database = connection.app.state["database"]
    async with identifying():
        agent = await store.agent_by_token(database, token, at=clock.now())
    if agent is None:
        raise BadToken
    return agent
