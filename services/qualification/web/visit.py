"""One visit of an agent to a page: who, what is at hand, and how a form is carried out or shown again."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import date
from typing import Any, TypeVar

from litestar import Request, Response
from litestar.di import NamedDependency
from pydantic import BaseModel

from services.qualification.web.asked import today_of
from services.qualification.web.desk import Desk
from shared.db import Cause, Database, Transaction
from shared.identity.model import Agent
from shared.web.forms import Form, submit

Model = TypeVar("Model", bound=BaseModel)
Page = Callable[[Form[Any], int], Awaitable[Response[Any]]]


@dataclass(frozen=True, slots=True)
class Visit:
    """The dependency `visit` of the agents' pages."""

    request: Request[Any, Any, Any]
    agent: Agent
    database: Database
    cause: Cause
    desk: Desk

    @property
    def today(self) -> date:
        """The day that it is for the agent."""
        return today_of(self.agent)

    @property
    def kept(self) -> str:
        """The filters of the queue in this address, to be kept in the next one: "" or "?state=…"."""
        query = self.request.scope["query_string"].decode("latin-1")
        return f"?{query}" if query else ""

    async def carry_out(
        self,
        form: Form[Model],
        act: Callable[[Transaction, Model], Awaitable[object]],
        *,
        then: str,
        said: str | None,
        again: Page,
    ) -> Response[Any]:
        """Do what a form asks, once, and go to `then`; or show the page again with what was typed and what is wrong."""

        async def once(tx: Transaction, typed: Model) -> str:
            await act(tx, typed)
            return then

        return await submit(
            self.request,
            self.database,
            self.cause,
            form,
            once,
            again=lambda status: again(form, status),
            said=said,
        )


async def provide_visit(
    request: Request[Any, Any, Any],
    agent: NamedDependency[Agent],
    database: NamedDependency[Database],
    cause: NamedDependency[Cause],
    desk: NamedDependency[Desk],
) -> Visit:
    """Give the visit of this request."""
    return Visit(request, agent, database, cause, desk)
