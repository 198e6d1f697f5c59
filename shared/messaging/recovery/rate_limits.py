"""What one service may ask of another: sizes, names, and how often. What is refused is asked again by who needs it."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

MOST_ASKERS: Final = 500
"""Askers whose rate is followed at the same time: a queue for each département, and some more."""


@dataclass(frozen=True, slots=True)
class Rate:
    """So many at once, and so many a second from then on."""

    burst: float
    per_second: float


class RateLimiter:
    """Counts by asker what may still be asked (token buckets); an asker who was quiet for long is forgotten."""

    def __init__(self, rate: Rate, clock: Callable[[], float] = time.monotonic) -> None:
        self._rate = rate
        self._clock = clock
        self._left: dict[str, tuple[float, float]] = {}

    def allows(self, asker: str) -> bool:
        """Tell whether this asker may ask once more now, and count it."""
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
