"""The caller's bell by program: what is new for his teams, and what he has read of it."""

from datetime import datetime
from uuid import UUID

from litestar import get, post
from litestar.di import NamedDependency
from litestar.params import FromPath, FromQuery
from pydantic import BaseModel

from services.notifications.reads.bell import notices, unread
from services.notifications.usecases import bell
from services.notifications.usecases.bell import read_all_notices, rings_for
from services.notifications.usecases.parts import Parts
from shared import clock
from shared.db import Cause, Database, Reader
from shared.french.words import event_word
from shared.identity.model import Agent
from shared.web.paging import Page, Paged


class NoticeView(BaseModel):
    """One thing that the caller's team was told; `href` leads to where it is dealt with."""

    id: UUID
    number: str | None
    departement: str | None
    event_type: str
    label: str
    subject: str
    href: str
    at: datetime
    read_at: datetime | None


class UnreadView(BaseModel):
    """How much is unread; 100 means a hundred or more."""

    unread: int


async def notice_views(
    reader: Reader, agent: Agent, parts: Parts, *, only_unread: bool, page: Page
) -> tuple[list[NoticeView], int]:
    """Show what rings an agent's bell, newest first, and count it."""
    found, total = await notices(reader, agent.id, rings_for(agent), at=clock.now(), only_unread=only_unread, page=page)
    views = [
        NoticeView(
            id=notice.id,
            number=notice.number,
            departement=notice.departement,
            event_type=notice.event_type,
            label=event_word(notice.event_type),
            subject=notice.subject,
            href=parts.links.open(notice.link_kind, notice.link_target),
            at=notice.created_at,
            read_at=notice.read_at,
        )
        for notice in found
    ]
    return views, total


async def count_unread(reader: Reader, agent: Agent) -> UnreadView:
    """Count what an agent has not read."""
    counts = await unread(reader, {agent.id: rings_for(agent)}, at=clock.now())
    return UnreadView(unread=counts[agent.id])


@get("/bell")
async def list_notices(
    agent: NamedDependency[Agent],
    database: NamedDependency[Database],
    parts: NamedDependency[Parts],
    paging: NamedDependency[Page],
    unread: FromQuery[bool] = False,  # noqa: FBT002 - a member of the query, never passed by place
) -> Paged[NoticeView]:
    """List what is new for the caller's teams, newest first; `unread=true` leaves out what he has read."""
    items, total = await notice_views(database, agent, parts, only_unread=unread, page=paging)
    return Paged[NoticeView](items=items, total=total, page=paging.number)


@post("/bell/{notice_id:uuid}/read", status_code=200)
async def read_notice(
    agent: NamedDependency[Agent],
    database: NamedDependency[Database],
    cause: NamedDependency[Cause],
    notice_id: FromPath[UUID],
) -> UnreadView:
    """Mark one notice as read; tell how many are left."""
    async with database.transaction(cause) as tx:
        await bell.read_notice(tx, notice_id, by=agent, at=clock.now())
        return await count_unread(tx, agent)


@post("/bell/read", status_code=200)
async def read_all(
    agent: NamedDependency[Agent], database: NamedDependency[Database], cause: NamedDependency[Cause]
) -> UnreadView:
    """Mark all as read."""
    async with database.transaction(cause) as tx:
        await read_all_notices(tx, by=agent, at=clock.now())
        return await count_unread(tx, agent)
