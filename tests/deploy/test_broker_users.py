"""Each service's broker user can do its work, and nothing that belongs to another."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import aio_pika
import aiormq
import pytest
from aio_pika.abc import AbstractChannel

from deploy.local.broker_users import SERVICES
from shared.messaging import names, topology
from shared.messaging.addresses import connect

OTHERS = [("intake", "qualification"), ("qualification", "escalation"), ("escalation", "notifications")]


@asynccontextmanager
async def channel_of(url: str) -> AsyncIterator[AbstractChannel]:
    """Open one channel that raises when the broker hands a message back."""
    connection = await connect(url, "tests", within=10)
    try:
        yield await connection.channel(on_return_raises=True)
    finally:
        await connection.close()


def a_fact() -> aio_pika.Message:
    return aio_pika.Message(b"{}", delivery_mode=aio_pika.DeliveryMode.PERSISTENT)


@pytest.mark.parametrize("service", SERVICES)
async def test_a_service_declares_its_topology_and_hears_what_it_publishes(
    service: str, broker_url: Callable[[str], str]
) -> None:
    async with channel_of(broker_url(service)) as channel:
        await topology.declare(channel, [topology.Subscription(f"{service}.95", (f"{service}.#",))])
        exchange = await channel.get_exchange(names.EXCHANGE)
        await exchange.publish(a_fact(), f"{service}.something_happened.95")
        queue = await channel.get_queue(f"{service}.95")
        heard = await queue.get(timeout=5)
        assert heard is not None
        await heard.ack()


@pytest.mark.parametrize(("service", "other"), OTHERS)
async def test_a_service_cannot_publish_in_the_name_of_another(
    service: str, other: str, broker_url: Callable[[str], str]
) -> None:
    async with channel_of(broker_url(service)) as channel:
        await topology.declare(channel)
        exchange = await channel.get_exchange(names.EXCHANGE)
        with pytest.raises(aiormq.exceptions.ChannelAccessRefused):
            await exchange.publish(a_fact(), f"{other}.something_happened.95")


async def test_only_intake_speaks_for_forms(broker_url: Callable[[str], str]) -> None:
    async with channel_of(broker_url("intake")) as channel:
        await topology.declare(channel)
        exchange = await channel.get_exchange(names.EXCHANGE)
        await exchange.publish(a_fact(), "forms.request_refused.95")
    async with channel_of(broker_url("notifications")) as channel:
        exchange = await channel.get_exchange(names.EXCHANGE, ensure=False)
        with pytest.raises(aiormq.exceptions.ChannelAccessRefused):
            await exchange.publish(a_fact(), "forms.request_refused.95")


@pytest.mark.parametrize("queue", ["escalation", "escalation.dead", "unrouted"])
async def test_a_service_cannot_read_what_is_not_its_own(queue: str, broker_url: Callable[[str], str]) -> None:
    async with channel_of(broker_url("escalation")) as channel:
        await topology.declare(channel, [topology.Subscription("escalation", ("intake.#",))])
    async with channel_of(broker_url("notifications")) as channel:
        foreign = await channel.get_queue(queue, ensure=False)
        with pytest.raises(aiormq.exceptions.ChannelAccessRefused):
            await foreign.get(fail=False)


async def test_a_service_cannot_write_into_anothers_queue_past_the_exchange(broker_url: Callable[[str], str]) -> None:
    async with channel_of(broker_url("escalation")) as channel:
        await topology.declare(channel, [topology.Subscription("escalation", ("intake.#",))])
    async with channel_of(broker_url("intake")) as channel:
        with pytest.raises(aiormq.exceptions.ChannelAccessRefused):
            await channel.default_exchange.publish(a_fact(), "escalation")


@pytest.mark.parametrize("name", ["escalation2", "intake", "something"])
async def test_a_service_cannot_declare_or_delete_anothers_queue(name: str, broker_url: Callable[[str], str]) -> None:
    async with channel_of(broker_url("escalation")) as channel:
        with pytest.raises(aiormq.exceptions.ChannelAccessRefused):
            await channel.declare_queue(name, durable=True, arguments={"x-queue-type": "quorum"})
    async with channel_of(broker_url("escalation")) as channel:
        with pytest.raises(aiormq.exceptions.ChannelAccessRefused):
            await channel.queue_delete(name, if_unused=False, if_empty=False)


async def test_the_operator_reads_and_replays_but_declares_nothing(broker_url: Callable[[str], str]) -> None:
    async with channel_of(broker_url("intake")) as channel:
        await topology.declare(channel)
        exchange = await channel.get_exchange(names.EXCHANGE)
        await exchange.publish(a_fact(), "intake.nobody_listens.95")
    async with channel_of(broker_url("operator")) as channel:
        stray = await (await channel.get_queue(names.UNROUTED_QUEUE)).get(timeout=5)
        assert stray is not None
        exchange = await channel.get_exchange(names.EXCHANGE)
        await exchange.publish(a_fact(), "intake.nobody_listens.95")
        await stray.ack()
        with pytest.raises(aiormq.exceptions.ChannelAccessRefused):
            await channel.declare_queue("operator", durable=True)
