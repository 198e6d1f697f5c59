"""Digests and batches beside each other lock the same rows in one order: no deadlock, no mail twice, nothing held."""

import asyncio
import random
from datetime import timedelta
from uuid import uuid4

from services.notifications.domain.preferences import Cadence
from services.notifications.handlers import handlers
from services.notifications.rendering import examples
from services.notifications.usecases.digests import gather_digests
from services.notifications.usecases.parts import Parts
from services.notifications.usecases.preferences import Choice, Choose, choose
from shared import clock
from shared.clock import new_id
from shared.contracts import intake, qualification
from shared.contracts.fact import Fact
from shared.db import Database
from shared.identity import store as identity
from shared.identity.model import Role
from shared.messaging.batcher import MessageBatcher
from shared.messaging.inbox.held import RetryPolicy
from shared.messaging.inbox.inbox import Inbox
from tests.deadlocks import deadlocks
from tests.notifications.conftest import MailServer, World, a_mail_sender, acting
from tests.polling import eventually

AGENTS = 8
REQUESTS = 30
CODES = [*(f"{n:02}" for n in range(1, 96) if n != 20), "2A", "971", "972", "973", "974", "976"]


async def test_colleagues_digests_of_one_morning_leave_once_each_without_a_deadlock(
    world: World, database: Database, parts: Parts, mail_server: MailServer
) -> None:
    for n in range(AGENTS):
        async with database.transaction() as tx:
            agent = await identity.add_agent(
                tx,
                email=f"agent{n}@cousu.test",
                name=f"Agent {n}",
                roles=[Role.SAT_AGENT],
                departements=["95"],
                at=clock.now(),
            )
            wish = Choice(audience="departement", cadence=Cadence.DAILY, destination="personal")
            await choose(acting(tx, agent), Choose(items=[wish]))
    for _ in range(REQUESTS):
        about = {"request_id": new_id()}
        filed, posted = examples.example_of(intake.RequestSubmitted), examples.example_of(intake.MessagePosted)
        await world.consume(filed.model_copy(update=about), posted.model_copy(update=about))
    async with database.transaction() as tx:
        await tx.execute("DELETE FROM delivery WHERE cadence = 'instant'")
        assert await gather_digests(tx, at=clock.now() + timedelta(days=2), parts=parts) == AGENTS
        await tx.execute("UPDATE delivery SET next_attempt_at = now() WHERE template = 'digest'")
    before = await deadlocks(database)

    async def all_sent() -> bool:
        left: int = await database.fetchval("SELECT count(*) FROM delivery WHERE status <> 'sent'")
        return left == 0

    async with a_mail_sender(database, parts, mail_server.port, senders=4).lifespan():
        await eventually(all_sent, within=60)
    assert await deadlocks(database) == before
    assert len(mail_server.accepted) == AGENTS
    told = await database.fetchval("SELECT count(*) FROM journal WHERE type = 'notifications.delivery_succeeded.v1'")
    assert told == AGENTS * REQUESTS * 2


async def test_a_hundred_departements_catch_up_without_a_deadlock(
    database: Database, parts: Parts, world: World
) -> None:
    chance = random.Random(3)  # noqa: S311 - the same requests each time
    filed, registered = (
        examples.example_of(intake.RequestSubmitted),
        examples.example_of(qualification.RequestRegistered),
    )
    facts: list[Fact] = []
    for n in range(600):
        about = {"request_id": new_id(), "departement": chance.choice(CODES)}
        at = filed.at + timedelta(seconds=n)
        facts.append(filed.model_copy(update={**about, "at": at}))
        facts.append(registered.model_copy(update={**about, "at": at + timedelta(milliseconds=500)}))
    before = await deadlocks(database)
    arrivals = MessageBatcher(Inbox(database, handlers(parts), RetryPolicy(), service="notifications"))
    taking = asyncio.create_task(arrivals.run())
    window = asyncio.Semaphore(200)

    async def arrive(fact: Fact) -> None:
        async with window:
            await arrivals.submit(world.message(fact, uuid4()))

    began = asyncio.get_running_loop().time()
    await asyncio.gather(*(arrive(fact) for fact in facts))
    print(f"{len(facts) / (asyncio.get_running_loop().time() - began):.0f} events per second")  # noqa: T201 - shown with -s
    taking.cancel()
    await asyncio.gather(taking, return_exceptions=True)
    assert await deadlocks(database) == before
    assert await world.held() == []
    assert await database.fetchval("SELECT count(*) FROM presented_service") == 600
    latest = await database.fetchval("SELECT count(DISTINCT departement) FROM presented_service")
    assert latest == len({fact.departement for fact in facts})
