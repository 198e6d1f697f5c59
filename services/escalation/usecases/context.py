"""The context of use cases, and the decorators of those that change a dossier or a session: load, lock, save."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from functools import wraps
from typing import Concatenate, ParamSpec, TypeVar
from uuid import UUID

from services.escalation.domain.committee import Session
from services.escalation.domain.dossier import Escalation
from services.escalation.domain.durations import Durations
from services.escalation.domain.moves import Action
from services.escalation.store import committee
from services.escalation.store import dossier as store
from services.escalation.usecases.acting import Acting
from services.escalation.usecases.recording import SOURCE, day, record
from shared.allowance import Allowance
from shared.commands import Command
from shared.contracts.fact import Fact
from shared.db import Transaction
from shared.identity.model import Agent
from shared.messaging import journal

C = TypeVar("C", bound=Command)
R = TypeVar("R")
P = ParamSpec("P")


@dataclass(frozen=True, slots=True)
class Context(Acting):
    """The transaction, the agent who acts, the time, and the rules of the service."""

    tx: Transaction
    agent: Agent
    at: datetime
    durations: Durations = field(default_factory=Durations)
    allowance: Allowance = field(default_factory=Allowance)
    plausible_grant_cents: int = 1_000_000_00

    @property
    def today(self) -> date:
        """The day of `at`, in Paris."""
        return day(self.at)

    def require(self, action: Action) -> None:
        """Refuse (`Forbidden`) an agent whose roles do not allow an action."""
        self.by.acting_in(action)


async def load(do: Context, request_id: UUID) -> tuple[Context, Escalation]:
    """Lock a dossier that the agent may see; the time becomes one after everything that is known of the dossier."""
    escalation = await store.load_for_update(do.tx, request_id, do.perimeter)
    return replace(do, at=await journal.in_time(do.tx, SOURCE, request_id, do.at)), escalation


def on_dossier(
    act: Callable[Concatenate[Context, Escalation, P], Awaitable[R]],
) -> Callable[Concatenate[Context, UUID, P], Awaitable[R]]:
    """Make a use case of what is done on a dossier: load and lock the dossier first."""

    @wraps(act)
    async def run(do: Context, request_id: UUID, /, *args: P.args, **kwargs: P.kwargs) -> R:
        do, escalation = await load(do, request_id)
        return await act(do, escalation, *args, **kwargs)

    return run


def changes_dossier(
    change: Callable[[Context, Escalation, C], Awaitable[Fact]],
) -> Callable[[Context, UUID, C], Awaitable[None]]:
    """Make a use case of a change of one dossier: load and lock it, change it, save it, record the fact."""

    @on_dossier
    @wraps(change)
    async def run(do: Context, escalation: Escalation, command: C) -> None:
        fact = await change(do, escalation, command)
        await store.save(do.tx, escalation, at=do.at)
        await record(do.tx, fact)

    return run


def changes_session(
    change: Callable[[Context, Session, C], Awaitable[None]],
) -> Callable[[Context, UUID, C], Awaitable[None]]:
    """Make a use case of a change of one session of the committee: load and lock it, change it, save it."""

    @wraps(change)
    async def run(do: Context, session_id: UUID, command: C) -> None:
        session = await committee.load_session_for_update(do.tx, session_id)
        await change(do, session, command)
        await committee.save_session(do.tx, session)

    return run
