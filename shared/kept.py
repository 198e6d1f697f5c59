"""What takes long to count is kept for a while: the longer counting took, the longer."""

import asyncio
import math
import time
from collections.abc import Awaitable, Callable, Hashable
from dataclasses import dataclass, field
from typing import Any, TypeVar

TIMES = 20.0
"""As many times as long as counting took its result is kept: at most a twentieth of anybody's time goes into it."""

QUICK = 0.05
"""Seconds: what was counted faster is not kept, and is of this very moment for everybody."""

LEAST = 1.0
"""Seconds for which what is said to be worth keeping is kept, however quickly it was counted."""

MOST = 1000
"""Results kept at once; more of them, and the oldest go."""

T = TypeVar("T")


@dataclass(slots=True)
class _Shelf:
    """One result: who counts it holds the lock."""

    lock: asyncio.Lock = field(default_factory=asyncio.Lock)
    began: float = -math.inf
    """When the counting began that gave the value."""
    until: float = -math.inf
    value: Any = None


class Kept:
    """Figures of one database. With few rows they are of this moment; with millions, minutes old.

    Nobody counts beside another what is the same: whoever asks meanwhile waits for the one who counts.
    """

    def __init__(self, *, times: float = TIMES, clock: Callable[[], float] = time.monotonic) -> None:
        """Keep for so many times as long as counting took."""
        self._times = times
        self._clock = clock
        self._shelves: dict[Hashable, _Shelf] = {}

    async def get(
        self, key: Hashable, count: Callable[[], Awaitable[T]], *, worth: Callable[[T], bool] | None = None
    ) -> T:
        """Give what was counted under this key, or count now. Do not change what you are given: others have it too.

        A result is worth keeping when it took long; where `worth` is given, that alone says so, and for `LEAST`.
        """
        shelf = self._shelves.setdefault(key, _Shelf())
        for oldest in list(self._shelves)[: len(self._shelves) - MOST]:
            del self._shelves[oldest]
        asked = self._clock()
        async with shelf.lock:
            began = self._clock()
            if shelf.began < asked and shelf.until <= began:
                shelf.value = await count()
                ended = self._clock()
                took = ended - began
                shelf.began = began
                keep = took > QUICK if worth is None else worth(shelf.value)
                longest = max(self._times * took, 0.0 if worth is None else LEAST)
                shelf.until = ended + longest if keep else -math.inf
        found: T = shelf.value
        return found
