"""The context of use cases, and the decorator of those that change one case: load, lock, save, record."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from datetime import datetime
from functools import wraps
from typing import TypeVar
from uuid import UUID

from services.qualification.domain.case import Case
from services.qualification.domain.people import Official
from services.qualification.domain.rules import Rules
from services.qualification.reads.pact_views import PactText, VersionView
from services.qualification.store import cases
from services.qualification.usecases import recording
from shared.commands import Command
from shared.contracts.fact import Fact
from shared.contracts.vocabulary import Role
from shared.db import Transaction
from shared.errors import NotFound
from shared.identity.model import Agent
from shared.messaging import journal
from shared.territory import Territories

C = TypeVar("C", bound=Command)

_ROLES = {role.value: role for role in (Role.SAT_AGENT, Role.DELEGATE)}


def official(agent: Agent) -> Official:
    """Return the agent as the domain names who acts: with those of their roles that count here."""
    roles = frozenset(_ROLES[role] for role in agent.roles if role in _ROLES)
    return Official(agent.email, agent.name, roles, agent.quality)


Paper = Callable[[PactText, VersionView | None], Awaitable[bytes]]
"""Prints a version of a pact: to be signed, or with its signatures."""


async def no_paper(_text: PactText, _version: VersionView | None) -> bytes:
    """Refuse to print: for a context whose use cases print nothing."""
    raise RuntimeError("nothing is printed here")


@dataclass(frozen=True, slots=True)
class Context:
    """The transaction, the agent who acts, the time, the rules of the service, the official territories, and paper."""

    tx: Transaction
    agent: Agent
    at: datetime
    rules: Rules
    territories: Territories
    paper: Paper = no_paper

    @property
    def who(self) -> Official:
        """The agent as the domain names who acts."""
        return official(self.agent)


async def load(do: Context, request_id: UUID) -> tuple[Context, Case]:
    """Lock a case that the agent may see (`NotFound` otherwise); the time becomes one after everything known of it."""
    case = await cases.load_for_agent(do.tx, request_id, do.agent.perimeter)
    if case is None:
        raise NotFound
    return replace(do, at=await journal.in_time(do.tx, case.source, case.request_id, do.at)), case


def changes_case(
    change: Callable[[Context, Case, C], Awaitable[Fact | None]],
) -> Callable[[Context, UUID, C], Awaitable[None]]:
    """Make a use case of a change of one case: load and lock it, change it, save it, record its fact."""

    @wraps(change)
    async def run(do: Context, request_id: UUID, command: C) -> None:
        do, case = await load(do, request_id)
        fact = await change(do, case, command)
        await recording.record(do.tx, case, *([fact] if fact else []))

    return run
