"""OpenAPI document of a service: Litestar's description, completed with errors, security and strict bodies."""

from typing import Any, Final

from litestar import Litestar, Request, Response, Router, get
from litestar.handlers import HTTPRouteHandler
from litestar.openapi import OpenAPIConfig
from litestar.openapi.plugins import JsonRenderPlugin
from litestar.openapi.spec import Components, License, SecurityScheme
from litestar.routes import HTTPRoute
from litestar.serialization import encode_json
from pydantic import BaseModel

from shared.commands import Command
from shared.web.access import OWN_BEARER, PUBLIC
from shared.web.problems import PROBLEM_JSON

VERSION: Final = "1"
LICENSE: Final = License(name="European Union Public Licence 1.2", identifier="EUPL-1.2")
ADDRESS: Final = "/api/v1/openapi.json"
RENDERED: Final = "/api/openapi"

PROBLEM: Final[dict[str, Any]] = {
    "title": "Problem",
    "description": "RFC 9457: why it was refused. Programs read `code`; people read `detail`, which is French.",
    "type": "object",
    "required": ["type", "title", "status", "code", "detail"],
    "properties": {
        "type": {"type": "string", "format": "uri"},
        "title": {"type": "string", "description": "English"},
        "status": {"type": "integer"},
        "code": {"type": "string", "description": "Stable"},
        "detail": {"type": "string", "description": "French: what happened, why, what to do next"},
        "request_id": {"type": "string"},
        "errors": {
            "type": "array",
            "items": {
                "type": "object",
                "required": ["field", "message"],
                "properties": {"field": {"type": "string"}, "message": {"type": "string", "description": "French"}},
            },
        },
        "state": {"type": "string", "description": "With an illegal move: where things stand"},
        "allowed_actions": {"type": "array", "items": {"type": "string"}},
    },
}
REFUSALS: Final = {
    "400": "What cannot be understood, or is not allowed in a field",
    "401": "No token, or none that is valid now",
    "403": "Not for this role",
    "404": "Not there, or outside the caller's perimeter",
    "408": "The body arrived too slowly",
    "409": "Not possible in the present state",
    "413": "Too large",
    "415": "Not of the type that is read here",
    "429": "Too many requests",
    "503": "Something this needs is away for the moment",
}


def configuration(title: str) -> OpenAPIConfig:
    """Return the configuration of the OpenAPI document; `document` completes what Litestar makes from it."""
    return OpenAPIConfig(
        title=title,
        version=VERSION,
        license=LICENSE,
        use_handler_docstrings=True,
        components=Components(
            security_schemes={
                "bearer": SecurityScheme(
                    type="http",
                    scheme="bearer",
                    description="A token from `cousu-main agent token`; of a request at intake, its `access_token`",
                )
            }
        ),
        openapi_router=Router(RENDERED, route_handlers=[], include_in_schema=False, opt={PUBLIC: True}),
        render_plugins=[JsonRenderPlugin()],
    )


@get(ADDRESS, public=True, include_in_schema=False, sync_to_thread=False)
def route(request: Request[Any, Any, Any]) -> Response[bytes]:
    """Answer with the OpenAPI document."""
    return Response(encode_json(document(request.app)), media_type="application/json")


def document(application: Litestar) -> dict[str, Any]:
    """Return the OpenAPI document of an application; tests compare it with the one in `docs/api`."""
    described: dict[str, Any] = application.openapi_schema.to_schema()
    components = described.setdefault("components", {})
    schemas = components.setdefault("schemas", {})
    strict = _strict_bodies(Command)
    never_sent = _never_sent(BaseModel)
    for schema in schemas.values():
        if schema.get("title") in strict:
            schema["additionalProperties"] = False
        _leave_out(schema, never_sent.get(schema.get("title"), frozenset()))
    schemas["Problem"] = PROBLEM
    public = _public_operations(application)
    for path, item in described.get("paths", {}).items():
        for method, operation in item.items():
            if not isinstance(operation, dict) or "responses" not in operation:
                continue
            operation["security"] = [] if (path, method.upper()) in public else [{"bearer": []}]
            for status, meaning in REFUSALS.items():
                operation["responses"][status] = {
                    "description": meaning,
                    "content": {PROBLEM_JSON: {"schema": {"$ref": "#/components/schemas/Problem"}}},
                }
    return described


def _strict_bodies(kind: type[Command]) -> set[str]:
    """Return the names of bodies that refuse unknown members, which Litestar does not describe."""
    return {name for below in kind.__subclasses__() for name in {below.__name__} | _strict_bodies(below)}


def _never_sent(kind: type[BaseModel]) -> dict[str | None, frozenset[str]]:
    """Return, by model, the fields that are excluded from responses; Litestar describes all fields."""
    found: dict[str | None, frozenset[str]] = {}
    for below in kind.__subclasses__():
        if excluded := frozenset(name for name, field in below.model_fields.items() if field.exclude):
            found[below.__name__] = excluded
        found |= _never_sent(below)
    return found


def _leave_out(schema: dict[str, Any], names: frozenset[str]) -> None:
    """Remove properties from the schema of an object."""
    for name in names:
        schema["properties"].pop(name, None)
        schema["required"] = [one for one in schema.get("required", []) if one != name]


def _public_operations(application: Litestar) -> set[tuple[str, str]]:
    """Return the operations that need no token."""
    return {
        (route.path_format or "/", method)
        for route in application.routes
        if isinstance(route, HTTPRoute)
        for handler in route.route_handlers
        if isinstance(handler, HTTPRouteHandler)
        if handler.opt.get(PUBLIC) and not handler.opt.get(OWN_BEARER)
        for method in handler.http_methods
    }
