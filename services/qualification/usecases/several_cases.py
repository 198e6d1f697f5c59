"""Use cases on several cases at once: apply the action where allowed, and report the others with the reason."""

from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass, field
from uuid import UUID

from pydantic import Field as Bounds

from services.qualification.usecases import examining
from services.qualification.usecases.context import Context
from shared.commands import Command, Nothing
from shared.contracts.fact import Email
from shared.db import Transaction
from shared.errors import Conflict, Forbidden, NotFound, Refusal


class SeveralCases(Command):
    """Several cases, by their requests."""

    request_ids: list[UUID] = Bounds(min_length=1, max_length=200)


class AssignCases(SeveralCases):
    """Several cases, and who takes them."""

    email: Email


@dataclass(slots=True)
class Together:
    """Which cases changed, and why the others did not."""

    done: list[UUID] = field(default_factory=list)
    refused: list[tuple[UUID, Refusal]] = field(default_factory=list)


async def assign_cases(do: Context, command: AssignCases) -> Together:
    """Give several cases to an agent; what cannot be given is named with its reason, and the rest is given.

    Refuses (`Invalid`) an address that is nobody's in the département of a case.
    """
    given = examining.Assign(email=command.email)
    return await _each(do.tx, command.request_ids, lambda one: examining.assign(do, one, given))


async def start_examinations(do: Context, command: SeveralCases) -> Together:
    """Begin several examinations; what cannot begin is named with its reason, and the rest begins."""
    return await _each(do.tx, command.request_ids, lambda one: examining.start_examination(do, one, Nothing()))


async def _each(tx: Transaction, request_ids: Iterable[UUID], act: Callable[[UUID], Awaitable[None]]) -> Together:
    """Act on each case, always in the same order, so that two agents who choose the same cases never wait in a ring."""
    together = Together()
    for request_id in sorted(set(request_ids)):
        try:
            async with tx.savepoint():
                await act(request_id)
        except (Conflict, Forbidden, NotFound) as refusal:
            together.refused.append((request_id, refusal))
        else:
            together.done.append(request_id)
    return together
