"""Waiting in tests: until something is so, never for a fixed time."""

import asyncio
from collections.abc import Awaitable, Callable


async def eventually(condition: Callable[[], Awaitable[bool]], *, within: float = 20.0, every: float = 0.05) -> None:
    """Return as soon as the condition holds; fail when it does not hold in time."""
    async with asyncio.timeout(within):
        while not await condition():
            await asyncio.sleep(every)
