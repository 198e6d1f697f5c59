"""Faults of messages: lost, doubled, reordered, cut, altered, or forged."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from shared.messaging.connection import connect
from tests.faults import tampering
from tests.faults.strikes.kind import Missed, Scene


async def purge(scene: Scene, target: str) -> str:
    """Empty a queue in which messages wait, its consumer being away."""
    async with _kept_away(scene, target), await connect(scene.product.endpoints["amqp"], "faults", within=10) as broker:
        channel = await broker.channel()
        queue = await channel.get_queue(target)
        purged = await queue.purge()
    if not purged.message_count:
        raise Missed(f"{target}: nothing waited")
    return f"{target}: {purged.message_count} gone"


async def delete(scene: Scene, target: str) -> str:
    """Delete a queue under its consumer."""
    status = await scene.product.manage("DELETE", f"/queues/%2F/{target}")
    if status != 204:
        raise Missed(f"{target}: {status}")
    return target


async def duplicate(scene: Scene, target: str) -> str:
    """Publish each message that waits three times."""
    return await _tamper(scene, target, tampering.duplicated)


async def reorder(scene: Scene, target: str) -> str:
    """Shuffle the messages that wait."""
    return await _tamper(scene, target, tampering.reordered(scene.chance))


async def truncate(scene: Scene, target: str) -> str:
    """Cut messages that wait."""
    return await _tamper(scene, target, tampering.truncated(scene.chance))


async def flip(scene: Scene, target: str) -> str:
    """Turn bits over in messages that wait."""
    return await _tamper(scene, target, tampering.flipped(scene.chance))


async def rogue(scene: Scene, target: str) -> str:
    """Publish rubbish, and old events of a service again."""
    rows = await scene.product.fetch(target, "SELECT routing_key, body FROM journal ORDER BY random() LIMIT 10")
    messages = tampering.rubbish(scene.chance, [(row["routing_key"], row["body"]) for row in rows])
    return f"{await tampering.publish(scene.product.endpoints['amqp'], messages)} messages"


async def _tamper(scene: Scene, target: str, alter: tampering.Alter) -> str:
    """Catch messages on their way: while the consumer is away they wait in its queue."""
    async with _kept_away(scene, target):
        endpoints = scene.product.endpoints
        network = await tampering.as_the_network(endpoints["amqp"], endpoints["management"])
        done = await tampering.on_the_way(network, target, alter)
    if not done.caught:
        raise Missed(f"{target}: nothing waited")
    return f"{target}: {done.caught} caught, {done.published} put back"


@asynccontextmanager
async def _kept_away(scene: Scene, service: str) -> AsyncIterator[None]:
    link = scene.product.to_broker[service]
    link.open = False
    try:
        link.cut()
        await asyncio.sleep(scene.chance.uniform(0.3, 1.5))
        yield
    finally:
        link.flow()
