"""Inject faults continuously: every part again as soon as it is back, all parts at the same time."""

import asyncio
import contextlib
import random
import time
from dataclasses import dataclass

import httpx2

from deploy.local.child import listening
from tests.faults.mayhem import Mayhem
from tests.faults.product import SERVICES

PAUSES = {"postgres": 3.0, "rabbitmq": 15.0, "supervisor": 60.0}
"""Seconds, on average, that a part is left alone once it is back; the broker's, because without it nothing flows."""
PAUSE = 1.0
"""The same, of a service."""
SAMPLE_EVERY = 100
"""Faults between two moments in which nothing strikes, and recovery is measured."""
THERE_WITHIN = 45.0


@dataclass(slots=True)
class Storm(Mayhem):
    """Strikes at every part at once; what strikes each part, and in which order, follows from the seed."""

    async def go_on(self, seconds: float, *, most: int | None = None) -> None:
        """Strike until the time is up, so many faults have struck, or something gets stuck."""
        until = time.monotonic() + seconds
        targets = sorted({target for kind in self.kinds for target in self.table[kind].targets})
        free = {target: asyncio.Lock() for target in targets}
        seed = self.chance.getrandbits(64)
        lanes = [
            asyncio.create_task(self._strikes_at(target, random.Random(f"{seed}.{target}"), free[target]))  # noqa: S311 - a seed that can be given again
            for target in targets
        ]
        try:
            while not self.stuck:
                enough = len(self.faults) + SAMPLE_EVERY if most is None else min(most, len(self.faults) + SAMPLE_EVERY)
                while len(self.faults) < enough and time.monotonic() < until and not _ended(lanes):
                    await asyncio.sleep(0.2)
                async with contextlib.AsyncExitStack() as nothing_strikes:
                    for lock in free.values():
                        await nothing_strikes.enter_async_context(lock)
                    await self.until_whole(self.faults[-1:])
                    if time.monotonic() >= until or (most is not None and len(self.faults) >= most) or _ended(lanes):
                        return
        finally:
            for lane in lanes:
                lane.cancel()
            for outcome in await asyncio.gather(*lanes, return_exceptions=True):
                if isinstance(outcome, Exception):
                    raise outcome

    async def _strikes_at(self, target: str, chance: random.Random, free: asyncio.Lock) -> None:
        kinds = [kind for kind in self.kinds if target in self.table[kind].targets]
        weights = [self.table[kind].often for kind in kinds]
        while True:
            await asyncio.sleep(chance.expovariate(1 / self.pause(target)))
            kind = chance.choices(kinds, weights)[0]
            async with free:
                fault = await self.strike(kind, target, chance)
                fault.alone = False
                await self._there(target)

    def pause(self, target: str) -> float:
        """Give how long a part is left alone on average."""
        return PAUSES.get(target, PAUSE)

    async def _there(self, target: str) -> None:
        """Wait until the part can be struck again; one that does not come back is found by the next measure."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(THERE_WITHIN):
                while not await self.is_there(target):
                    await asyncio.sleep(0.05)

    async def is_there(self, target: str) -> bool:
        """Tell whether the part is there to be struck."""
        if target in SERVICES:
            try:
                return (await self.product.ask(target, "/health/live")).status_code == 200
            except httpx2.HTTPError:
                return False
        if target == "supervisor":
            return True
        return listening(self.product.places.ports["amqp" if target == "rabbitmq" else target])


def _ended(lanes: list[asyncio.Task[None]]) -> bool:
    return any(lane.done() for lane in lanes)
