"""The request context of intake: the dependency `context` of its handlers, for visitors and holders of links."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from functools import partial
from typing import Any
from uuid import UUID

from litestar import Request
from litestar.di import NamedDependency
from litestar.handlers import BaseRouteHandler
from litestar.params import FromPath

from services.intake.domain.colleagues import Holder
from services.intake.settings import Settings
from services.intake.store.directory import Directory
from services.intake.store.files import DocumentFiles
from services.intake.tokens import Tokens
from services.intake.usecases.context import Context
from services.intake.usecases.limits import Caller, Limits
from services.intake.usecases.links import note_link_used
from shared import clock
from shared.db import Cause, Database, Transaction, retry_conflicts
from shared.errors import NotFound, Unauthenticated
from shared.identity.store import agent_by_token
from shared.limits import network_of
from shared.territory.similarity import Similarity
from shared.territory.territories import Territories
from shared.web.access import BadToken, Connection, bearer_of
from shared.web.actions import HandlerContext, RequestContext


@dataclass(frozen=True, slots=True)
class Parts:
    """What `main.py` builds once: the rules, the official territories, the files, the makers of links."""

    settings: Settings
    limits: Limits
    tokens: Tokens
    files: DocumentFiles
    directory: Directory
    territories: Territories
    similarity: Similarity


@dataclass(frozen=True, slots=True)
class VisitorContext(HandlerContext):
    """The context of a request of anybody."""

    parts: Parts

    @property
    def caller(self) -> Caller:
        """Who asks: the network that they come from, as TRUSTED_PROXIES says.

        Without an address (a socket of the file system, which production refuses) all strangers share one quota.
        """
        client = self.request.client
        return Caller(network_of(client.host) if client else "")

    async def caller_as_agent(self, *, exempt: bool) -> Caller:
        """Lift the limits for a program that shows an agent's token of this service; another token changes nothing."""
        token = bearer_of(self.request)
        agent = await agent_by_token(self.database, token, at=clock.now()) if token else None
        return replace(self.caller, exempt=exempt or agent is not None)


@dataclass(frozen=True, slots=True)
class HolderContext(VisitorContext, RequestContext):
    """The context of whoever holds the link, or the access token, of a request."""

    token: str
    holder: Holder

    def acting(self, tx: Transaction) -> Context:
        """Return the context of a use case that runs in this transaction, now."""
        invitations = partial(self.parts.limits.invitation, self.caller, self.holder.request_id)
        return Context(tx, self.holder, clock.now(), self.parts.settings.allowance, invitations)

    @property
    def request_id(self) -> UUID:
        """The request that the link opens."""
        return self.holder.request_id


def provide_visitor(parts: Parts) -> Callable[..., Awaitable[VisitorContext]]:
    """Make the provider of the dependency `visitor`, of which every `context` is made."""

    async def provide(
        request: Request[Any, Any, Any], database: NamedDependency[Database], cause: NamedDependency[Cause]
    ) -> VisitorContext:
        return VisitorContext(request, database, cause, parts)

    return provide


async def context_of_visitor(visitor: NamedDependency[VisitorContext]) -> VisitorContext:
    """Dependency `context` where no link is needed."""
    return visitor


async def context_by_link(visitor: NamedDependency[VisitorContext], token: FromPath[str]) -> HolderContext:
    """Dependency `context` of pages behind a tracking link; refuses with `NotFound`."""
    opened = await _opened(visitor, token)
    if opened is None:
        raise NotFound
    return opened


async def context_by_bearer(visitor: NamedDependency[VisitorContext], request_id: FromPath[UUID]) -> HolderContext:
    """Dependency `context` of calls about a request, by the applicant or a colleague whom they invited.

    Refuses with `Unauthenticated` (no token, or none that is valid now) and `NotFound` (a token for another request).
    """
    token = bearer_of(visitor.request)
    if token is None:
        raise Unauthenticated
    opened = await _opened(visitor, token)
    if opened is None:
        raise BadToken
    if opened.request_id != request_id:
        raise NotFound
    return opened


async def with_a_token(connection: Connection, _: BaseRouteHandler) -> None:
    """Refuse (`Unauthenticated`) a call without a token before its body is read."""
    if bearer_of(connection) is None:
        raise Unauthenticated


async def _opened(visitor: VisitorContext, token: str) -> HolderContext | None:
    """Find the request that a token opens, and note that it was used where that changes something."""
    holder = await visitor.parts.tokens.opens(visitor.database, token)
    if holder is None:
        return None
    context = HolderContext(visitor.request, visitor.database, visitor.cause, visitor.parts, token, holder)

    async def note() -> None:
        async with context.database.transaction(context.cause) as tx:
            await note_link_used(context.acting(tx))

    if holder.changes:
        await retry_conflicts(note)
    return context
