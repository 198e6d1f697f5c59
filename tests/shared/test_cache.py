"""The cache stores figures that take long to count, and counts none of them twice at the same time."""

import asyncio

import pytest

from shared import cache
from shared.cache import Cache


class Figures:
    """What is counted, a clock that counting moves, and how often it was done."""

    def __init__(self, takes: float) -> None:
        self.takes = takes
        self.now = 100.0
        self.counts = 0

    async def count(self) -> int:
        self.counts += 1
        self.now += self.takes
        await asyncio.sleep(0)
        return self.counts


async def test_what_took_a_second_is_cached_for_twenty() -> None:
    figures = Figures(takes=1.0)
    figures_cache = Cache(clock=lambda: figures.now)
    assert await figures_cache.get("all", figures.count) == 1
    figures.now += 19.9
    assert await figures_cache.get("all", figures.count) == 1
    figures.now += 0.2
    assert await figures_cache.get("all", figures.count) == 2


async def test_what_takes_hardly_any_time_is_counted_each_time() -> None:
    figures = Figures(takes=0.04)
    figures_cache = Cache(clock=lambda: figures.now)
    assert [await figures_cache.get("all", figures.count) for _ in range(3)] == [1, 2, 3]


async def test_what_is_worth_caching_is_cached_for_a_second_or_as_its_counting_took_and_nothing_else() -> None:
    figures = Figures(takes=0.02)
    figures_cache = Cache(clock=lambda: figures.now)
    assert [await figures_cache.get("many", figures.count, worth=lambda count: count > 1) for _ in range(3)] == [
        1,
        2,
        2,
    ]
    figures.now += 0.9
    assert await figures_cache.get("many", figures.count, worth=lambda count: count > 1) == 2
    figures.now += 0.2
    figures.takes = 1.0
    assert await figures_cache.get("many", figures.count, worth=lambda count: count > 1) == 3
    figures.now += 19.9
    assert await figures_cache.get("many", figures.count, worth=lambda count: count > 1) == 3
    assert [await figures_cache.get("few", figures.count, worth=lambda count: count > 9) for _ in range(2)] == [4, 5]


async def test_many_who_ask_at_once_are_given_one_count() -> None:
    figures = Figures(takes=1.0)
    figures_cache = Cache(clock=lambda: figures.now)
    assert await asyncio.gather(*(figures_cache.get("all", figures.count) for _ in range(10))) == [1] * 10


async def test_who_asks_while_something_quick_is_counted_is_given_the_next_count_with_all_who_wait() -> None:
    figures = Figures(takes=0.04)
    figures_cache = Cache(clock=lambda: figures.now)
    assert await asyncio.gather(*(figures_cache.get("all", figures.count) for _ in range(10))) == [1] + [2] * 9


async def test_other_figures_are_counted_for_themselves() -> None:
    figures = Figures(takes=1.0)
    figures_cache = Cache(clock=lambda: figures.now)
    assert await figures_cache.get(("95",), figures.count) == 1
    assert await figures_cache.get(("78",), figures.count) == 2


async def test_a_count_that_fails_is_not_cached() -> None:
    figures = Figures(takes=1.0)
    figures_cache = Cache(clock=lambda: figures.now)

    async def fail() -> int:
        raise RuntimeError("away")

    with pytest.raises(RuntimeError, match="away"):
        await figures_cache.get("all", fail)
    assert await figures_cache.get("all", figures.count) == 1


async def test_no_more_is_cached_than_fits(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cache, "MOST", 2)
    figures = Figures(takes=1.0)
    figures_cache = Cache(clock=lambda: figures.now)
    for name in ("a", "b", "c"):
        await figures_cache.get(name, figures.count)
    assert await figures_cache.get("b", figures.count) == 2
    assert await figures_cache.get("c", figures.count) == 3
    assert await figures_cache.get("a", figures.count) == 4
