"""What the pages have in common: who may look, who may act, and an action that is done once and told."""

from collections.abc import Awaitable, Callable
from typing import Annotated, Any, Final

import structlog
from litestar import Request, Response
from litestar.connection import ASGIConnection
from litestar.handlers import BaseRouteHandler
from pydantic import Field

from shared.db import Cause, Database, Transaction
from shared.errors import NotFound, Refusal
from shared.identity.model import Agent, Role
from shared.operations import record
from shared.operations.web import words
from shared.web.access import current_agent, only
from shared.web.forms import Form, submit_once
from shared.web.pages import flash
from shared.web.problems import status_of

log = structlog.get_logger(__name__)

READERS: Final = only(Role.OPERATOR, Role.AUDITOR)
OPERATORS: Final = only(Role.OPERATOR)


async def all_of_it(connection: ASGIConnection[Any, Any, Any, Any], _: BaseRouteHandler) -> None:
    """Guard: what is of all départements at once is not there (`NotFound`) for who sees some."""
    agent = current_agent(connection)
    if agent is None or agent.perimeter is not None:
        raise NotFound


Motive = Annotated[str, Field(default="", max_length=record.LONGEST)]


async def settle(
    request: Request[Any, Any, Any],
    form: Form[Any],
    act: Callable[[Any], Awaitable[str]],
    database: Database,
    cause: Cause,
    *,
    then: str,
) -> tuple[Response[Any] | None, int]:
    """Do it once and go on; when it was refused, give no answer but the status, and the reason in the form's errors."""
    if form.model is None:
        return None, 400
    said: list[str] = []

    async def once(_: Transaction) -> str:
        said.append(await act(form.model))
        return then

    try:
        answer = await submit_once(database, form, once, cause=cause)
    except Refusal as refusal:
        log.info("operation.refused", code=refusal.code)
        form.refuse(refusal)
        return None, status_of(refusal)
    for sentence in said:
        flash(request, sentence)
    return answer, 303


def shown_again(form: Form[Any] | None, agent: Agent) -> dict[str, Any]:
    """Give a page's form what was typed, what is wrong with it, and whether this agent may act at all."""
    return {
        "values": form.values if form else {},
        "errors": form.errors if form else {},
        "may_act": agent.has(Role.OPERATOR),
    }


def away_words(away: list[str]) -> str:
    """Name the services that did not answer."""
    return ", ".join(words.service_word(name) for name in away)
