"""Inject faults one after the other; log each with the moments of the fault and of the recovery."""

import asyncio
import random
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import aio_pika
import aiormq
import asyncpg
import httpx2

from shared import clock
from tests.faults import stand
from tests.faults.product import Product
from tests.faults.strikes.kind import Broken, Kind, Missed, Scene
from tests.faults.strikes.table import KINDS

BACK_WITHIN = 90.0
"""Seconds after which a part that is not back counts as stuck."""
WHOLE_WITHIN = 30.0
"""Seconds after the last part is back, after which what is not whole counts as stuck."""
AT_ONCE = 1.0
"""Seconds: what was told so long ago should have taken effect everywhere."""
CALM = 1.5
SERVED_WITHIN = 10.0
"""Seconds after which an event that has not taken effect means that people act faster than one machine serves them."""
LATE = 6.0
"""Seconds for which all must stay whole: more where a fault shows only later."""
AWAY = (
    OSError,
    TimeoutError,
    RuntimeError,
    httpx2.HTTPError,
    aio_pika.exceptions.AMQPError,
    aiormq.exceptions.AMQPError,
    asyncpg.PostgresError,
    asyncpg.InterfaceError,
    asyncpg.InternalClientError,
)
"""What a strike meets that needs a part which another strike took away."""


@dataclass(slots=True)
class Fault:
    """One fault, as it was and as it ended."""

    at: float
    """Seconds since the clients began."""
    kind: str
    target: str
    note: str = ""
    missed: bool = False
    """It hit nothing: it is told, and not counted."""
    alone: bool = True
    """Whether everything was whole when it struck, and nothing else struck until all was whole again."""
    unanswered: int = 0
    """Requests of clients that failed while it struck."""
    back: float | None = None
    """Seconds until every service said again that it is ready."""
    whole: float | None = None
    """Seconds until everything that was told more than a second before had taken effect everywhere, and stayed so."""


@dataclass(slots=True)
class Mayhem:
    """Strikes, with a seed that decides what and when."""

    product: Product
    chance: random.Random
    kinds: tuple[str, ...]
    table: Mapping[str, Kind] = field(default_factory=lambda: KINDS)
    whole_within: float = WHOLE_WITHIN
    at_once: float = AT_ONCE
    """Seconds: what was told so long ago should have taken effect everywhere."""
    relaxed: bool = False
    """Whether all is whole as soon as what had been told when the parts were back took effect."""
    answers: Counter[str] = field(default_factory=Counter)
    """How all requests of the clients ended so far."""
    log: list[Fault] = field(default_factory=list)
    noticed: list[str] = field(default_factory=list)
    """What clients saw of faults that nobody may notice."""
    stuck: list[str] = field(default_factory=list)
    began: float = field(default_factory=time.monotonic)
    calm: asyncio.Event = field(default_factory=asyncio.Event)
    """Set while people may begin another life."""

    def __post_init__(self) -> None:
        """Let people begin."""
        self.calm.set()

    @property
    def faults(self) -> list[Fault]:
        """What struck: those that hit nothing are not among them."""
        return [fault for fault in self.log if not fault.missed]

    async def go_on(self, seconds: float, *, most: int | None = None) -> None:
        """Strike until the time is up, or something gets stuck; one time in four two or three parts at once."""
        until = time.monotonic() + seconds
        deck: list[str] = []
        while time.monotonic() < until and not self.stuck and (most is None or len(self.faults) < most):
            await asyncio.sleep(self.chance.uniform(0.2, 2.5))
            together = 1 if self.chance.random() < 0.75 else self.chance.choice((2, 3))
            struck = []
            for _ in range(together):
                if not deck:
                    deck = list(self.kinds)
                    self.chance.shuffle(deck)
                kind = deck.pop()
                fault = await self.strike(kind, self.chance.choice(self.table[kind].targets), self.chance)
                if not fault.missed:
                    struck.append(fault)
                if together > 1:
                    await asyncio.sleep(self.chance.uniform(0.0, 1.5))
            for fault in struck:
                fault.alone = len(struck) == 1
                if fault.alone and fault.unanswered and self.table[fault.kind].unnoticed:
                    self.noticed.append(f"{fault.unanswered} requests failed during {fault.kind} at {fault.at:.1f} s")
            if struck:
                await self.until_whole(struck)

    async def strike(self, kind: str, target: str, chance: random.Random) -> Fault:
        """Strike once, and write it down."""
        fault = Fault(time.monotonic() - self.began, kind, target)
        self.log.append(fault)
        before = self._unanswered()
        try:
            fault.note = await self.table[kind].strike(Scene(self.product, chance), target)
        except Missed as missed:
            fault.missed, fault.note = True, str(missed)
        except Broken as broken:
            fault.note = str(broken)
            self.stuck.append(f"{kind} at {fault.at:.1f} s: {broken}")
        except AWAY as error:
            fault.missed, fault.note = True, f"what it needs was away: {type(error).__name__}"
        fault.unanswered = self._unanswered() - before
        return fault

    def _unanswered(self) -> int:
        """Count the requests of clients that had no answer, or one that says that it is the server's fault."""
        return sum(count for how, count in self.answers.items() if not how.isdecimal() or how.startswith("5"))

    async def until_whole(self, struck: Sequence[Fault]) -> None:
        """Measure how long it takes until the parts are back, and until what is told takes effect at once again.

        Stuck is what had been told when the last part was back, and has not taken effect half a minute later. While the
        parts are back and something is later than `SERVED_WITHIN`, nobody begins another life.
        """
        try:
            await self._until_whole(struck)
        finally:
            self.calm.set()

    async def _until_whole(self, struck: Sequence[Fault]) -> None:
        began = time.monotonic()
        calm_for = LATE if any(self.table[fault.kind].later for fault in struck) else CALM
        calm_since: float | None = None
        back: float | None = None
        back_at = clock.now()
        while (passed := time.monotonic() - began) < (BACK_WITHIN if back is None else back + self.whole_within):
            ready = await self.product.ready()
            if ready and back is None:
                back, back_at = passed, clock.now()
                for fault in struck:
                    fault.back = passed
            if not ready or await self._left(
                back_at if self.relaxed else clock.now() - timedelta(seconds=self.at_once)
            ):
                calm_since = None
                if back is not None and passed > back + SERVED_WITHIN:
                    self.calm.clear()
            elif calm_since is None:
                calm_since = passed
            elif self.relaxed or passed - calm_since > calm_for:
                for fault in struck:
                    fault.whole = calm_since
                return
            await asyncio.sleep(0.25)
        left = "a part is not back" if back is None else await self._left(back_at)
        if left:
            kinds = " + ".join(f"{fault.kind} of {fault.target}" for fault in struck)
            self.stuck.append(f"not whole {passed:.0f} s after {kinds} at {struck[-1].at:.1f} s: {left}")

    async def _left(self, told_before: datetime) -> str:
        """Say what was told by then and has not taken effect everywhere."""
        return "; ".join(map(str, (await stand.behind(self.product, told_before=told_before))[:5]))
