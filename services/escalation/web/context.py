"""The request context of the escalation service: the dependency `context` of its handlers."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import date
from typing import Any, Final

from litestar import Request
from litestar.di import NamedDependency, Provide
from litestar.params import FromPath

from services.escalation.domain.accompaniment import ProviderLink
from services.escalation.domain.durations import Durations
from services.escalation.usecases.accompaniment import ProviderContext
from services.escalation.usecases.acting import Acting
from services.escalation.usecases.context import Context
from services.escalation.usecases.recording import day
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
    plausible_grant_cents: int


@dataclass(frozen=True, slots=True)
class AgentContext(RequestContext, Acting):
    """The context of an agent's request."""

    agent: Agent
    parts: Parts

    def acting(self, tx: Transaction) -> Context:
        """Return the context of a use case that runs in this transaction, now."""
        parts = self.parts
        return Context(tx, self.agent, clock.now(), parts.durations, parts.allowance, parts.plausible_grant_cents)

    @property
    def today(self) -> date:
        """The day in Paris."""
        return day(clock.now())


@dataclass(frozen=True, slots=True)
class LinkContext(RequestContext):
    """The context of a request by a provider's personal link, whose token is in the address."""

    token: str
    parts: Parts

    @property
    def link(self) -> ProviderLink:
        """What the token says; refuses (`LinkNotValid`) one that this service did not make."""
        return self.parts.provider_links.read(self.token)

    def acting(self, tx: Transaction) -> ProviderContext:
        """Return the context of a provider's use case that runs in this transaction, now."""
        return ProviderContext(tx, self.link, clock.now(), self.parts.allowance)


def provide_link_context(parts: Parts) -> Callable[..., Awaitable[LinkContext]]:
    """Make the provider of the dependency `link_context`."""

    async def provide(
        request: Request[Any, Any, Any],
        database: NamedDependency[Database],
        cause: NamedDependency[Cause],
        token: FromPath[str],
    ) -> LinkContext:
        return LinkContext(request, database, cause, token, parts)

    return provide


async def provide_context_of_link(link_context: NamedDependency[LinkContext]) -> LinkContext:
    """Return the dependency `context` of the routes that a personal link opens."""
    return link_context


BY_LINK: Final = {"context": Provide(provide_context_of_link)}
"""The dependencies of a router whose routes a personal link opens."""
