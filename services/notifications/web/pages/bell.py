"""The bell: what is new as a page, and how much of it as a stream that every page of agents may listen to."""

import asyncio
import contextlib
from collections.abc import AsyncGenerator
from typing import Any, Final
from uuid import UUID

from litestar import Request, Response, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath, FromQuery
from litestar.response import Redirect, ServerSentEvent, ServerSentEventMessage, Template

from services.notifications.adapters.event_stream import EventStream
from services.notifications.usecases import bell
from services.notifications.usecases.bell import read_all_notices
from services.notifications.usecases.parts import Parts
from services.notifications.web.api.bell import count_unread, notice_views
from services.notifications.web.pages.messages import Nothing
from shared import clock
from shared.db import AWAY, Cause, Database, Transaction
from shared.identity.model import Agent
from shared.web.access import current_agent
from shared.web.forms import read_form, submit_once
from shared.web.pages import render
from shared.web.paging import Page

Web = Request[Any, Any, Any]

LASTS: Final = 15.0
"""Seconds after which the browser asks again: short, for sessions that are over and services that leave."""
COMES_BACK_AFTER: Final = 1000
"""Milliseconds."""


@get("/cloche")
async def show_bell(
    request: Web,
    agent: NamedDependency[Agent],
    database: NamedDependency[Database],
    parts: NamedDependency[Parts],
    paging: NamedDependency[Page],
    unread: FromQuery[str] = "",
) -> Template:
    """List what is new for the agent's teams, newest first."""
    notices, total = await notice_views(database, agent, parts, only_unread=bool(unread), page=paging)
    return render(
        request,
        "bell.html",
        notices=notices,
        total=total,
        paging=paging,
        only_unread=bool(unread),
        unread=(await count_unread(database, agent)).unread,
    )


@get("/cloche/flux", public=True)
async def stream_bell(
    request: Web, event_stream: NamedDependency[EventStream], parts: NamedDependency[Parts]
) -> Response[Any]:
    """Tell how much is unread, at once and whenever it changes; nothing (204) to who is not signed in.

    The other services' pages listen too: they are on the same site, and the answer is one number.
    """
    agent = current_agent(request)
    allowed = _for_our_pages(request.headers.get("origin"), parts)
    if agent is None:
        return Response(None, status_code=204, headers=allowed)
    return ServerSentEvent(_counts(event_stream, agent), retry_duration=COMES_BACK_AFTER, headers=allowed)


def _for_our_pages(origin: str | None, parts: Parts) -> dict[str, str]:
    """Let pages of the agents' services read the answer, and nobody else's."""
    if origin not in {parts.links.qualification, parts.links.escalation}:
        return {"Vary": "Origin"}
    return {
        "Access-Control-Allow-Origin": origin,
        "Access-Control-Allow-Credentials": "true",
        "Cross-Origin-Resource-Policy": "same-site",
        "Vary": "Origin",
    }


async def _counts(event_stream: EventStream, agent: Agent) -> AsyncGenerator[ServerSentEventMessage, None]:
    until = asyncio.get_running_loop().time() + LASTS
    told = -1
    with contextlib.suppress(*AWAY):
        async with event_stream.listening(agent) as listener:
            while (left := until - asyncio.get_running_loop().time()) > 0:
                unread = await listener.other_than(told, within=left)
                if unread is not None:
                    yield ServerSentEventMessage(event="unread", data=str(unread))
                    told = unread


@post("/cloche/{notice_id:uuid}/lue")
async def read_notice(
    request: Web,
    agent: NamedDependency[Agent],
    database: NamedDependency[Database],
    cause: NamedDependency[Cause],
    notice_id: FromPath[UUID],
) -> Redirect:
    """Mark one notice as read."""

    async def act(tx: Transaction) -> str:
        await bell.read_notice(tx, notice_id, by=agent, at=clock.now())
        return "/cloche"

    return await submit_once(database, await read_form(request, Nothing), act, cause=cause)


@post("/cloche/lues")
async def read_all(
    request: Web,
    agent: NamedDependency[Agent],
    database: NamedDependency[Database],
    cause: NamedDependency[Cause],
) -> Redirect:
    """Mark all as read."""

    async def act(tx: Transaction) -> str:
        await read_all_notices(tx, by=agent, at=clock.now())
        return "/cloche"

    return await submit_once(database, await read_form(request, Nothing), act, cause=cause)
