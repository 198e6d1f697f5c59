"""Who uses a public route: the network they come from, which request their token opens, and who is exempt."""

from dataclasses import replace
from typing import Any

from litestar import Request

from services.intake.domain.colleagues import Holder
from services.intake.limits import Caller
from services.intake.usecases import share
from services.intake.web.tokens import Tokens
from shared import clock
from shared.db import Cause, Database, retry_conflicts
from shared.identity.store import agent_by_token
from shared.limits import network_of
from shared.web.access import bearer_of


async def provide_caller(request: Request[Any, Any, Any]) -> Caller:
    """Dependency `caller`: a stranger from some network, as TRUSTED_PROXIES tell it.

    Without an address (a socket of the file system, which production refuses) all strangers share one quota.
    """
    return Caller(network_of(request.client.host) if request.client else "")


async def opened_by(token: str, database: Database, cause: Cause, tokens: Tokens) -> Holder | None:
    """Tell which request a token opens, and note that it was used where that changes something."""
    holder = await tokens.opens(database, token)
    if holder is not None and holder.changes:

        async def note() -> None:
            async with database.transaction(cause) as tx:
                await share.note_link_used(tx, holder, at=clock.now())

        await retry_conflicts(note)
    return holder


async def acting_as_agent(request: Request[Any, Any, Any], caller: Caller, database: Database) -> Caller:
    """Lift the limits for a program that shows an agent's token of this service; another token changes nothing."""
    token = bearer_of(request)
    agent = await agent_by_token(database, token, at=clock.now()) if token else None
    return replace(caller, exempt=caller.exempt or agent is not None)
