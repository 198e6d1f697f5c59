"""The embedded PostgreSQL and RabbitMQ come up, keep what they were given, and come back after a kill."""

import asyncio
import os
import signal
from collections.abc import Awaitable, Callable
from pathlib import Path

import aio_pika
import asyncpg
import pytest

from deploy.local.child import DidNotStart
from deploy.local.postgres import LocalPostgres
from deploy.local.rabbitmq import LocalRabbit
from deploy.local.rabbitmq_cluster import LocalCluster, NodePorts
from tests.polling import eventually


async def test_each_test_gets_a_database_of_its_own(database_url: Callable[[str], Awaitable[str]]) -> None:
    first, second = await database_url("shared"), await database_url("shared")
    assert first != second
    connection = await asyncpg.connect(first)
    assert await connection.fetchval("SELECT current_user") == "shared_app"
    await connection.close()


async def test_postgres_keeps_what_was_committed_when_it_is_killed(
    servers_folder: Path, free_ports: Callable[[int], list[int]]
) -> None:
    server = LocalPostgres(servers_folder / "killed-postgres", free_ports(1)[0])
    await server.start()
    connection = await asyncpg.connect(server.url("postgres"))
    await connection.execute("CREATE TABLE kept AS SELECT 42 AS answer")
    assert server.pid is not None
    os.kill(server.pid, signal.SIGKILL)
    connection.terminate()
    await server.start()
    connection = await asyncpg.connect(server.url("postgres"))
    assert await connection.fetchval("SELECT answer FROM kept") == 42
    await connection.close()
    await server.stop()
    assert not server.alive


async def test_postgres_refuses_a_wrong_password(postgres_server: LocalPostgres) -> None:
    with pytest.raises(asyncpg.InvalidPasswordError):
        await asyncpg.connect(
            host="127.0.0.1", port=postgres_server.port, user="postgres", password="wrong", database="postgres"
        )


async def test_postgres_names_the_port_that_is_taken(postgres_server: LocalPostgres, servers_folder: Path) -> None:
    second = LocalPostgres(servers_folder / "second-postgres", postgres_server.port)
    with pytest.raises(DidNotStart, match=f"Port {postgres_server.port} .*COUSU_PORT_BASE"):
        await second.start()


async def test_rabbitmq_keeps_confirmed_messages_when_it_is_killed(
    servers_folder: Path, free_ports: Callable[[int], list[int]]
) -> None:
    amqp, management, prometheus, distribution, epmd = free_ports(5)
    server = LocalRabbit(
        servers_folder / "killed-rabbitmq", amqp, management, prometheus, distribution_port=distribution, epmd_port=epmd
    )
    await server.start()
    async with await aio_pika.connect(server.url("supervisor")) as connection:
        channel = await connection.channel()
        queue = await channel.declare_queue("intake", durable=True)
        exchange = await channel.get_exchange("cousumain")
        await queue.bind(exchange, "intake.#")
        message = aio_pika.Message(b"kept", delivery_mode=aio_pika.DeliveryMode.PERSISTENT)
        await exchange.publish(message, "intake.kept.95")
    assert server.pid is not None
    os.kill(server.pid, signal.SIGKILL)
    await server.start()
    async with await aio_pika.connect(server.url("supervisor")) as connection:
        channel = await connection.channel()
        kept = await (await channel.get_queue("intake")).get(timeout=5)
        assert kept is not None
        assert kept.body == b"kept"
        await kept.ack()
    await server.stop()
    assert not server.alive


async def test_a_node_that_dies_while_it_joins_its_cluster_is_started_again(
    servers_folder: Path, free_ports: Callable[[int], list[int]]
) -> None:
    cluster = LocalCluster(servers_folder / "joins", [NodePorts(*free_ports(4))], epmd_port=free_ports(1)[0])
    [node] = cluster.nodes
    starting = asyncio.create_task(cluster.start())

    async def boots() -> bool:
        return node.alive

    await eventually(boots)
    died = node.pid
    assert died is not None
    os.kill(died, signal.SIGKILL)
    await starting
    assert node.alive
    assert node.pid != died
    await cluster.stop()
