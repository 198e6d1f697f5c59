"""Mark notices of an agent's bell as read; select the mailboxes that it shows."""

from uuid import UUID

from services.notifications.store.bell import mark_read
from services.notifications.usecases.context import Context
from services.notifications.usecases.preferences import audiences_of, mailboxes_of
from shared.commands import NoBody
from shared.errors import NotFound
from shared.identity.model import Agent


def rings_for(agent: Agent) -> list[str]:
    """Name the mailboxes whose mails ring an agent's bell: those of their teams."""
    return [holder for audience in audiences_of(agent) for holder in mailboxes_of(agent, audience)]


async def read_notice(do: Context, notice_id: UUID, _: NoBody) -> None:
    """Mark one notice as read; one of another team does not exist."""
    if not await mark_read(do.tx, do.agent.id, rings_for(do.agent), only=notice_id, at=do.at):
        raise NotFound


async def read_all_notices(do: Context, _: NoBody) -> None:
    """Mark all that rings as read."""
    await mark_read(do.tx, do.agent.id, rings_for(do.agent), only=None, at=do.at)
