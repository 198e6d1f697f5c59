"""What the pages have in common: who may look, who may act, and what a form shows again."""

from typing import Annotated, Any, Final

from litestar.connection import ASGIConnection
from litestar.handlers import BaseRouteHandler
from pydantic import Field

from services.operations.domain.services import service_word
from services.operations.store import record
from shared.errors import NotFound
from shared.identity.model import Agent, Role
from shared.web.access import current_agent, only
from shared.web.forms import Form

READERS: Final = only(Role.OPERATOR, Role.AUDITOR)
OPERATORS: Final = only(Role.OPERATOR)


async def all_of_it(connection: ASGIConnection[Any, Any, Any, Any], _: BaseRouteHandler) -> None:
    """Guard: what is of all départements at once is not there (`NotFound`) for who sees some."""
    agent = current_agent(connection)
    if agent is None or agent.perimeter is not None:
        raise NotFound


Motive = Annotated[str, Field(default="", max_length=record.LONGEST)]


def shown_again(form: Form[Any] | None, agent: Agent) -> dict[str, Any]:
    """Give a page's form what was typed, what is wrong with it, and whether this agent may act at all."""
    return {
        "values": form.values if form else {},
        "errors": form.errors if form else {},
        "may_act": agent.has(Role.OPERATOR),
    }


def away_words(away: list[str]) -> str:
    """Name the services that did not answer."""
    return ", ".join(service_word(name) for name in away)
