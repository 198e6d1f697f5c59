"""Error responses: map exceptions to HTTP statuses, problem documents (RFC 9457) for programs, pages for people."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final
from urllib.parse import quote, urlsplit

import asyncpg
import structlog
from litestar import Request, Response
from litestar.exceptions import HTTPException, ValidationException
from litestar.handlers import HTTPRouteHandler
from litestar.response import Redirect
from litestar.routes import HTTPRoute
from pydantic import ValidationError

from shared.db import AWAY, CONFLICTS
from shared.errors import (
    Conflict,
    FieldError,
    Forbidden,
    HeadersTooLarge,
    Invalid,
    NotFound,
    Refusal,
    RequestTimeout,
    TooLarge,
    TooManyRequests,
    Unauthenticated,
    Unavailable,
    UnsupportedType,
)
from shared.incidents import anatomy
from shared.web import validation
from shared.web.access import FormExpired, is_api
from shared.web.pages import render

log = structlog.get_logger(__name__)

PROBLEM_JSON: Final = "application/problem+json"
SIGN_IN: Final = "/connexion"
LONGEST: Final = 2000
"""Characters of an address that sign-in remembers."""


class Malformed(Invalid):
    """The body cannot be parsed as its content type (HTTP 400)."""

    code = "malformed"
    title = "The body cannot be read"
    sentence = "Le contenu envoyé ne peut pas être lu : vérifiez qu’il s’agit de JSON valide, encodé en UTF-8."


class MethodNotAllowed(Refusal):
    """The address exists, but not for this method (HTTP 405)."""

    code = "method_not_allowed"
    title = "Method not allowed"
    sentence = "Cette adresse n’accepte pas ce type de demande."


class SessionOver(Unauthenticated):
    """A form was sent after the session ended (HTTP 401)."""

    code = "session_over"
    title = "The session is over"
    sentence = "Votre session est terminée : rien n’a été enregistré. Reconnectez-vous, puis recommencez."


class Busy(Unavailable):
    """PostgreSQL aborted every attempt: deadlocks or serialization failures (HTTP 503)."""

    code = "busy"
    title = "Other changes of the same rows were under way"
    sentence = (
        "Plusieurs enregistrements se croisaient au même moment, et celui-ci n’a pas pu aboutir. "
        "Réessayez dans quelques instants."
    )


class Unexpected(Refusal):
    """A bug (HTTP 500): the answer has no details, the log does."""

    code = "unexpected"
    title = "Unexpected error"
    sentence = (
        "Une erreur inattendue s’est produite de notre côté. Réessayez ; si elle revient, "
        "transmettez la référence de cette page à l’assistance."
    )


STATUS: Final[Mapping[type[Refusal], int]] = {
    Invalid: 400,
    Unauthenticated: 401,
    Forbidden: 403,
    NotFound: 404,
    MethodNotAllowed: 405,
    RequestTimeout: 408,
    Conflict: 409,
    TooLarge: 413,
    UnsupportedType: 415,
    TooManyRequests: 429,
    HeadersTooLarge: 431,
    Unexpected: 500,
    Unavailable: 503,
}
"""The one place where a refusal becomes an HTTP status; a subclass has its nearest parent's."""

FROM_STATUS: Final[Mapping[int, type[Refusal]]] = {
    400: Malformed,
    401: Unauthenticated,
    403: FormExpired,
    404: NotFound,
    405: MethodNotAllowed,
    408: RequestTimeout,
    413: TooLarge,
    415: UnsupportedType,
    429: TooManyRequests,
    503: Unavailable,
}
"""Refusals of Litestar's own exceptions; its only 403 is a wrong CSRF token."""


HUNG_UP: Final = "client disconnected prematurely"
"""Litestar's message when a client disconnects while sending the body: not an error of the service."""


