"""What the handlers of the national team are given: the dependency `context`."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

from litestar import Request
from litestar.di import NamedDependency

from services.escalation.domain.durations import Durations
from services.escalation.usecases.context import Context
from services.escalation.web.links import DocumentLinks, ProviderLinks
from shared import clock
from shared.allowance import Allowance
from shared.db import Cause, Database, Transaction
from shared.identity.model import Agent
from shared.territory import Territories
from shared.web.actions import RequestContext


@dataclass(frozen=True, slots=True)
class Parts:
    """What `main.py` builds once: the rules, the official territories, the makers of links."""

    durations: Durations
    allowance: Allowance
    document_links: DocumentLinks
    provider_links: ProviderLinks
    territories: Territories


@dataclass(frozen=True, slots=True)
class AgentContext(RequestContext):
    """The context of an agent's request."""

    agent: Agent
    parts: Parts

    def acting(self, tx: Transaction) -> Context:
        """Give the context of a use case that runs in this transaction, now."""
        return Context(tx, self.agent, clock.now(), self.parts.durations, self.parts.allowance)


def provide_context(parts: Parts) -> Callable[..., Awaitable[AgentContext]]:
    """Make the provider of the dependency `context`."""

    async def provide(
        request: Request[Any, Any, Any],
        database: NamedDependency[Database],
        cause: NamedDependency[Cause],
        agent: NamedDependency[Agent],
    ) -> AgentContext:
        return AgentContext(request, database, cause, agent, parts)

    return provide
