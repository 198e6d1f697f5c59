"""Read what is new: one notice, or all of them. Each agent reads for himself."""

from datetime import datetime
from uuid import UUID

from services.notifications.store.bell import mark_read
from services.notifications.usecases.preferences import audiences_of, mailboxes_of
from shared.db import Transaction
from shared.errors import NotFound
from shared.identity.model import Agent


def rings_for(agent: Agent) -> list[str]:
    """Name the mailboxes whose mails ring an agent's bell: those of his teams."""
    return [holder for audience in audiences_of(agent) for holder in mailboxes_of(agent, audience)]


async def read_notice(tx: Transaction, notice_id: UUID, *, by: Agent, at: datetime) -> None:
    """Mark one notice as read; one of another team does not exist."""
    if not await mark_read(tx, by.id, rings_for(by), only=notice_id, at=at):
        raise NotFound


async def read_all_notices(tx: Transaction, *, by: Agent, at: datetime) -> None:
    """Mark all that rings as read."""
    await mark_read(tx, by.id, rings_for(by), only=None, at=at)
