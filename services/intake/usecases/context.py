"""The context of the applicant's use cases, and the decorator of those that change a request: load, lock, save."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import wraps
from typing import TypeVar

from services.intake.domain.colleagues import Holder
from services.intake.domain.request import TrackedRequest
from services.intake.store import requests
from services.intake.usecases.recording import SOURCE, record
from shared.allowance import Allowance
from shared.commands import Command
from shared.contracts.fact import Fact
from shared.db import Transaction
from shared.limits import UNLIMITED, Quota
from shared.messaging import journal

C = TypeVar("C", bound=Command)


def unlimited(_: str) -> Quota:
    """Limit nothing."""
    return UNLIMITED


@dataclass(frozen=True, slots=True)
class Context:
    """The transaction, whoever holds a link of the request, the time, and how much may be written."""

    tx: Transaction
    holder: Holder
    at: datetime
    allowance: Allowance = field(default_factory=Allowance)
    invitations: Callable[[str], Quota] = unlimited
    """Gives what limits the invitations to a mail address."""


async def load(do: Context) -> tuple[Context, TrackedRequest]:
    """Lock the request that a link opens; the time becomes one after everything that is known of the request.

    Refuses with `NotFound` when the link opens none, or none any more.
    """
    tracked = await requests.load_held(do.tx, do.holder)
    return replace(do, at=await journal.in_time(do.tx, SOURCE, tracked.id, do.at)), tracked


def changes_request(
    change: Callable[[Context, TrackedRequest, C], Awaitable[Fact]],
) -> Callable[[Context, C], Awaitable[None]]:
    """Make a use case of a change of one request: load and lock it, change it, record the fact, store what it says."""

    @wraps(change)
    async def run(do: Context, command: C) -> None:
        do, tracked = await load(do)
        await record(do.tx, tracked, await change(do, tracked, command))

    return run