@dataclass(frozen=True, slots=True)
class Problem:
    """What is answered when something is refused."""

    status: int
    refusal: Refusal
    headers: dict[str, str] = field(default_factory=dict)

    def document(self, request_id: str) -> dict[str, object]:
        """Return the members of RFC 9457: English title, French detail, and what the refusal adds."""
        return {
            "type": f"urn:cousu-main:problem:{self.refusal.code}",
            "title": self.refusal.title,
            "status": self.status,
            "code": self.refusal.code,
            "detail": self.refusal.detail,
            "request_id": request_id,
            **self.refusal.extras(),
        }


def status_of(refusal: Refusal) -> int:
    """Return the HTTP status of a refusal."""
    return next((STATUS[kind] for kind in type(refusal).__mro__ if kind in STATUS), 400)


def problem_of(exc: Exception, allowed: Mapping[str, Sequence[str]] | None = None) -> Problem:
    """Return the problem of an exception; an unknown one is `Unexpected`.

    `allowed` holds, by name, the values of the route's parameters that accept only some.
    """
    headers: dict[str, str] = {}
    if isinstance(exc, HTTPException):
        refusal = _from_framework(exc, allowed or {})
        headers = {
            name: value for name, value in (exc.headers or {}).items() if name.lower() in {"allow", "retry-after"}
        }
    elif isinstance(exc, Refusal):
        refusal = exc
    elif isinstance(exc, ValidationError):
        refusal = Invalid(validation.field_errors(exc.errors()))
    elif _is_unstorable(exc):
        refusal = Invalid()
    elif isinstance(exc, UnicodeDecodeError | RecursionError):  # the latter: JSON nested deeper than can be read
        refusal = Malformed()
    elif isinstance(exc, CONFLICTS):
        refusal = Busy()
    elif isinstance(exc, AWAY) and getattr(exc, "filename", None) is None:  # a missing file is a bug
        refusal = Unavailable()
    else:
        refusal = Unexpected()
    return Problem(status_of(refusal), refusal, _headers_of(refusal) | headers)


def _headers_of(refusal: Refusal) -> dict[str, str]:
    """Return the headers that belong to a refusal."""
    match refusal:
        case Unauthenticated():
            return {"WWW-Authenticate": 'Bearer realm="cousu-main"'}
        case TooManyRequests() | Unavailable():
            return {"Retry-After": str(refusal.facts.get("retry_after", 10))}
    return {}


def _is_unstorable(exc: Exception) -> bool:
    """Return whether PostgreSQL or its driver refused a value: out of range, or not valid text."""
    if isinstance(exc, asyncpg.InterfaceError):
        return isinstance(exc, ValueError)
    return isinstance(exc, asyncpg.DataError | UnicodeEncodeError)


def _from_framework(exc: HTTPException, allowed: Mapping[str, Sequence[str]]) -> Refusal:
    if isinstance(exc, ValidationException):
        cause = exc.__cause__
        if isinstance(found := getattr(cause, "errors", None), list):
            return Invalid(validation.field_errors(found))
        return Invalid(_from_messages(exc, allowed))
    if exc.detail == HUNG_UP:
        return Malformed()
    return FROM_STATUS.get(exc.status_code, Unexpected)()


def _from_messages(exc: ValidationException, allowed: Mapping[str, Sequence[str]]) -> Iterator[FieldError]:
    for message in exc.extra if isinstance(exc.extra, list) else []:
        name = message.get("key", "")
        yield validation.parameter_error(name, message.get("message", ""), allowed.get(name, ()))
    if not exc.extra:
        yield validation.parameter_error("", exc.detail)


def answer(request: Request[Any, Any, Any], exc: Exception) -> Response[Any]:
    """Answer any exception: a problem document to programs, a page to people."""
    problem = problem_of(exc, _allowed_values(request))
    _note(problem, exc)
    if is_api(request.scope["path"]):
        return problem_response(request, problem)
    if isinstance(problem.refusal, Unauthenticated):
        if (onward := _to_sign_in(request)) is not None:
            return onward
        problem = Problem(problem.status, SessionOver(), problem.headers)
    if isinstance(problem.refusal, MethodNotAllowed) and (onward := _to_page_above(request)) is not None:
        return onward
    return _error_page(request, problem)


