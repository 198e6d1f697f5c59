"""Cache with a time to live in proportion to the cost of the value (ADR 19)."""

import asyncio
import math
import time
from collections.abc import Awaitable, Callable, Hashable
from dataclasses import dataclass, field
from typing import Any, TypeVar

TIMES = 20.0
"""Time to live of a result, as a multiple of the time that counting took: counting takes at most a twentieth of it."""

QUICK = 0.05
"""Seconds: a result that was counted faster is not cached."""

LEAST = 1.0
"""Seconds for which a result that `worth` accepts is cached at least."""

MOST = 1000
"""Cached results at once; above it the oldest are dropped."""

T = TypeVar("T")


@dataclass(slots=True)
class _Entry:
    """One result; its lock is held while it is counted."""

    lock: asyncio.Lock = field(default_factory=asyncio.Lock)
    began: float = -math.inf
    """When the count of this value began."""
    until: float = -math.inf
    value: Any = None


class Cache:
    """Cache of the figures of one database: current with few rows, minutes old with millions.

    Concurrent calls for the same key wait for one count.
    """

    def __init__(self, *, times: float = TIMES, clock: Callable[[], float] = time.monotonic) -> None:
        """Cache results for `times` the time that counting took; `clock` gives seconds."""
        self._times = times
        self._clock = clock
        self._entries: dict[Hashable, _Entry] = {}

    async def get(
        self, key: Hashable, count: Callable[[], Awaitable[T]], *, worth: Callable[[T], bool] | None = None
    ) -> T:
        """Return the cached result of this key, or count it now. The result is shared: do not change it.

        It is cached when counting took longer than `QUICK`; with `worth`, when that accepts it, for at least `LEAST`.
        """
        entry = self._entries.setdefault(key, _Entry())
        for oldest in list(self._entries)[: len(self._entries) - MOST]:
            del self._entries[oldest]
        asked = self._clock()
        async with entry.lock:
            began = self._clock()
            if entry.began < asked and entry.until <= began:
                entry.value = await count()
                ended = self._clock()
                took = ended - began
                entry.began = began
                cached = took > QUICK if worth is None else worth(entry.value)
                longest = max(self._times * took, 0.0 if worth is None else LEAST)
                entry.until = ended + longest if cached else -math.inf
        found: T = entry.value
        return found
