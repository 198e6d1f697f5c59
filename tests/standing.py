"""Objects that take long to build and are the same for all tests of a folder: built once for the session.

An application takes most of a second: the tests of a room share one, over a `StandingDatabase` that each test opens on
a fresh database of its own.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from shared.cache import Cache
from shared.db import Database


class StandingDatabase(Database):
    """One object for the whole session, which leads to the database of the test that runs."""

    def __init__(self) -> None:
        """Lead nowhere yet."""

    @asynccontextmanager
    async def opened(self, url: str, *, max_size: int) -> AsyncIterator[Database]:
        """Lead to this database, as fresh as if it was opened for the first time, until the block ends."""
        fresh = await Database.connect(url, name="test", max_size=max_size)
        vars(self).update(
            vars(fresh), cache=Cache(times=0)
        )  # a test reads what it has just written, on a busy machine too
        yield self
        await fresh.close()