def _allowed_values(request: Request[Any, Any, Any]) -> dict[str, Sequence[str]]:
    """Return the values that this route's parameters accept, for those that accept only some."""
    handler = request.scope.get("route_handler")
    if not isinstance(handler, HTTPRouteHandler):
        return {}
    parameters = handler.parsed_fn_signature.parameters
    return {name: choices for name, known in parameters.items() if (choices := validation.choices_of(known.annotation))}


def problem_response(request: Request[Any, Any, Any], problem: Problem) -> Response[dict[str, object]]:
    """Answer with `application/problem+json`."""
    return Response(
        problem.document(request_id_of(request)),
        status_code=problem.status,
        media_type=PROBLEM_JSON,
        headers=problem.headers,
    )


def request_id_of(request: Request[Any, Any, Any]) -> str:
    """Return the id by which the log knows this request."""
    return str(request.scope["state"].get("request_id", ""))


def _to_sign_in(request: Request[Any, Any, Any]) -> Response[Any] | None:
    """Redirect a GET to sign-in and back; None for a form, whose content would be lost."""
    here = request.scope["path"]
    if query := request.scope["query_string"].decode("latin-1"):
        here = f"{here}?{query}"
    if request.headers.get("hx-request"):
        shown = urlsplit(request.headers.get("hx-current-url", "/"))
        local = f"{shown.path}?{shown.query}" if shown.query else shown.path
        target = f"{SIGN_IN}?next={quote(local, safe='')}"
        return Response("", status_code=401, headers={"HX-Redirect": target})
    if request.method in {"GET", "HEAD"}:
        return Redirect(f"{SIGN_IN}?next={quote(here if len(here) <= LONGEST else '/', safe='')}", status_code=303)
    return None


def _to_page_above(request: Request[Any, Any, Any]) -> Redirect | None:
    """Redirect who reloads the address of a form, which a page with errors has, to the page that shows the form."""
    if request.method not in {"GET", "HEAD"}:
        return None
    shown = [
        route.path.strip("/").split("/")
        for route in request.app.routes
        if isinstance(route, HTTPRoute) and "GET" in route.methods
    ]
    above = request.scope["path"].strip("/").split("/")
    query = request.scope["query_string"].decode("latin-1")
    while above := above[:-1]:
        if any(_fits(above, template) for template in shown):
            return Redirect(quote("/" + "/".join(above)) + (f"?{query}" if query else ""), status_code=303)
    return None


def _fits(path: Sequence[str], template: Sequence[str]) -> bool:
    """Return whether an address is one of a route's, but for the types of its parameters."""
    return len(path) == len(template) and all(
        asked == known or known.startswith("{") for asked, known in zip(path, template, strict=True)
    )


def _error_page(request: Request[Any, Any, Any], problem: Problem) -> Response[Any]:
    refusal = problem.refusal
    page = render(
        request,
        "errors/problem.html",
        status_code=problem.status,
        status=problem.status,
        title=None,
        code=refusal.code,
        detail=refusal.detail,
        errors=list(getattr(refusal, "errors", ())),
        request_id=request_id_of(request),
        retry_href=SIGN_IN if isinstance(refusal, Unauthenticated) else None,
        away=request.app.state["site"].away() if isinstance(refusal, Unavailable) else (),
        comes_back=isinstance(refusal, Unavailable) and request.method == "GET",
    )
    page.headers.update(problem.headers)
    return page


def _note(problem: Problem, exc: Exception) -> None:
    refusal = problem.refusal
    if isinstance(refusal, Unexpected):
        log.error("http.unexpected", **anatomy(exc))
    elif isinstance(refusal, Unavailable):
        log.warning("http.unavailable", code=refusal.code, **anatomy(exc))
    elif _is_unstorable(exc):
        log.warning("http.unstorable", **anatomy(exc))
    else:
        log.info("http.refused", code=refusal.code, status=problem.status)
