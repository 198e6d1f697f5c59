"""Run the lives without faults and restarts, so that no fault hides an error of ordinary work."""

import asyncio
import time
from dataclasses import dataclass
from datetime import timedelta

from shared import clock
from tests.faults import stand
from tests.faults.mayhem import SERVED_WITHIN, Mayhem

LIVES = ("examined_together", "session_of_many", "supported", "withdrawn", "transferred")
"""Long acts, and ordinary ones beside them."""


@dataclass(slots=True)
class Quiet(Mayhem):
    """Strikes at nothing, and looks whether everything that was published `whole_within` seconds ago took effect.

    That holds for all streams, those too that nothing touches any more. While something is later than `SERVED_WITHIN`,
    nobody begins another life: a system that never catches up is busy, not quiet.
    """

    async def go_on(self, seconds: float, *, most: int | None = None) -> None:
        """Look again and again until the time is up, or something gets stuck; there are no faults to count."""
        del most
        until = time.monotonic() + seconds
        while time.monotonic() < until and not self.stuck:
            await asyncio.sleep(1)
            if await self._late(SERVED_WITHIN):
                self.calm.clear()
                late = await self._late(self.whole_within)
                self.stuck += [f"{one}, {self.whole_within:g} s after it was published" for one in late[:5]]
            else:
                self.calm.set()
        self.calm.set()

    async def _late(self, seconds: float) -> list[stand.Behind]:
        return await stand.behind(self.product, told_before=clock.now() - timedelta(seconds=seconds))
