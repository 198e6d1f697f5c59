"""Add and remove agents of a service, issue and revoke their tokens; each change is recorded."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from services.operations.domain.actions import Action
from services.operations.store import record
from shared import clock
from shared.db import Database
from shared.identity import store
from shared.identity.model import Agent, Role
from shared.identity.store import NoSuchAgent

TOKENS_LAST: Final = timedelta(days=90)
"""How long a token acts by default."""
_WHY: Final = "Droits d’un agent"


async def add(
    database: Database,
    *,
    email: str,
    name: str,
    roles: Iterable[Role],
    departements: Iterable[str] = (),
    programmes: Iterable[str] = (),
    quality: str | None = None,
    by: str,
    why: str = _WHY,
) -> Agent:
    """Create an agent, or make the one with this address exactly what is given."""
    async with database.transaction() as tx:
        try:
            before = await store.agent_by_email(tx, email)
        except NoSuchAgent:
            before = None
        agent = await store.add_agent(
            tx,
            email=email,
            name=name,
            roles=roles,
            departements=departements,
            programmes=programmes,
            quality=quality,
            at=clock.now(),
        )
        if before is None or _rights(before) != _rights(agent):
            await record.note(tx, by=by, action=Action.AGENT_ADD, target=_rights(agent), why=why)
        return agent


async def remove(database: Database, *, email: str, by: str, why: str = _WHY) -> None:
    """End an agent's access: their tokens and sessions with it."""
    async with database.transaction() as tx:
        await store.remove_agent(tx, email=email, at=clock.now())
        await record.note(tx, by=by, action=Action.AGENT_REMOVE, target=email.strip().lower(), why=why)


async def issue_token(
    database: Database, *, email: str, name: str, by: str, why: str = _WHY, expires_at: datetime | None = None
) -> str:
    """Return a new bearer token that acts as this agent; it is shown this once, never stored, and ends."""
    at = clock.now()
    ends = expires_at or at + TOKENS_LAST
    async with database.transaction() as tx:
        agent = await store.agent_by_email(tx, email)
        token = await store.issue_token(tx, agent_id=agent.id, name=name, at=at, expires_at=ends)
        target = f"{agent.email}: {name}, until {ends.isoformat(timespec='seconds')}"
        await record.note(tx, by=by, action=Action.AGENT_TOKEN, target=target, why=why)
        return token


async def revoke_tokens(
    database: Database, *, email: str, by: str, why: str = _WHY, token_id: UUID | None = None
) -> int:
    """Revoke one token of an agent, or all of them; return how many."""
    async with database.transaction() as tx:
        agent = await store.agent_by_email(tx, email)
        count = await store.revoke_tokens(tx, agent_id=agent.id, token_id=token_id, at=clock.now())
        await record.note(tx, by=by, action=Action.AGENT_REVOKE, target=f"{agent.email}: {token_id or 'all'}", why=why)
        return count


def _rights(agent: Agent) -> str:
    """Name an agent with what they may do, and in which quality they sign."""
    rights = [*sorted(agent.roles), *sorted(agent.departements), *sorted(agent.programmes)]
    return " ".join([f"{agent.email}:", *rights, *([f"({agent.quality})"] if agent.quality else [])])
