"""A relay that cannot lead, or cannot reach its database, waits between two attempts however often it is woken."""

import asyncio

from shared.db import Database
from shared.messaging import relay
from shared.messaging.relay import Relay

WOKEN_FOR = 0.5
POLL = 0.1


async def test_a_relay_that_does_not_lead_does_not_ask_again_at_every_wake(database: Database) -> None:
    async with database.connection() as leader:
        assert await leader.fetchval("SELECT pg_try_advisory_lock($1)", relay.LEADER_LOCK)
        attempts = await _attempts(database)
        await leader.fetchval("SELECT pg_advisory_unlock($1)", relay.LEADER_LOCK)
    assert 1 <= attempts <= WOKEN_FOR / POLL + 2


async def test_a_relay_whose_database_is_away_does_not_ask_again_at_every_wake(database: Database) -> None:
    await database.close()
    attempts = await _attempts(database)
    assert 1 <= attempts <= WOKEN_FOR / POLL + 2


async def _attempts(database: Database) -> int:
    """Wake a relay that cannot lead all the time, and count how often it tries."""
    attempts = 0
    one = Relay(database, "amqp://127.0.0.1:1/", name="intake", poll=POLL)
    borrow = database.connection

    def counted() -> object:
        nonlocal attempts
        attempts += 1
        return borrow()

    database.connection = counted  # type: ignore[method-assign, assignment] # the seam that every attempt goes through
    task = asyncio.create_task(one.run())
    until = asyncio.get_running_loop().time() + WOKEN_FOR
    while asyncio.get_running_loop().time() < until:
        one.wake()
        await asyncio.sleep(0.001)
    await one.stop()
    await task
    database.connection = borrow  # type: ignore[method-assign] # back as it was
    return attempts
