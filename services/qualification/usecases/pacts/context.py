"""The decorators of use cases that change one pact: by an agent, or by a party with its link."""

from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from functools import wraps
from typing import TypeVar
from uuid import UUID

from services.qualification.domain.pact import Pact
from services.qualification.domain.people import PartyLink
from services.qualification.store import pacts
from services.qualification.usecases.context import Context, Paper
from shared.commands import Command
from shared.contracts.fact import Fact
from shared.db import Transaction
from shared.errors import NotFound
from shared.messaging import journal

C = TypeVar("C", bound=Command)


@dataclass(frozen=True, slots=True)
class PartyContext:
    """What is given to a use case of a party: the transaction, the link that it holds, the time, and paper."""

    tx: Transaction
    link: PartyLink
    at: datetime
    paper: Paper


async def load(do: Context, pact_id: UUID) -> tuple[Context, Pact]:
    """Lock a pact that the agent may see (`NotFound` otherwise); the time becomes one after everything known of it."""
    pact = await pacts.load_for_agent(do.tx, pact_id, do.agent.perimeter)
    if pact is None:
        raise NotFound
    return replace(do, at=await journal.in_time(do.tx, pact.source, pact.id, do.at)), pact


async def record(tx: Transaction, pact: Pact, facts: Iterable[Fact]) -> None:
    """Save the pact and record its facts."""
    await pacts.save(tx, pact)
    for fact in facts:
        await journal.record(tx, fact)


def changes_pact(
    change: Callable[[Context, Pact, C], Awaitable[Iterable[Fact]]],
) -> Callable[[Context, UUID, C], Awaitable[None]]:
    """Make a use case of an agent's change of one pact: load and lock it, change it, save it, record its facts."""

    @wraps(change)
    async def run(do: Context, pact_id: UUID, command: C) -> None:
        do, pact = await load(do, pact_id)
        await record(do.tx, pact, await change(do, pact, command))

    return run


def changes_part_of_pact(
    change: Callable[[Context, Pact, UUID, C], Awaitable[Iterable[Fact]]],
) -> Callable[[Context, UUID, UUID, C], Awaitable[None]]:
    """Make a use case of an agent's change of an action or a party of one pact, as `changes_pact` does."""

    @wraps(change)
    async def run(do: Context, pact_id: UUID, part_id: UUID, command: C) -> None:
        do, pact = await load(do, pact_id)
        await record(do.tx, pact, await change(do, pact, part_id, command))

    return run


def changes_pact_by_link(
    change: Callable[[PartyContext, Pact, C], Awaitable[Iterable[Fact]]],
) -> Callable[[PartyContext, C], Awaitable[None]]:
    """Make a use case of what a party does by its link; a link that was replaced leads nowhere (`NotFound`)."""

    @wraps(change)
    async def run(do: PartyContext, command: C) -> None:
        pact = await pacts.load_by_link(do.tx, do.link.party_id, do.link.generation)
        if pact is None:
            raise NotFound
        at = await journal.in_time(do.tx, pact.source, pact.id, do.at)
        await record(do.tx, pact, await change(replace(do, at=at), pact, command))

    return run
