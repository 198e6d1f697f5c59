"""Rounds go on whatever a single one does, and end with the application."""

import asyncio

from shared.rounds import running


async def test_a_round_that_fails_does_not_end_the_others() -> None:
    done: list[int] = []
    third = asyncio.Event()

    async def job() -> None:
        done.append(len(done))
        if len(done) == 1:
            raise RuntimeError
        if len(done) == 2:
            raise OSError
        third.set()

    async with running(job, every=0.0, name="test"), asyncio.timeout(5):
        await third.wait()
    assert done[:3] == [0, 1, 2]


async def test_nothing_goes_on_after_the_end() -> None:
    begun = asyncio.Event()
    done: list[int] = []

    async def job() -> None:
        done.append(1)
        begun.set()

    async with running(job, every=0.0, name="test"):
        await begun.wait()
    count = len(done)
    for _ in range(10):
        await asyncio.sleep(0)
    assert len(done) == count
