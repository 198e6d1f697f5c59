"""The bell: a page of notices, and a stream of the unread count for the pages of all services."""

import asyncio
import contextlib
from collections.abc import AsyncGenerator
from typing import Any, Final

from litestar import Request, Response, get
from litestar.di import NamedDependency
from litestar.response import ServerSentEvent, ServerSentEventMessage, Template

from services.notifications.adapters.event_stream import EventStream
from services.notifications.reads import bell
from services.notifications.reads.bell import NoticeView, UnreadView
from services.notifications.usecases.bell import rings_for
from services.notifications.usecases.parts import Parts
from services.notifications.web.context import AgentContext
from shared import clock
from shared.db import AWAY, Reader
from shared.identity.model import Agent
from shared.web.access import current_agent
from shared.web.actions import Refused
from shared.web.pages import render
from shared.web.paging import FIRST_PAGE, Page, Paged

LASTS: Final = 15.0
"""Seconds after which the browser asks again: short, for sessions that are over and services that leave."""
COMES_BACK_AFTER: Final = 1000
"""Milliseconds."""


async def notices(context: AgentContext, page: Page, *, only_unread: bool) -> Paged[NoticeView]:
    """List what is new for the agent's teams, newest first."""
    return await bell.notices(
        context.database,
        context.agent.id,
        rings_for(context.agent),
        at=clock.now(),
        only_unread=only_unread,
        page=page,
        open_link=context.parts.links.open,
    )


async def count_unread(reader: Reader, agent: Agent) -> UnreadView:
    """Count what an agent has not read."""
    counts = await bell.unread(reader, {agent.id: rings_for(agent)}, at=clock.now())
    return UnreadView(unread=counts[agent.id])


async def show_bell(
    context: AgentContext, *_: object, refused: Refused | None = None, page: Page = FIRST_PAGE
) -> Template:
    """List what is new for the agent's teams, newest first."""
    only_unread = bool(context.request.query_params.get("unread"))
    listed = await notices(context, page, only_unread=only_unread)
    return render(
        context.request,
        "bell.html",
        status_code=refused.status if refused else 200,
        notices=listed.items,
        total=listed.total,
        paging=page,
        only_unread=only_unread,
        unread=(await count_unread(context.database, context.agent)).unread,
    )


@get("/cloche")
async def bell_page(context: NamedDependency[AgentContext], paging: NamedDependency[Page]) -> Template:
    """List what is new for the agent's teams, newest first; `?unread=1` leaves out what they have read."""
    return await show_bell(context, page=paging)


@get("/cloche/flux", public=True)
async def stream_bell(
    request: Request[Any, Any, Any], event_stream: NamedDependency[EventStream], parts: NamedDependency[Parts]
) -> Response[Any]:
    """Send how much is unread, at once and whenever it changes; nothing (204) to who is not signed in.

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
    known = -1
    with contextlib.suppress(*AWAY):
        async with event_stream.listening(agent) as listener:
            while (left := until - asyncio.get_running_loop().time()) > 0:
                unread = await listener.other_than(known, within=left)
                if unread is not None:
                    yield ServerSentEventMessage(event="unread", data=str(unread))
                    known = unread
