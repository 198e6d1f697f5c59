"""Run one epoch, or many in turn, and store the result of each."""

import contextlib
import random
import secrets
import subprocess
import time
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from pathlib import Path

import asyncpg

from tests.faults.kills import tally
from tests.faults.kills.dealer import Dealer
from tests.faults.kills.epoch import Epoch, Plan
from tests.faults.kills.rig import Rig
from tests.faults.kills.servers import Servers, started
from tests.faults.kills.tally import Line
from tests.faults.product import ROOT, SERVICES

EVERYWHERE, AROUND_MAILS = "*", "*mail_sender*,*usecases.send*"
LONG = (
    (EVERYWHERE, SERVICES, False),
    (EVERYWHERE, SERVICES, False),
    (AROUND_MAILS, ("notifications",), False),
    (EVERYWHERE, SERVICES, True),
)
"""The epochs of a long run, in turn: at which points, of whom, and whether services may ask for what they miss."""


@dataclass(frozen=True, slots=True)
class Aims:
    """When a long run is over."""

    hours: float
    kills: int
    mail_kills: int
    """Of them, those around the sending of mails."""

    def reached(self, done: list[Line]) -> bool:
        """Tell whether there were enough kills."""
        return sum(line.kills for line in done) >= self.kills and (
            sum(line.kills_around_mails() for line in done) >= self.mail_kills
        )


async def on(rig: Rig, plan: Plan, points: str = EVERYWHERE, dealer: Dealer | None = None) -> Line:
    """Do one epoch on a rig with fresh databases; a dealer may go on from earlier epochs."""
    dealer = dealer or Dealer(random.Random(plan.seed), points=points)  # noqa: S311 - a seed that can be given again
    epoch = Epoch(rig, plan, dealer)
    rig.listener = epoch.hear
    return tally.line_of(await epoch.go(), dealer, commit=_commit(), points=points)


async def one(plan: Plan, points: str = EVERYWHERE, running: Servers | None = None) -> Line:
    """Do one epoch on a rig of its own, on servers that run already or on private ones."""
    async with contextlib.AsyncExitStack() as held:
        those = await held.enter_async_context(started()) if running is None else running
        return await on(await held.enter_async_context(_rig(those)), plan, points)


async def long(file: Path, aims: Aims, *, each: int, clients: int, say: Callable[[str], None]) -> None:
    """Do one epoch after the other until the aims are reached or the time is up; goes on from what the file holds."""
    until = time.monotonic() + aims.hours * 3600
    done = tally.read(file)
    dealers = {points: Dealer(random.Random(len(done)), points=points) for points, _, _ in LONG}  # noqa: S311 - same
    for line in done:
        dealers[line.points].remember(line.counted())
    async with started() as those, _rig(those) as rig:
        while time.monotonic() < until and not aims.reached(done):
            points, services, healing = LONG[len(done) % len(LONG)]
            plan = Plan(secrets.randbelow(10**9), each, 1800, clients, services, healing=healing)
            try:
                line = await on(rig, plan, points, dealers[points])
            except (
                RuntimeError,
                OSError,
                asyncpg.PostgresError,
            ) as error:  # the machine's or the rig's
                line = tally.abandoned(plan, error, commit=_commit(), points=points)
            tally.append(file, line)
            done.append(line)
            say(line.text())
            await rig.fresh()


@contextlib.asynccontextmanager
async def _rig(those: Servers) -> AsyncIterator[Rig]:
    rig = Rig(those)
    try:
        await rig.start()
        yield rig
    finally:
        await rig.stop()


def _commit() -> str:
    """Name the commit that is under fire."""
    asked = subprocess.run(["git", "describe", "--always", "--dirty"], cwd=ROOT, capture_output=True, check=False)  # noqa: S607 - whichever git
    return asked.stdout.decode().strip() or "unknown"
