"""Our contestant of the hop: intake, which has committed messages, and qualification, which applies them."""

import asyncio
import sys

import uvloop

from shared import log
from shared.clock import now
from shared.contracts.intake import MessagePosted
from shared.db import Database, Transaction
from shared.messaging import journal, metrics
from shared.messaging.handlers import EventHandlers
from shared.messaging.messenger import Messenger
from shared.messaging.topology import Subscription
from shared.service import tune_garbage_collection
from tests.bench.hop.job import EFFECT, Order, event_id_of, paced_async, ready_and_go, say, text_of

DEPARTEMENTS = ("95", "78", "91", "77")
"""Those of the instances."""
AT_ONCE = 8
"""Transactions of the business that record events beside each other, where they come at a rate."""


async def send(order: Order) -> None:
    """Commit all events, then let the relay begin; at a rate, commit them while it runs."""
    database = await Database.connect(order.source, name="intake")
    messenger = Messenger(
        database, order.source_amqp, name="intake", subscription=Subscription("intake", ()), handlers=EventHandlers({})
    )
    if not order.rate:
        await _record_all(database, order)
    await messenger.relay.publisher.connect()  # as everybody has before it says that it is ready
    ready_and_go()
    async with messenger.lifespan():
        if order.rate:
            limit = asyncio.Semaphore(AT_ONCE)
            async with asyncio.TaskGroup() as group:
                async for number in paced_async(order):
                    await limit.acquire()
                    group.create_task(_record_one(database, order, number)).add_done_callback(lambda _: limit.release())
        while _confirmed() < order.events:
            await asyncio.sleep(0.005)
        say("done")
        await asyncio.to_thread(sys.stdin.readline)
    await database.close()


def _confirmed() -> float:
    """Count what the broker has confirmed, as the others do; what is in the outbox still is taken out of it after."""
    (published,) = metrics.PUBLISHED.collect()
    return published.samples[0].value


async def hear(order: Order) -> None:
    """Be qualification, whose handler leaves the two rows."""
    database = await Database.connect(order.target, name="qualification")
    departement = DEPARTEMENTS[order.instance]
    messenger = Messenger(
        database,
        order.target_amqp,
        name="qualification",
        subscription=Subscription(f"qualification.{departement}", (f"intake.*.{departement}",)),
        handlers=EventHandlers({MessagePosted: _leave_two_rows}),
    )
    async with messenger.lifespan():
        while not messenger.consumer.started:
            await asyncio.sleep(0.02)
        say("ready")
        await asyncio.to_thread(sys.stdin.readline)
    await database.close()


async def _leave_two_rows(tx: Transaction, fact: MessagePosted) -> None:
    await tx.execute(EFFECT, fact.message_id, fact.request_id, fact.text)


def _event(order: Order, number: int) -> MessagePosted:
    return MessagePosted(
        request_id=order.request_of(number),
        departement=DEPARTEMENTS[order.instance_of(number)],
        at=now(),
        message_id=event_id_of(number),
        text=text_of(number),
    )


async def _record_one(database: Database, order: Order, number: int) -> None:
    async with database.transaction() as tx:
        await journal.record(tx, _event(order, number))


async def _record_all(database: Database, order: Order) -> None:
    """Commit all, a hundred in a transaction: how they came into the outbox is not what is measured."""
    for first in range(0, order.events, 100):
        async with database.transaction() as tx:
            for number in range(first, min(first + 100, order.events)):
                await journal.record(tx, _event(order, number))


if __name__ == "__main__":
    log.configure(service="bench")
    tune_garbage_collection()
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run((send if sys.argv[1] == "send" else hear)(Order.from_environment()))
