"""A quiet system: nothing strikes and nothing restarts, so that no fault mends what ordinary work breaks."""

import asyncio
import time
from dataclasses import dataclass
from datetime import timedelta

from shared import clock
from tests.faults import stand
from tests.faults.mayhem import Mayhem

LIVES = ("examined_together", "session_of_many", "supported", "withdrawn", "transferred")
"""Long acts, and ordinary ones beside them."""


@dataclass(slots=True)
class Quiet(Mayhem):
    """Strikes at nothing, and looks whether everything that was published `whole_within` seconds ago took effect.

    That holds for all streams, those too that nothing touches any more.
    """

    async def go_on(self, seconds: float, *, most: int | None = None) -> None:
        """Look again and again until the time is up, or something gets stuck; there are no faults to count."""
        del most
        until = time.monotonic() + seconds
        while time.monotonic() < until and not self.stuck:
            await asyncio.sleep(1)
            published_before = clock.now() - timedelta(seconds=self.whole_within)
            late = await stand.behind(self.product, told_before=published_before)
            self.stuck += [f"{one}, {self.whole_within:g} s after it was published" for one in late[:5]]
