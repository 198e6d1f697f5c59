"""A service that joins late, or comes back from an old backup, is made whole over the broker, and shows all."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass

import asyncpg
import pytest

from deploy.local.postgres import LocalPostgres
from services.escalation import handlers as escalation
from services.escalation.domain.durations import Durations
from services.notifications import handlers as notifications
from services.notifications.replay import parts
from services.qualification import handlers as qualification
from services.qualification.domain.rules import Rules
from shared.clock import new_id
from shared.contracts import intake
from shared.contracts.fact import Fact
from shared.contracts.vocabulary import CommitteeOutcome
from shared.db import Database
from shared.messaging import journal
from shared.messaging.handlers import EventHandlers
from shared.messaging.messenger import Messenger
from shared.messaging.recovery.gaps import RecoveryPolicy
from shared.messaging.topology import Subscription
from tests.conftest import FreshDatabase
from tests.intake.facts import Life, a_form, at
from tests.polling import eventually
from tests.rebuilt import assert_it_shows_what_was_told

pytestmark = pytest.mark.journey

SOON = RecoveryPolicy(before_asking=0.1, longest=1.0, heads_every=1.0)

LISTENERS: dict[str, Callable[[], tuple[Subscription, EventHandlers]]] = {
    "qualification": lambda: (qualification.subscription(Rules()), qualification.handlers(Rules())),
    "escalation": lambda: (escalation.SUBSCRIPTION, escalation.handlers(Durations())),
    "notifications": lambda: (
        Subscription("notifications", notifications.BINDINGS),
        notifications.handlers(parts()),
    ),
}


def a_life() -> list[Fact]:
    """What three services told of one request, from its filing to its evaluation."""
    life = Life(new_id())
    about = {"request_id": life.request_id, "departement": "95"}
    form = a_form()
    said = intake.MessagePosted(**about, at=at(6), message_id=new_id(), text="Quand viendrez-vous ?")
    return [
        intake.RequestSubmitted(**about, at=at(0), request=form),
        life.registered(1),
        life.examined(2),
        said,
        life.written(7, "Mardi."),
        life.qualified(8),
        life.escalated(10),
        life.received(11),
        life.questioned(12),
        life.answered(13),
        life.admitted(14),
        life.scheduled(15),
        life.decided(16, CommitteeOutcome.GRANTED),
        life.mobilised(17),
        life.accompanied(18),
        life.completed(19),
        life.evaluation_asked(19),
        intake.EvaluationSubmitted(
            **about,
            at=at(20),
            number=form.number,
            applicant=form.applicant,
            need_met=5,
            progress=4,
            satisfaction=5,
        ),
        intake.RequestClosed(**about, at=at(21)),
    ]


@dataclass(frozen=True, slots=True)
class Others:
    """The services that have a history: nothing of them but what they told, and the broker between."""

    databases: dict[str, Database]
    broker_url: Callable[[str], str]

    async def tell(self, facts: list[Fact]) -> None:
        """Have each fact told by its service."""
        for fact in facts:
            publisher = fact.wire_type.split(".", 1)[0]
            if publisher in self.databases:
                async with self.databases[publisher].transaction() as tx:
                    await journal.record(tx, fact)

    async def all_sent(self) -> bool:
        """Tell whether the broker took everything."""
        counts = [await one.fetchval("SELECT count(*) FROM outbox") for one in self.databases.values()]
        return not any(counts)

    async def all_applied(self, listener: Database) -> bool:
        """Tell whether the listener applied every stream to its end."""
        applied = {
            (row["source"], row["subject"]): row["applied"]
            for row in await listener.fetch("SELECT source, subject, applied FROM inbox_stream")
        }
        told = [
            row
            for database in self.databases.values()
            for row in await database.fetch("SELECT source, subject, sequence FROM stream")
        ]
        return all(applied.get((row["source"], row["subject"])) == row["sequence"] for row in told)


@asynccontextmanager
async def others_than(
    listener: str, fresh_database: Callable[[str], Awaitable[FreshDatabase]], broker_url: Callable[[str], str]
) -> AsyncIterator[Others]:
    """Run them for as long as the block lasts."""
    async with AsyncExitStack() as running:
        databases = {}
        for name in ("intake", "qualification", "escalation"):
            if name != listener:
                database = await Database.connect((await fresh_database("shared")).app_url, name=name)
                running.push_async_callback(database.close)
                databases[name] = database
                messenger = Messenger(
                    database,
                    broker_url(name),
                    name=name,
                    subscription=Subscription(name, ("notifications.of_no_interest.00",)),
                    handlers=EventHandlers({}),
                    relay_poll=0.05,
                    recovery_policy=SOON,
                )
                await running.enter_async_context(messenger.lifespan())
        yield Others(databases, broker_url)


@asynccontextmanager
async def listening(listener: str, url: str, broker_url: Callable[[str], str]) -> AsyncIterator[Database]:
    """Run the service's own handlers on this database."""
    subscription, handlers = LISTENERS[listener]()
    database = await Database.connect(url, name=listener)
    messenger = Messenger(
        database,
        broker_url(listener),
        name=listener,
        subscription=subscription,
        handlers=handlers,
        relay_poll=0.05,
        recovery_policy=SOON,
    )
    try:
        async with messenger.lifespan():
            yield database
    finally:
        await database.close()


