"""Who asks: every route is closed unless it says `public=True`; agents come by session (pages) or bearer (API)."""
# interface only; the body follows

from typing import Any

from litestar import Request
from litestar.connection import ASGIConnection
from litestar.types import Guard

from shared.db import Cause
from shared.identity.model import Agent, Role


def only(*roles: Role) -> Guard:
    """Guard for routes or routers: `guards=[only(Role.DELEGATE)]`; others get 403."""
    raise NotImplementedError


def current_agent(connection: ASGIConnection[Any, Any, Any, Any]) -> Agent | None:
    """Give the agent of this request, if there is one; for public pages that greet him."""
    raise NotImplementedError


def bearer_of(connection: ASGIConnection[Any, Any, Any, Any]) -> str | None:
    """Give the bearer token as it was sent; for public API routes with tokens of their own (intake's access token)."""
    raise NotImplementedError


async def provide_agent(request: Request[Any, Any, Any]) -> Agent:
    """Dependency `agent`: who acts."""
    raise NotImplementedError


async def provide_cause(request: Request[Any, Any, Any]) -> Cause:
    """Dependency `cause`: what transactions and events of this request answer to."""
    raise NotImplementedError
