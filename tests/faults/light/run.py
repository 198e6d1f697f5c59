"""Run clients and faults on forked services, wait for quiet, and let the oracle judge."""

import asyncio
import random
import time
from dataclasses import dataclass

from tests.faults import oracle, stand
from tests.faults.clients import Client, Ledger
from tests.faults.harness import AGENTS, email_of
from tests.faults.light.blows import KINDS, Blows
from tests.faults.light.children import Children
from tests.faults.light.stage import Stage
from tests.faults.lives import WAYS, chosen
from tests.faults.person import Person
from tests.faults.product import SERVICES
from tests.faults.verdict import Verdict


@dataclass(frozen=True, slots=True)
class Plan:
    """What to do; the order of the faults follows from the seed."""

    seed: int
    kinds: tuple[str, ...] = tuple(KINDS)
    """Which faults strike; none at all on a quiet system."""
    requests: int = 60
    """Faults strike until so many requests were filed …"""
    faults: int = 0
    """… and so many of them struck …"""
    seconds: float = 60.0
    """… or this is over."""
    lives: tuple[str, ...] = tuple(WAYS)
    services: tuple[str, ...] = SERVICES
    """Which are struck, or their queues."""
    clients: int = 6
    within: float = 60.0
    """Seconds after which what does not go on counts as stuck."""
    dawdles: float = 0.0
    """Seconds that one call in five of the services waits at most, so that what may happen between shows."""
    fails: float = 0.0
    """Share of the events that services fail to handle, drawn anew at each attempt."""
    copies: int = 1
    """Of each service."""
    healing: bool = True
    """Whether services may ask for what they miss."""
    until_wrong: bool = False
    """Whether it ends as soon as anybody complains."""


@dataclass(slots=True)
class Report:
    """How it went."""

    verdict: Verdict
    blows: list[str]
    requests: int
    """Filed, or begun to be."""

    def text(self) -> str:
        """Tell it in lines."""
        verdict = self.verdict
        return "\n".join(
            [
                *self.blows,
                f"{len(self.blows)} faults; requests {verdict.requests}, events {verdict.events}",
                f"applications checked {verdict.applications}, timeline steps {verdict.steps}, mails {verdict.mails}",
                *(f"WRONG {one}" for one in verdict.wrong),
                f"{len(verdict.wrong)} PROMISES BROKEN" if verdict.wrong else "every promise was kept",
            ]
        )


async def run(stage: Stage, plan: Plan) -> Report:
    """Carry the plan out on a stage where nothing runs and nothing is yet; afterwards nothing runs again."""
    children = Children(stage, healing=plan.healing, copies=plan.copies)
    stage.listener = children.hear
    stage.dawdles, stage.fails = plan.dawdles, plan.fails
    blows = Blows(stage, children, random.Random(plan.seed), plan.kinds, plan.services)  # noqa: S311 - a seed that can be given again
    ledger = Ledger()
    client = Client(ledger, stage.endpoints, patience=plan.within, connect=stage.connect)
    people: list[asyncio.Task[None]] = []
    try:
        for agent, service in AGENTS.items():
            client.tokens[agent] = service, await stage.token(service, email_of(agent))
        await children.start()
        over = asyncio.Event()
        people += [asyncio.create_task(_lives(_person(client, stage, plan, n), over)) for n in range(plan.clients)]
        await _strike(plan, blows, ledger)
        over.set()
        while not all(person.done() for person in people):
            if plan.until_wrong and ledger.complaints:
                return Report(Verdict(wrong=list(ledger.complaints)), blows.log, len(ledger.lives))
            await asyncio.wait(people, timeout=1)
        _, left = await stand.settle(stage, within=plan.within)
        verdict = await oracle.judge(stage, client)
        verdict.wrong += [f"stuck: {one}" for one in left]
        verdict.wrong += [f"died: {one}" for one in children.died]
        return Report(verdict, blows.log, len(ledger.lives))
    finally:
        for person in people:
            person.cancel()
        await asyncio.gather(*people, return_exceptions=True)
        await client.close()
        children.end()
        stage.listener = lambda _: None
        stage.dawdles, stage.fails = 0.0, 0.0


async def _lives(person: Person, over: asyncio.Event) -> None:
    while not over.is_set():
        await person.one()


def _person(client: Client, stage: Stage, plan: Plan, n: int) -> Person:
    name = f"{plan.seed}.{n}"
    return Person(client, stage.mailbox, random.Random(name), name, chosen(plan.lives))  # noqa: S311 - a seed that can be given again


async def _strike(plan: Plan, blows: Blows, ledger: Ledger) -> None:
    began = time.monotonic()
    while time.monotonic() - began < plan.seconds and (
        len(ledger.lives) < plan.requests or len(blows.log) < plan.faults
    ):
        if plan.until_wrong and ledger.complaints:
            return
        if plan.kinds:
            await blows.one(at=time.monotonic() - began)
        else:
            await asyncio.sleep(1)
