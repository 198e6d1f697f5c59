"""The chain through our services: intake publishes, two consume and publish at once, notifications consumes."""

import asyncio
import sys
from collections.abc import Callable
from uuid import UUID

import uvloop

from shared import log
from shared.clock import now
from shared.contracts import escalation, intake, qualification
from shared.contracts.fact import Actor, Fact
from shared.contracts.vocabulary import Role
from shared.db import Database, Transaction
from shared.messaging import journal
from shared.messaging.handlers import EventHandlers, Handler
from shared.messaging.messenger import Messenger
from shared.messaging.topology import Subscription
from shared.service import tune_garbage_collection
from tests.bench.hop.job import EFFECT, Order, event_id_of, paced_async, ready_and_go, say, text_of

AGENT = Actor(role=Role.SAT_AGENT, name="Agent du SAT", email="sat95@cousu.test")


def _by_intake(request_id: UUID, message_id: UUID, text: str) -> intake.MessagePosted:
    return intake.MessagePosted(request_id=request_id, departement="95", at=now(), message_id=message_id, text=text)


def _by_qualification(fact: intake.MessagePosted) -> qualification.MessagePosted:
    return qualification.MessagePosted(
        request_id=fact.request_id,
        departement="95",
        at=now(),
        message_id=fact.message_id,
        text=fact.text,
        by=AGENT,
    )


def _by_escalation(fact: qualification.MessagePosted) -> escalation.InformationRequested:
    return escalation.InformationRequested(
        request_id=fact.request_id, departement="95", at=now(), question=fact.text, by=AGENT
    )


def _keeps_and_tells(tell: Callable[..., Fact]) -> Handler:
    async def keep_and_tell(tx: Transaction, fact: intake.MessagePosted | qualification.MessagePosted) -> None:
        await tx.execute(EFFECT, fact.message_id, fact.request_id, fact.text)
        await journal.record(tx, tell(fact))

    return keep_and_tell


async def _keep(tx: Transaction, fact: escalation.InformationRequested) -> None:
    number = int(fact.question.split(maxsplit=2)[1])
    await tx.execute(EFFECT, event_id_of(number), fact.request_id, fact.question)


HEARS: dict[str, tuple[Subscription, EventHandlers]] = {
    "intake": (Subscription("intake", ()), EventHandlers({})),
    "qualification": (
        Subscription("qualification.95", ("intake.*.95",)),
        EventHandlers({intake.MessagePosted: _keeps_and_tells(_by_qualification)}),
    ),
    "escalation": (
        Subscription("escalation", ("qualification.#",)),
        EventHandlers({qualification.MessagePosted: _keeps_and_tells(_by_escalation)}),
    ),
    "notifications": (
        Subscription("notifications", ("escalation.#",)),
        EventHandlers({escalation.InformationRequested: _keep}),
    ),
}


async def play(name: str, order: Order) -> None:
    """Be one service; intake commits what is to be told."""
    database = await Database.connect(order.source, name=name)
    subscription, handlers = HEARS[name]
    messenger = Messenger(database, order.source_amqp, name=name, subscription=subscription, handlers=handlers)
    async with messenger.lifespan():
        while not messenger.consumer.started:
            await asyncio.sleep(0.02)
        if name == "intake":
            await asyncio.to_thread(ready_and_go)
            async with asyncio.TaskGroup() as group:
                async for number in paced_async(order):
                    group.create_task(_tell(database, order, number))
            say("done")
        else:
            say("ready")
        await asyncio.to_thread(sys.stdin.readline)
    await database.close()


async def _tell(database: Database, order: Order, number: int) -> None:
    async with database.transaction() as tx:
        await journal.record(tx, _by_intake(order.request_of(number), event_id_of(number), text_of(number)))


if __name__ == "__main__":
    log.configure(service="bench")
    tune_garbage_collection()
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(play(sys.argv[1], Order.from_environment()))
