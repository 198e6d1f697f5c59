"""Actions: one row declares what a page's form and an API call do, and the routes of both are made from it.

An `Action` names a command, the use case that carries it out, and where both are found. A `Resource` is what a group of
actions is done to: its addresses, what the API answers, and the page that shows the forms. `api_routes` and
`page_routes` make the handlers:

- Both read the command, run the use case in one transaction and map refusals in the usual places.
- The API answers with the resource as it is afterwards; `created` is the id of what the action created.
- The page is left by a redirect with the sentence `done`, or shown again with what was typed and what is wrong.

`api_read` and `page_read` make the routes that only show a resource.
"""

import inspect
import re
from abc import ABC, abstractmethod
from collections.abc import Awaitable, Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final
from uuid import UUID

from litestar import Request, Response, delete, get, patch, post, put
from litestar.di import NamedDependency
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath, JSONBody
from litestar.response import Redirect
from litestar.types import Guard

from shared.commands import Command, NoBody
from shared.db import Cause, Database, Transaction
from shared.errors import NotFound
from shared.web.forms import Form, read_form, submit
from shared.web.pages import flash, redirect

_PARAMETER: Final = re.compile(r"{(\w+):(uuid|str|int)}")
_PATH: Final[Any] = FromPath
_BODY: Final[Any] = JSONBody
_DEPENDENCY: Final[Any] = NamedDependency
"""Generic aliases that are given their type while routes are made."""
_METHODS: Final = {"POST": post, "PUT": put, "PATCH": patch, "DELETE": delete}
_TYPES: Final[Mapping[str, type]] = {"uuid": UUID, "str": str, "int": int}


@dataclass(frozen=True, slots=True)
class HandlerContext:
    """What a handler is given: the dependency `context`. Each service adds its rules and its links."""

    request: Request[Any, Any, Any]
    database: Database
    cause: Cause

    @property
    def query(self) -> str:
        """Return the query of this address, to be carried into the next one: "" or "?state=…"."""
        query = self.request.scope["query_string"].decode("latin-1")
        return f"?{query}" if query else ""


@dataclass(frozen=True, slots=True)
class RequestContext(HandlerContext, ABC):
    """The context of somebody who can act. Each service adds who asks."""

    @abstractmethod
    def acting(self, tx: Transaction) -> Any:
        """Return the context of a use case that runs in this transaction, now."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What the API answers an action with, where that is not the resource."""

    view: Any
    read: Callable[..., Awaitable[Any]]
    """(context, reader, result of the use case, *ids of the address) → view."""


@dataclass(frozen=True, slots=True)
class Action:
    """One thing that can be done: its command and use case, its API address, its form, and what is said afterwards.

    The use case takes the service's context, the ids of the address in their order, and the command. It returns the id
    of what it created, or whatever `answer` reads. An id of a page's address that is a member of the command goes into
    the command.
    """

    name: str
    """As `allowed_actions` names it; also the last part of the API's address, unless `address` says another."""
    command: type[Command]
    use_case: Callable[..., Awaitable[object]]
    path: str | None = None
    """The last part of the form's address, "" for the page's own; None without a form."""
    label: str = ""
    """How a page calls it, in French."""
    done: str | Callable[[Any], str] = ""
    """What is said on the next page, in French; or what makes that from what the use case returned."""
    form: type[Command] | None = None
    """A subclass of the command, for a form that asks for more than a call, such as to tick a box."""
    then: str | None = None
    """Where a browser goes: an address with the ids of the resource and `{created}`; None: to the resource's page."""
    anchor: str = ""
    """Which part of that page is shown, as `#part`."""
    creates: bool = False
    """The API answers 201, with the id of what was created when the resource has a view for that."""
    api: bool = True
    """False for what only people do, by the form."""
    address: str | None = None
    """The last part of the API's address where it differs from the name; "" for the resource's own."""
    method: str = "POST"
    """Of the API: POST, PUT, PATCH or DELETE."""
    status: int | None = None
    """Of the API's answer, where it is neither 201 for what is created nor 200."""
    may_be_empty: bool = False
    """A call may leave its body out, though the command has members: all of them are optional."""
    answer: Answer | None = None
    """What the API answers with instead of the resource."""
    opt: Mapping[str, Any] = field(default_factory=dict)


async def _absent(*_: object, **__: object) -> Any:
    raise NotFound


@dataclass(frozen=True, slots=True, kw_only=True)
class Resource:
    """What a group of actions is done to: what the API gives at `address`, what is shown at `page`, or both.

    Its functions take the request's context and the ids of the address.
    """

    address: str = ""
    """In the API, such as `/escalations/{request_id:uuid}`."""
    page: str = ""
    """Of the page with the forms, such as `/demandes/{request_id:uuid}`."""
    view: Any = None
    """The type that the API answers with."""
    read: Callable[..., Awaitable[Any]] = _absent
    """(context, reader, *ids) → view."""
    show: Callable[..., Awaitable[Response[Any]]] = _absent
    """(context, *ids of the page, refused=…) → the page, with a form as it was typed."""
    view_with_new: Any = None
    """The view with a member `created`, for actions that create something."""
    read_by_context: Collection[str] = ()
    """Parameters of the addresses that the dependency `context` reads itself."""
    guards: Sequence[Guard] = ()


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


