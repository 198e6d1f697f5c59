"""The embedded cluster: what was confirmed survives any one of its nodes, which joins again by itself."""

import contextlib
import os
import signal
from collections.abc import Callable
from pathlib import Path

import aio_pika
from aiormq.abc import FieldTable

from deploy.local.rabbitmq_cluster import LocalCluster, NodePorts
from shared.messaging.addresses import connect
from tests.polling import eventually

QUORUM: FieldTable = {"x-queue-type": "quorum"}


async def test_what_was_confirmed_survives_the_death_of_the_queues_leader(
    servers_folder: Path, free_ports: Callable[[int], list[int]]
) -> None:
    epmd, *ports = free_ports(13)
    cluster = LocalCluster(
        servers_folder / "cluster", [NodePorts(*ports[n : n + 4]) for n in (0, 4, 8)], epmd_port=epmd
    )
    await cluster.start()
    try:
        async with await connect(cluster.url("supervisor"), "test", within=6) as connection:
            channel = await connection.channel(publisher_confirms=True)
            await channel.declare_queue("kept", durable=True, arguments=QUORUM)
            message = aio_pika.Message(b"kept", delivery_mode=aio_pika.DeliveryMode.PERSISTENT)
            await channel.default_exchange.publish(message, "kept")

            async def has_three_members() -> bool:
                return len((await cluster.nodes[0].manage("GET", "/api/queues/%2F/kept")).get("members", ())) == 3

            await eventually(has_three_members)
            leader = (await cluster.nodes[0].manage("GET", "/api/queues/%2F/kept"))["leader"]
        [killed] = [node for node in cluster.nodes if node.node == leader]
        assert killed.pid is not None
        os.kill(killed.pid, signal.SIGKILL)
        kept: list[bytes] = []

        async def is_read() -> bool:
            """Read it; while the queue has no new leader yet, the broker refuses."""
            with contextlib.suppress(aio_pika.exceptions.AMQPError):
                async with await connect(cluster.url("supervisor"), "test", within=6) as connection:
                    channel = await connection.channel()
                    message = await (await channel.get_queue("kept")).get(timeout=10)
                    kept.append(message.body)
                    await message.ack()
            return bool(kept)

        await eventually(is_read)
        assert kept == [b"kept"]
        await killed.start()

        async def is_whole() -> bool:
            return all(node["running"] for node in await killed.manage("GET", "/api/nodes"))

        await eventually(is_whole)
    finally:
        await cluster.stop()
