"""Actions: one row declares what a page's form and an API call do, and the routes of both are made from it.

An `Action` names a command, the use case that carries it out, and where both are found. A `Resource` is what a group of
actions is done to: its addresses, what the API answers, and the page that shows the forms. `api_routes` and
`page_routes` make the handlers:

- Both read the command, run the use case in one transaction and map refusals in the usual places.
- The API answers with the resource as it is afterwards; `created` is the id of what the action created.
- The page is left by a redirect with the sentence `done`, or shown again with what was typed and what is wrong.
"""

import inspect
import re
from abc import ABC, abstractmethod
from collections.abc import Awaitable, Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final
from uuid import UUID

from litestar import Request, Response, post
from litestar.di import NamedDependency
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath, JSONBody
from litestar.types import Guard

from shared.commands import Command
from shared.db import Cause, Database, Transaction
from shared.web.forms import Form, read_form, submit

_PARAMETER: Final = re.compile(r"{(\w+):(uuid|str|int)}")
_PATH: Final[Any] = FromPath
_BODY: Final[Any] = JSONBody
_DEPENDENCY: Final[Any] = NamedDependency
"""Generic aliases that are given their type while routes are made."""
_TYPES: Final[Mapping[str, type]] = {"uuid": UUID, "str": str, "int": int}


@dataclass(frozen=True, slots=True)
class RequestContext(ABC):
    """What a handler is given: the dependency `context`. Each service adds who asks, its rules and its links."""

    request: Request[Any, Any, Any]
    database: Database
    cause: Cause

    @abstractmethod
    def acting(self, tx: Transaction) -> Any:
        """Give the context of a use case that runs in this transaction, now."""

    @property
    def query(self) -> str:
        """Give the query of this address, to be kept in the next one: "" or "?state=…"."""
        query = self.request.scope["query_string"].decode("latin-1")
        return f"?{query}" if query else ""


@dataclass(frozen=True, slots=True)
class Action:
    """One thing that can be done: its command and use case, its API address, its form, and what is said afterwards.

    The use case takes the service's context, the ids of the address in their order, and the command. It returns the id
    of what it created, or nothing that matters here.
    """

    name: str
    """The last part of the API's address, as `allowed_actions` names it."""
    command: type[Command]
    use_case: Callable[..., Awaitable[object]]
    path: str | None = None
    """The last part of the form's address; None without a form."""
    label: str = ""
    """How a page calls it, in French."""
    done: str = ""
    """What is said on the next page, in French."""
    then: str | None = None
    """Where a browser goes: an address with the ids of the resource and `{created}`; None: to the resource's page."""
    anchor: str = ""
    """Which part of that page is shown, as `#part`."""
    creates: bool = False
    """The API answers 201, with the id of what was created when the resource has a view for that."""
    api: bool = True
    """False for what only people do, by the form."""
    opt: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Resource:
    """What a group of actions is done to. Its functions take the request's context and the ids of the address."""

    address: str
    """In the API, such as `/escalations/{request_id:uuid}`."""
    page: str
    """Of the page with the forms, with the same ids."""
    view: Any
    """The type that the API answers with."""
    read: Callable[..., Awaitable[Any]]
    """(context, reader, *ids) → view."""
    show: Callable[..., Awaitable[Response[Any]]]
    """(context, *ids, refused=…) → the page, with a form as it was typed."""
    view_with_new: Any = None
    """The view with a member `created`, for actions that create something."""
    read_by_context: Collection[str] = ()
    """Parameters of the addresses that the dependency `context` reads itself."""
    guards: Sequence[Guard] = ()
    tags: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class Refused:
    """A form that was not valid, or whose command the use case refused: its page shows it again."""

    action: Action
    form: Form[Any]
    status: int


def api_routes(resource: Resource, actions: Iterable[Action]) -> list[HTTPRouteHandler]:
    """Make the API's routes of these actions."""
    return [_api_route(resource, action) for action in actions if action.api]


def page_routes(resource: Resource, actions: Iterable[Action]) -> list[HTTPRouteHandler]:
    """Make the routes that take the forms of these actions."""
    return [_page_route(resource, action) for action in actions if action.path is not None]


def offered(actions: Iterable[Action], allowed: Collection[str]) -> list[Action]:
    """Give the actions with a form that are allowed now, in the order of the table."""
    return [action for action in actions if action.path is not None and action.name in allowed]


def _api_route(resource: Resource, action: Action) -> HTTPRouteHandler:
    ids = _ids(resource.address, resource.read_by_context)
    view = resource.view_with_new if action.creates and resource.view_with_new else resource.view

    async def act(context: RequestContext, data: Command | None = None, **given: Any) -> Any:
        of = [given[name] for name in ids]
        async with context.database.transaction(context.cause) as tx:
            created = await action.use_case(context.acting(tx), *of, data or action.command())
            found = await resource.read(context, tx, *of)
        return found if view is resource.view else view(**dict(found), created=created)

    required = any(member.is_required() for member in action.command.model_fields.values())
    body = (
        _parameter("data", _BODY[action.command])
        if required
        else _parameter("data", _BODY[action.command | None], None)
    )
    _describe(act, action, ids, [body], returns=view)
    return post(
        f"{resource.address}/{action.name}",
        status_code=201 if action.creates else 200,
        guards=list(resource.guards),
        tags=list(resource.tags) or None,
        opt=dict(action.opt),
    )(act)


def _page_route(resource: Resource, action: Action) -> HTTPRouteHandler:
    ids = _ids(resource.page, resource.read_by_context)

    async def act(context: RequestContext, **given: Any) -> Response[Any]:
        of = [given[name] for name in ids]
        form = await read_form(context.request, action.command, within=action.path or "")

        async def once(tx: Transaction, command: Command) -> str:
            created = await action.use_case(context.acting(tx), *of, command)
            page = action.then or _PARAMETER.sub(r"{\1}", resource.page)
            return page.format(**context.request.path_params, created=created) + context.query + action.anchor

        async def again(status: int) -> Response[Any]:
            return await resource.show(context, *of, refused=Refused(action, form, status))

        return await submit(
            context.request, context.database, context.cause, form, once, again=again, said=action.done or None
        )

    _describe(act, action, ids, [], returns=Response[Any])
    return post(f"{resource.page}/{action.path}", guards=list(resource.guards), opt=dict(action.opt))(act)


def _ids(address: str, others: Collection[str]) -> dict[str, type]:
    """Give the parameters of an address that the actions take, with their types."""
    return {name: _TYPES[kind] for name, kind in _PARAMETER.findall(address) if name not in others}


def _describe(
    act: Callable[..., Any], action: Action, ids: Mapping[str, type], more: list[inspect.Parameter], *, returns: Any
) -> None:
    """Give a handler the name, the documentation and the signature that Litestar reads."""
    parameters = [
        *(_parameter(name, _PATH[kind]) for name, kind in ids.items()),
        _parameter("context", _DEPENDENCY[Any]),
        *more,
    ]
    act.__name__ = action.use_case.__name__
    act.__doc__ = action.use_case.__doc__
    act.__signature__ = inspect.Signature(parameters, return_annotation=returns)  # type: ignore[attr-defined] # read by inspect
    act.__annotations__ = {one.name: one.annotation for one in parameters} | {"return": returns}


def _parameter(name: str, annotation: Any, default: Any = inspect.Parameter.empty) -> inspect.Parameter:
    return inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, annotation=annotation, default=default)