@pytest.mark.parametrize("listener", LISTENERS)
async def test_a_service_that_joins_late_becomes_whole(
    listener: str, fresh_database: Callable[[str], Awaitable[FreshDatabase]], broker_url: Callable[[str], str]
) -> None:
    async with others_than(listener, fresh_database, broker_url) as others:
        await others.tell(a_life())
        await others.tell(a_life())
        await eventually(others.all_sent)
        url = (await fresh_database(listener)).app_url
        async with listening(listener, url, broker_url) as database:
            await eventually(lambda: others.all_applied(database), within=60)
            await assert_it_shows_what_was_told(
                listener, {**others.databases, listener: database}, fresh_database, rows=11
            )


@pytest.mark.parametrize("listener", ["escalation", "notifications"])
async def test_a_service_restored_from_an_old_backup_becomes_whole(
    listener: str,
    fresh_database: Callable[[str], Awaitable[FreshDatabase]],
    broker_url: Callable[[str], str],
    postgres_server: LocalPostgres,
) -> None:
    """What the broker delivered since the backup is gone from the queue, and comes again from the journals."""
    fresh, backup = await fresh_database(listener), await fresh_database(listener)
    begun = a_life()
    async with others_than(listener, fresh_database, broker_url) as others:
        await others.tell(begun[:9])
        async with listening(listener, fresh.app_url, broker_url) as database:
            await eventually(lambda: others.all_applied(database), within=60)
        await _copy(postgres_server, fresh, onto=backup)
        await others.tell(begun[9:])
        await others.tell(a_life())
        async with listening(listener, fresh.app_url, broker_url) as database:
            await eventually(lambda: others.all_applied(database), within=60)
        async with listening(listener, backup.app_url, broker_url) as restored:
            await eventually(lambda: others.all_applied(restored), within=60)
            await assert_it_shows_what_was_told(
                listener, {**others.databases, listener: restored}, fresh_database, rows=11
            )


async def _copy(server: LocalPostgres, fresh: FreshDatabase, *, onto: FreshDatabase) -> None:
    """Take a backup: a copy of the database, as it is now, with the same rights."""
    owner = fresh.owner_url.split("//")[1].split(":")[0]
    app = fresh.app_url.split("//")[1].split(":")[0]
    admin = await asyncpg.connect(server.url("postgres"))
    try:
        await admin.execute(f'DROP DATABASE "{onto.name}"')
        await admin.execute(f'CREATE DATABASE "{onto.name}" TEMPLATE "{fresh.name}" OWNER "{owner}"')
        await admin.execute(f'GRANT CONNECT ON DATABASE "{onto.name}" TO "{app}"')
    finally:
        await admin.close()
