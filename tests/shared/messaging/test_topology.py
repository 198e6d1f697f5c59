"""What stands in the broker keeps messages, however often they are looked at."""

from collections.abc import Callable

import aio_pika

from shared.messaging import names, topology
from shared.messaging.topology import Subscription


async def test_looking_at_a_parked_message_many_times_does_not_end_it(broker_url: Callable[[str], str]) -> None:
    async with await aio_pika.connect(broker_url("supervisor")) as connection:
        channel = await connection.channel()
        await topology.declare(channel, [Subscription("intake", ())])
        for parked in (names.UNROUTED_QUEUE, "intake.dead"):
            await channel.default_exchange.publish(aio_pika.Message(b"kept"), routing_key=parked)
            queue = await channel.get_queue(parked)
            for _ in range(25):
                message = await queue.get(timeout=5)
                assert message is not None
                await message.nack(requeue=True)
            message = await queue.get(timeout=5)
            assert message is not None
            assert message.body == b"kept"
            await message.ack()


async def test_declaring_again_changes_nothing(broker_url: Callable[[str], str]) -> None:
    async with await aio_pika.connect(broker_url("supervisor")) as connection:
        for _ in range(2):
            await topology.declare(await connection.channel(), [Subscription("intake", ("qualification.#",))])


async def test_an_event_reaches_the_queues_bound_to_it_and_no_other(broker_url: Callable[[str], str]) -> None:
    async with await aio_pika.connect(broker_url("supervisor")) as connection:
        channel = await connection.channel()
        await topology.declare(
            channel, [Subscription("qualification.95", ("intake.*.95",)), Subscription("escalation", ("intake.#",))]
        )
        exchange = await channel.get_exchange(names.EXCHANGE)
        await exchange.publish(aio_pika.Message(b"x"), routing_key="intake.request_submitted.78")
        assert await (await channel.get_queue("qualification.95")).get(fail=False) is None
        message = await (await channel.get_queue("escalation")).get(timeout=5)
        assert message is not None
        await message.ack()
