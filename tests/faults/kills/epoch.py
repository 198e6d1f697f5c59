"""Run one epoch: empty databases, clients, services killed at named points, quiet, and the verdict."""

import asyncio
import contextlib
import os
import random
import signal
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from statistics import median

from tests.faults import oracle, stand
from tests.faults.clients import Client, Ledger
from tests.faults.harness import AGENTS, email_of
from tests.faults.kills.dealer import Dealer
from tests.faults.kills.rig import Rig, Told
from tests.faults.lives import WAYS, chosen
from tests.faults.person import Person
from tests.faults.product import SERVICES
from tests.faults.verdict import Verdict

QUIET_BEFORE = 1.5
"""Seconds in which services meet the points that they meet by themselves, before anybody asks them anything."""

WHOLE_WITHIN = 30.0
"""Seconds after the last kill in which everything told should have taken effect; longer is told as slow."""

PATIENCE = 240.0

UP_WITHIN = 300.0
"""Seconds in which the first children must be up; some on a calm machine."""


@dataclass(frozen=True, slots=True)
class Plan:
    """What one epoch does."""

    seed: int
    kills: int
    seconds: float
    clients: int = 12
    services: tuple[str, ...] = SERVICES
    healing: bool = False
    """Whether services ask for what they miss: a kill loses nothing, so that they need not."""
    stuck_after: float = 120.0
    """Seconds after the last kill, and after the last client, after which what still waits is stuck."""
    patience: float = PATIENCE
    """Seconds that people wait, once nobody dies any more, for what must become possible."""
    lives: tuple[str, ...] = tuple(WAYS)
    answers_lost: float = 0.02
    """The part of the accepted mails about which the mail server does not answer."""


@dataclass(slots=True)
class Outcome:
    """How it went."""

    plan: Plan
    verdict: Verdict
    ledger: Ledger
    kills: Counter[tuple[str, str]]
    not_reached: int
    late: int
    """Services that were killed from outside because no point of their hand was reached for long."""
    whole_after: float
    quiet_after: float
    seconds: float
    mails_unanswered: int
    starts: list[float] = field(default_factory=list)

    @property
    def start_median(self) -> float:
        """Give the seconds from fork to consuming, as the median."""
        return median(self.starts) if self.starts else 0.0


