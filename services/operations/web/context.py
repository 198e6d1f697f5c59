"""The request context of operators, and builders of the routes of pages and forms."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final, TypeVar

from litestar import Request, Response
from litestar.connection import ASGIConnection
from litestar.di import NamedDependency
from litestar.handlers import BaseRouteHandler, HTTPRouteHandler
from litestar.types import Guard

from services.operations.adapters.connections import Connections, Watched
from services.operations.domain.obstacles import moment
from services.operations.domain.services import service_word
from services.operations.store import record
from services.operations.store.record import Operation
from services.operations.usecases.journal_checks import Checks
from services.operations.web import runbook
from shared.commands import Command
from shared.db import Cause, Database, Transaction
from shared.errors import NotFound
from shared.identity.model import Agent, Role
from shared.web import pages
from shared.web.access import current_agent, only
from shared.web.actions import Action, Refused, RequestContext, Resource, page_read, page_routes

Row = TypeVar("Row")

READERS: Final = only(Role.OPERATOR, Role.AUDITOR)
OPERATORS: Final = only(Role.OPERATOR)


async def all_of_it(connection: ASGIConnection[Any, Any, Any, Any], _: BaseRouteHandler) -> None:
    """Guard: what is of all départements at once is not there (`NotFound`) for who sees some."""
    agent = current_agent(connection)
    if agent is None or agent.perimeter is not None:
        raise NotFound


@dataclass(frozen=True, slots=True)
class OperatorContext(RequestContext):
    """The context of a request. An action has its transaction in the database of the service that it is done to."""

    agent: Agent
    connections: Connections
    checks: Checks

    def acting(self, tx: Transaction) -> "OperatorContext":  # noqa: ARG002 - the page's own transaction writes nothing
        """Return this context itself."""
        return self

    @property
    def query(self) -> str:
        """Nothing: after an action its address is left."""
        return ""

    @property
    def perimeter(self) -> list[str] | None:
        """The départements that the agent sees; None: all."""
        return self.agent.perimeter

    @property
    def may_act(self) -> bool:
        """Whether the agent may do more than look."""
        return self.agent.has(Role.OPERATOR)

    @property
    def by(self) -> str:
        """The name that is recorded."""
        return self.agent.email

    def flash(self, sentence: str, level: str = "success") -> None:
        """Store a French sentence for the next page."""
        pages.flash(self.request, sentence, level)

    async def from_all(
        self, read: Callable[[Watched], Awaitable[Sequence[Row]]], service: str | None = None
    ) -> tuple[list[Row], list[str]]:
        """Read one service, or all that answer; return what they have, and the names of those that are away."""
        return await self.connections.from_all(service, read)

    async def recorded(self, text: str = "", service: str = "", *, most: int) -> tuple[list[Operation], list[str]]:
        """Return the actions recorded in one service or in all, newest first, and the names of who is away.

        Among all are the rights of this page's own agents, which are recorded in its own database.
        """
        by = None if self.perimeter is None else self.agent.email
        text = text.strip()
        rows, away = await self.from_all(
            lambda one: record.latest(one.database, one.name, most=most, by=by, containing=text), service or None
        )
        if not service:
            rows = [*rows, *await record.latest(self.database, "operations", most=most, by=by, containing=text)]
        return sorted(rows, key=lambda one: one.at, reverse=True), away

    def page(
        self, name: str, refused: Refused | None = None, *, away: Sequence[str] = (), **values: object
    ) -> Response[Any]:
        """Show a page; what was typed and is wrong, if a form was refused."""
        return pages.render(
            self.request,
            f"operations/{name}.html",
            status_code=refused.status if refused else 200,
            values=refused.form.values if refused else {},
            errors=refused.form.errors if refused else {},
            may_act=self.may_act,
            away=", ".join(service_word(one) for one in away),
            service_word=service_word,
            moment=moment,
            help_of=runbook.anchor,
            **values,
        )


def provide_context(
    provide_connections: Callable[[], Awaitable[Connections]], checks: Checks
) -> Callable[..., Awaitable[OperatorContext]]:
    """Make the provider of the dependency `context`."""

    async def provide(
        request: Request[Any, Any, Any],
        database: NamedDependency[Database],
        cause: NamedDependency[Cause],
        agent: NamedDependency[Agent],
    ) -> OperatorContext:
        return OperatorContext(request, database, cause, agent, await provide_connections(), checks)

    return provide


def page(address: str, show: Callable[..., Awaitable[Response[Any]]], *guards: Guard) -> HTTPRouteHandler:
    """Make the route of a page that readers see; `show` takes the context and the ids of the address."""
    resource = Resource(address=address, page=address, view=None, read=show, show=show, guards=[READERS, *guards])
    return page_read(resource)


def form(
    address: str,
    show: Callable[..., Awaitable[Response[Any]]],
    command: type[Command],
    use_case: Callable[..., Awaitable[str]],
    *guards: Guard,
) -> list[HTTPRouteHandler]:
    """Make the route that takes the form of a page, for operators alone.

    The use case flashes what it did, and returns the address of the next page.
    """
    resource = Resource(
        address=address, page=address, view=None, read=show, show=show, guards=list(guards) or [OPERATORS]
    )
    return page_routes(resource, [Action("form", command, use_case, path="", then="{created}", api=False)])