def api_read(resource: Resource) -> HTTPRouteHandler:
    """Make the API's route that gives the resource; named and described as the function that reads it."""
    ids = _ids(resource.address, resource.read_by_context)

    async def read(context: RequestContext, **given: Any) -> Any:
        return await resource.read(context, context.database, *(given[name] for name in ids))

    _describe(read, resource.read, ids, [], returns=resource.view)
    return get(resource.address, guards=list(resource.guards))(read)


def page_read(resource: Resource) -> HTTPRouteHandler:
    """Make the route of the resource's page."""
    ids = _ids(resource.page, resource.read_by_context)

    async def read(context: RequestContext, **given: Any) -> Response[Any]:
        return await resource.show(context, *(given[name] for name in ids))

    _describe(read, resource.show, ids, [], returns=Response[Any])
    return get(resource.page, guards=list(resource.guards))(read)


def offered(actions: Iterable[Action], allowed: Collection[str]) -> list[Action]:
    """Return the actions with a form that are allowed now, in the order of the table."""
    return [action for action in actions if action.path is not None and action.name in allowed]


def _api_route(resource: Resource, action: Action) -> HTTPRouteHandler:
    ids = _ids(resource.address, resource.read_by_context)
    with_new = action.creates and resource.view_with_new
    view = action.answer.view if action.answer else resource.view_with_new if with_new else resource.view

    async def act(context: RequestContext, data: Command | None = None, **given: Any) -> Any:
        of = [given[name] for name in ids]
        async with context.database.transaction(context.cause) as tx:
            result = await action.use_case(context.acting(tx), *of, data or action.command())
            if action.answer:
                return await action.answer.read(context, tx, result, *of)
            found = await resource.read(context, tx, *of)
        return view(**dict(found), created=result) if with_new else found

    _describe(act, action.use_case, ids, _body(action), returns=view)
    return _METHODS[action.method](
        _joined(resource.address, action.name if action.address is None else action.address),
        status_code=action.status or (201 if action.creates else 200),
        guards=list(resource.guards),
        opt=dict(action.opt),
    )(act)


def _body(action: Action) -> list[inspect.Parameter]:
    """Return the parameter of a call's body; it may be left out when the command has no members, or the row says so."""
    command = action.command
    if issubclass(command, NoBody):
        return []
    if command.model_fields and not action.may_be_empty:
        return [_parameter("data", _BODY[command])]
    return [_parameter("data", _BODY[command | None], None)]


def _page_route(resource: Resource, action: Action) -> HTTPRouteHandler:
    ids = _ids(resource.page, resource.read_by_context)

    async def act(context: RequestContext, **given: Any) -> Response[Any]:
        of = [given[name] for name in ids]
        asked = action.form or action.command
        known = {name: given[name] for name in ids if name in asked.model_fields}
        form = await read_form(context.request, asked, within=action.path or action.name, known=known)
        done = action.done if isinstance(action.done, str) else ""

        async def once(tx: Transaction, command: Command) -> str:
            nonlocal done
            others = [given[name] for name in ids if name not in known]
            created = await action.use_case(context.acting(tx), *others, command)
            done = done if isinstance(action.done, str) else action.done(created)
            return str(created)  # not the address, which may hold a secret link

        async def again(status: int) -> Response[Any]:
            return await resource.show(context, *of, refused=Refused(action, form, status))

        answer = await submit(context.request, context.database, context.cause, form, once, again=again)
        if not isinstance(answer, Redirect):
            return answer
        if done:
            flash(context.request, done)
        page = _PARAMETER.sub(r"{\1}", resource.page) if action.then is None else action.then
        leads = page.format(**context.request.path_params, created=answer.url)
        return redirect(leads + context.query + action.anchor)

    _describe(act, action.use_case, ids, [], returns=Response[Any])
    return post(_joined(resource.page, action.path or ""), guards=list(resource.guards), opt=dict(action.opt))(act)


def _joined(address: str, part: str) -> str:
    return f"{address}/{part}" if part else address


def _ids(address: str, others: Collection[str]) -> dict[str, type]:
    """Return the parameters of an address that the actions take, with their types."""
    return {name: _TYPES[kind] for name, kind in _PARAMETER.findall(address) if name not in others}


def _describe(
    act: Callable[..., Any],
    meaning: Callable[..., Any],
    ids: Mapping[str, type],
    more: list[inspect.Parameter],
    *,
    returns: Any,
) -> None:
    """Give a handler the signature that Litestar reads, and the name and documentation of what it does."""
    parameters = [
        *(_parameter(name, _PATH[kind]) for name, kind in ids.items()),
        _parameter("context", _DEPENDENCY[Any]),
        *more,
    ]
    act.__name__ = meaning.__name__
    act.__doc__ = meaning.__doc__
    act.__signature__ = inspect.Signature(parameters, return_annotation=returns)  # type: ignore[attr-defined] # read by inspect
    act.__annotations__ = {one.name: one.annotation for one in parameters} | {"return": returns}


def _parameter(name: str, annotation: Any, default: Any = inspect.Parameter.empty) -> inspect.Parameter:
    return inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, annotation=annotation, default=default)
