"""Provider of the dependency `context` of agents' requests, made from the class of contexts of a service."""

from collections.abc import Awaitable, Callable
from typing import Any

from litestar import Request
from litestar.di import NamedDependency

from shared.db import Cause, Database
from shared.identity.model import Agent


def agent_context(
    kind: Callable[[Request[Any, Any, Any], Database, Cause, Agent, Any], Any], parts: object
) -> Callable[..., Awaitable[Any]]:
    """Make the provider; `parts` are what the service was built with."""

    async def provide(
        request: Request[Any, Any, Any],
        database: NamedDependency[Database],
        cause: NamedDependency[Cause],
        agent: NamedDependency[Agent],
    ) -> Any:
        return kind(request, database, cause, agent, parts)

    return provide
