"""Who uses a public route: the network they come from, and whether the limits on filing are lifted for them."""

from dataclasses import replace
from typing import Any

from litestar import Request

from services.intake.limits import Caller
from shared import clock
from shared.db import Database
from shared.identity.store import agent_by_token
from shared.limits import network_of
from shared.web.access import bearer_of


async def provide_caller(request: Request[Any, Any, Any]) -> Caller:
    """Dependency `caller`: a stranger from some network, as TRUSTED_PROXIES tell it."""
    return Caller(network_of(request.client.host) if request.client else "")


async def acting_as_agent(request: Request[Any, Any, Any], caller: Caller, database: Database) -> Caller:
    """Lift the limits for a program that shows an agent's token of this service; another token changes nothing."""
    token = bearer_of(request)
    agent = await agent_by_token(database, token, at=clock.now()) if token else None
    return replace(caller, exempt=caller.exempt or agent is not None)
