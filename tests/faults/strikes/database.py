"""PostgreSQL: connections are ended, the disk is full, and two relays lead at once."""

import asyncio
from collections.abc import Sequence
from unittest import mock

from shared.db import Database, Row
from shared.messaging import relay
from shared.messaging.names import LEADER_LOCK
from shared.messaging.relay import Published, Relay
from tests.faults.product import Product
from tests.faults.strikes.kind import Missed, Scene

OTHER_LOCK = 7_226_999
MOMENT = 1.0
"""Seconds to wait for something to be under way."""


async def end_connections(scene: Scene, target: str) -> str:
    """Terminate all backends of a service."""
    rows = await scene.product.fetch(
        target, "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = $1", f"{target}_app"
    )
    if not rows:
        raise Missed(f"{target} was not connected")
    return f"{target}: {len(rows)} connections"


async def unseat_relay(scene: Scene, target: str) -> str:
    """End the backend of the relay that leads, in a moment when it has something to do: another may lead at once."""
    outbox = await _something_to_tell(scene.product, target)
    rows = await scene.product.fetch(
        target,
        """
        SELECT pg_terminate_backend(pid) FROM pg_locks
        WHERE locktype = 'advisory' AND objid = $1 AND granted
          AND database = (SELECT oid FROM pg_database WHERE datname = current_database())
        """,
        LEADER_LOCK,
    )
    if not rows:
        raise Missed(f"nobody led {target}")
    return f"{target}, with {outbox} events to tell"


async def second_relay(scene: Scene, target: str) -> str:
    """Let a second process relay for a while what the first one relays: its lock is another one."""
    told = scene.product.environment_of(target)
    name = target.upper()
    database = await Database.connect(told[f"{name}_DATABASE_URL"], name="second relay", max_size=2)
    second = _Counting(database, told[f"{name}_AMQP_URL"], name=target, poll=0.02)
    with mock.patch.object(relay, "LEADER_LOCK", OTHER_LOCK):
        task = asyncio.create_task(second.run())
        try:
            await asyncio.sleep(scene.chance.uniform(1.5, 4))
        finally:
            await second.stop()
            await asyncio.wait([task], timeout=20)
            task.cancel()
            await second.close()
            await database.close()
    if not second.told:
        raise Missed(f"{target} told nothing meanwhile")
    return f"{target}: {second.told} events told by the second relay"


async def fill_disk(scene: Scene, _target: str) -> str:
    """Let PostgreSQL have no byte left on its disk."""
    disk = scene.product.disk
    assert disk is not None, "this kind is chosen only where the disk is ours"
    log = scene.product.places.log("postgres")
    before = log.stat().st_size
    seconds = scene.chance.uniform(2, 6)
    try:
        taken = await asyncio.to_thread(disk.fill)
        await asyncio.sleep(seconds)
    finally:
        disk.free()
    with log.open("rb") as lines:
        lines.seek(before)
        refused = lines.read().count(b"No space left on device")
    if not refused:
        raise Missed("PostgreSQL needed no more room")
    return f"{taken >> 20} MB taken for {seconds:.1f} s, refused {refused} times"


class _Counting(Relay):
    """A relay that knows how much it told."""

    told = 0

    async def _publish(self, rows: Sequence[Row]) -> Published:
        done = await super()._publish(rows)
        self.told += len(done.confirmed)
        return done


async def _something_to_tell(product: Product, service: str) -> int:
    """Wait a moment until the outbox holds something; give how much."""
    waits = 0
    until = asyncio.get_running_loop().time() + MOMENT
    while not waits and asyncio.get_running_loop().time() < until:
        waits = (await product.fetch(service, "SELECT count(*) AS n FROM outbox"))[0]["n"]
        await asyncio.sleep(0.01)
    return waits
