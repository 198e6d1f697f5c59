"""Rate limits of requests by control messages, by queue (token buckets). Refused requests are repeated."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

MOST_ASKERS: Final = 500
"""Queues whose rate is tracked at once: one for each département, and some more."""


@dataclass(frozen=True, slots=True)
class Rate:
    """A burst, and requests a second from then on."""

    burst: float
    per_second: float


class RateLimiter:
    """Token buckets by queue; a bucket that is full again is deleted."""

    def __init__(self, rate: Rate, clock: Callable[[], float] = time.monotonic) -> None:
        self._rate = rate
        self._clock = clock
        self._left: dict[str, tuple[float, float]] = {}

    def allows(self, asker: str) -> bool:
        """Return whether this queue may make a request now, and count it."""
        now = self._clock()
        if asker not in self._left and len(self._left) >= MOST_ASKERS:
            full_after = self._rate.burst / self._rate.per_second
            self._left = {name: one for name, one in self._left.items() if now - one[1] < full_after}
            if len(self._left) >= MOST_ASKERS:
                return False
        left, at = self._left.get(asker, (self._rate.burst, now))
        left = min(self._rate.burst, left + (now - at) * self._rate.per_second)
        allowed = left >= 1
        self._left[asker] = (left - 1 if allowed else left, now)
        return allowed
