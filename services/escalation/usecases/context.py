"""What every use case of the national team is given, and how one that changes a dossier is run."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import wraps
from typing import TypeVar
from uuid import UUID

from services.escalation.domain.dossier import Escalation
from services.escalation.domain.durations import Durations
from services.escalation.domain.moves import By
from services.escalation.domain.perimeter import Perimeter
from services.escalation.store import dossier as store
from services.escalation.usecases import acting
from services.escalation.usecases.recording import SOURCE, record
from shared.allowance import Allowance
from shared.commands import Command
from shared.contracts.fact import Fact
from shared.db import Transaction
from shared.identity.model import Agent
from shared.messaging import journal

C = TypeVar("C", bound=Command)


@dataclass(frozen=True, slots=True)
class Context:
    """The transaction, the agent who acts, the time, and the rules of the service."""

    tx: Transaction
    agent: Agent
    at: datetime
    durations: Durations = field(default_factory=Durations)
    allowance: Allowance = field(default_factory=Allowance)

    @property
    def by(self) -> By:
        """The agent as the domain names who acts."""
        return acting.by(self.agent)

    @property
    def perimeter(self) -> Perimeter:
        """Which dossiers the agent sees."""
        return acting.perimeter(self.agent)


async def load(do: Context, request_id: UUID) -> tuple[Context, Escalation]:
    """Lock a dossier that the agent may see; the time becomes one after everything that is known of the dossier."""
    escalation = await store.load_for_update(do.tx, request_id, do.perimeter)
    return replace(do, at=await journal.in_time(do.tx, SOURCE, request_id, do.at)), escalation


def changes_dossier(
    change: Callable[[Context, Escalation, C], Awaitable[Fact]],
) -> Callable[[Context, UUID, C], Awaitable[None]]:
    """Make a use case of a change of one dossier: load and lock it, change it, save it, record the fact."""

    @wraps(change)
    async def run(do: Context, request_id: UUID, command: C) -> None:
        do, escalation = await load(do, request_id)
        fact = await change(do, escalation, command)
        await store.save(do.tx, escalation, at=do.at)
        await record(do.tx, fact)

    return run
