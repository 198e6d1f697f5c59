"""Who may act in a service: adds, lists and removes agents, issues and revokes their tokens."""

from collections.abc import Iterable
from datetime import datetime
from uuid import UUID

from shared import clock
from shared.db import Database
from shared.identity import store
from shared.identity.model import Agent, Role


async def add(
    database: Database,
    *,
    email: str,
    name: str,
    roles: Iterable[Role],
    departements: Iterable[str] = (),
    programmes: Iterable[str] = (),
) -> Agent:
    """Create an agent, or make the one with this address exactly what is given."""
    async with database.transaction() as tx:
        return await store.add_agent(
            tx,
            email=email,
            name=name,
            roles=roles,
            departements=departements,
            programmes=programmes,
            at=clock.now(),
        )


async def remove(database: Database, *, email: str) -> None:
    """End an agent's access: his tokens and sessions with it."""
    async with database.transaction() as tx:
        await store.remove_agent(tx, email=email, at=clock.now())


async def issue_token(database: Database, *, email: str, name: str, expires_at: datetime | None = None) -> str:
    """Give a new bearer token that acts as this agent; it is shown this once and never stored."""
    async with database.transaction() as tx:
        agent = await store.agent_by_email(tx, email)
        return await store.issue_token(tx, agent_id=agent.id, name=name, at=clock.now(), expires_at=expires_at)


async def revoke_tokens(database: Database, *, email: str, token_id: UUID | None = None) -> int:
    """Revoke one token of an agent, or all of them; give how many."""
    async with database.transaction() as tx:
        agent = await store.agent_by_email(tx, email)
        return await store.revoke_tokens(tx, agent_id=agent.id, token_id=token_id, at=clock.now())
