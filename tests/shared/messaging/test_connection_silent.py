"""A broker that accepts and never answers keeps nobody from leaving, and nothing of the connection stays."""

import asyncio
from collections.abc import Callable

import pytest
from aio_pika.abc import AbstractIncomingMessage

from deploy.local.rabbitmq import LocalRabbit
from shared.messaging import consumer as consuming
from shared.messaging.consumer import Consumer
from shared.messaging.topology import Subscription
from tests.faults.network import Link


async def never(_: AbstractIncomingMessage) -> None:
    """Nothing is published to the queue."""
    raise AssertionError


async def test_nothing_reconnects_after_leaving_a_broker_that_is_silent(
    rabbit_server: LocalRabbit, broker_url: Callable[[str], str], monkeypatch: pytest.MonkeyPatch
) -> None:
    link = Link(rabbit_server.amqp_port)
    await link.start()
    url = broker_url("intake").replace(f":{rabbit_server.amqp_port}/", f":{link.port}/")
    before = asyncio.all_tasks()
    monkeypatch.setattr(consuming, "LEAVES_WITHIN", 0.5)
    trial = Consumer(url, never, name="intake", subscription=Subscription("intake", ()), prefetch=10)
    await trial.start()  # with it the channels, whose goodbye nobody answers
    link.stall()
    await trial.cancel()
    await trial.close()
    link.cut()
    await asyncio.sleep(1.5)  # by now somebody who reconnects has a connection that hangs
    left = asyncio.all_tasks() - before - set(link._tasks)  # noqa: SLF001 - the network is not what is tried
    for task in left:
        task.cancel()  # once, as asyncio does at the end of a loop
    if left:
        _, pending = await asyncio.wait(left, timeout=20)
        assert not pending
    assert not link.used
    link.flow()
    link.stop()