class Epoch:
    """Keeps the services dying and coming back while people go on."""

    def __init__(self, rig: Rig, plan: Plan, dealer: Dealer) -> None:
        self._rig = rig
        self._plan = plan
        self._dealer = dealer
        self._pids: dict[str, int] = {}
        self._armed: dict[str, bool] = {}
        self._kills: Counter[tuple[str, str]] = Counter()
        self._reached: dict[int, tuple[str, str]] = {}
        self._starts: list[float] = []
        self._late = 0
        self._quiet = True
        self._killing = False
        self._up: set[str] = set()
        self._changed = asyncio.Event()
        self._gone = False
        self._died: list[str] = []

    def hear(self, told: Told) -> None:
        """Take what the warm parent and its children say."""
        match told:
            case {"met": point, "service": service}:
                self._dealer.learn(service, point, quiet=self._quiet)
            case {"passed": point, "service": service}:
                self._dealer.passed(service, point)
            case {"killed": point, "service": service, "pid": pid}:
                self._reached[pid] = service, point
            case {"up": service, "after": after}:
                self._starts.append(after)
                self._up.add(service)
            case {"started": service, "pid": pid}:
                self._pids[service] = pid
                if self._armed[service] and not self._killing:  # it was asked for just before the end
                    self._kill(service)
            case {"ended": service, "pid": pid, "status": status}:
                self._ended(service, pid, status)
            case {"gone": True}:
                self._gone = True
        self._changed.set()

    def _ended(self, service: str, pid: int, status: int) -> None:
        self._up.discard(service)
        reached = self._reached.pop(pid, None)
        if reached is not None:
            self._kills[reached] += 1
            self._dealer.reached(*reached)
        elif not (os.WIFSIGNALED(status) and os.WTERMSIG(status) == signal.SIGKILL):
            self._died.append(f"{service} ended by itself with status {status}")
        if self._pids.get(service) == pid:
            del self._pids[service]
            self._fork(service)

    def _fork(self, service: str) -> None:
        dies = self._killing and service in self._plan.services
        hand = self._dealer.hand(service, time.monotonic()) if dies else {}
        self._armed[service] = dies
        self._rig.fork(service, hand, healing=self._plan.healing)

    async def go(self) -> Outcome:
        """Live the epoch through and judge it."""
        plan, rig = self._plan, self._rig
        ledger = Ledger()
        client = Client(ledger, rig.endpoints, patience=plan.seconds + plan.patience)
        for service in SERVICES:
            self._fork(service)
        for agent, service in AGENTS.items():
            client.tokens[agent] = service, await rig.token(service, email_of(agent))
        await self._until(lambda: len(self._up) == len(SERVICES), within=UP_WITHIN, what="all services are up")
        await asyncio.sleep(QUIET_BEFORE)
        self._quiet = False
        not_reached_before = self._dealer.not_reached.total()
        over = asyncio.Event()
        began = time.monotonic()
        people = [asyncio.create_task(self._lives(client, n, over)) for n in range(plan.clients)]
        rig.mailbox.chance = random.Random(plan.seed)  # noqa: S311 - a seed that can be given again
        rig.mailbox.losing = plan.answers_lost
        try:
            await asyncio.sleep(0.5)
            await self._kill_for_long(began)
            rig.mailbox.losing = 0.0
            seconds = time.monotonic() - began
            whole_after, behind = await self._whole()
            over.set()
            _, still = await asyncio.wait(people, timeout=plan.patience)
            quiet_after, left = await stand.settle(rig, within=plan.stuck_after)
            verdict = await oracle.judge(rig, client)
        finally:
            for task in people:
                task.cancel()
            await asyncio.gather(*people, return_exceptions=True)
            await client.close()
            await self._end_all()
        verdict.wrong += [f"stuck: {one}" for one in left]
        verdict.wrong += [f"stuck: a life did not end in {plan.patience:.0f} s" for _ in still]
        verdict.wrong += [f"died: {one}" for one in self._died]
        verdict.wrong += [f"stuck: {plan.stuck_after:.0f} s after the last kill {one}" for one in behind]
        return Outcome(
            plan,
            verdict,
            ledger,
            self._kills,
            self._dealer.not_reached.total() - not_reached_before,
            self._late,
            whole_after,
            quiet_after,
            seconds,
            rig.mailbox.unanswered.total(),
            self._starts,
        )

    async def _kill_for_long(self, began: float) -> None:
        self._killing = True
        for service in self._plan.services:
            self._kill(service)
        while self._kills.total() < self._plan.kills and time.monotonic() - began < self._plan.seconds:
            if self._gone:
                raise RuntimeError("the warm parent is gone")
            await self._pause(0.5)
            for service in self._plan.services:
                if self._dealer.overdue(service, time.monotonic()) and service in self._pids:
                    self._late += 1
                    self._kill(service)
        self._killing = False
        self._dealer.put_back()
        for service in self._plan.services:
            self._kill(service)

    def _kill(self, service: str) -> None:
        """Kill a service from outside; its next child has another hand."""
        pid = self._pids.get(service)
        if pid is not None:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)

    async def _whole(self) -> tuple[float, list[str]]:
        """Wait until all that was told before now has taken effect everywhere; give the seconds, or what is behind."""
        until = datetime.now(UTC)
        began = time.monotonic()
        behind: list[str] = []
        while time.monotonic() - began < self._plan.stuck_after:
            behind = [f"{service} is not up" for service in SERVICES if service not in self._up]
            behind = behind or [str(one) for one in await stand.behind(self._rig, told_before=until)]
            if not behind:
                return time.monotonic() - began, []
            await asyncio.sleep(0.2)
        return float("inf"), behind

    async def _lives(self, client: Client, n: int, over: asyncio.Event) -> None:
        name = f"{self._plan.seed}.{n}"
        person = Person(client, self._rig.mailbox, random.Random(name), name, chosen(self._plan.lives))  # noqa: S311 - a seed that can be given again
        while not over.is_set():
            await person.one()

    async def _end_all(self) -> None:
        ending, self._pids = dict(self._pids), {}
        for pid in ending.values():
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)

    async def _pause(self, seconds: float) -> None:
        self._changed.clear()
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._changed.wait()

    async def _until(self, holds: Callable[[], bool], *, within: float, what: str) -> None:
        until = time.monotonic() + within
        while not holds():
            if time.monotonic() > until or self._gone:
                raise RuntimeError(f"not in {within:.0f} s: {what}")
            await self._pause(0.5)
