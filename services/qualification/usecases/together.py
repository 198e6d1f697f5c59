"""Several cases at once: what can be done is done, and what cannot is named with its reason."""

from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from services.qualification.domain.case import Case
from services.qualification.domain.rules import Rules
from services.qualification.usecases import examining
from shared.db import Transaction
from shared.errors import Conflict, Forbidden, NotFound, Refusal
from shared.identity.model import Agent


@dataclass(slots=True)
class Together:
    """What became of each case."""

    done: list[Case] = field(default_factory=list)
    refused: list[tuple[UUID, Refusal]] = field(default_factory=list)


async def assign_cases(tx: Transaction, request_ids: Iterable[UUID], *, email: str, by: Agent) -> Together:
    """Give the cases to an agent of their département; refuses (`Invalid`) an address that is nobody's there."""
    return await _each(tx, request_ids, lambda one: examining.assign(tx, one, email=email, by=by))


async def start_examinations(
    tx: Transaction, request_ids: Iterable[UUID], *, by: Agent, at: datetime, rules: Rules
) -> Together:
    """Begin the examination of the cases, or go on with it."""
    return await _each(tx, request_ids, lambda one: examining.start_examination(tx, one, by=by, at=at, rules=rules))


async def _each(tx: Transaction, request_ids: Iterable[UUID], act: Callable[[UUID], Awaitable[Case]]) -> Together:
    """Act on each case, always in the same order, so that two agents who choose the same cases never wait in a ring."""
    together = Together()
    for request_id in sorted(set(request_ids)):
        try:
            async with tx.savepoint():
                together.done.append(await act(request_id))
        except (Conflict, Forbidden, NotFound) as refusal:
            together.refused.append((request_id, refusal))
    return together
