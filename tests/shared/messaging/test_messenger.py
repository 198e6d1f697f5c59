"""From one service's commit to the other's effect, over a real broker."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence

import aio_pika
import pytest
import structlog

from deploy.local.rabbitmq import LocalRabbit
from shared.clock import new_id
from shared.db import Database, Row
from shared.messaging import journal, metrics, names
from shared.messaging.envelope import DIGEST, digest_of
from shared.messaging.handlers import EventHandlers
from shared.messaging.messenger import Messenger
from shared.messaging.outbox_watermark import OutboxWatermark
from shared.messaging.topology import Subscription
from shared.readiness import Degraded
from tests.conftest import FreshDatabase
from tests.faults.network import Link
from tests.polling import eventually
from tests.shared.messaging.conftest import NOTING, a_message, effects
from tests.wire import wire


@pytest.fixture
async def teller(
    fresh_database: Callable[[str], Awaitable[FreshDatabase]], broker_url: Callable[[str], str]
) -> AsyncIterator[Messenger]:
    """Intake, which tells."""
    database = await Database.connect((await fresh_database("shared")).app_url, name="teller")
    messenger = Messenger(
        database,
        broker_url("intake"),
        name="intake",
        subscription=Subscription("intake", ()),
        handlers=EventHandlers({}),
    )
    async with messenger.lifespan():
        yield messenger
    await database.close()


@pytest.fixture
async def listener(database: Database, broker_url: Callable[[str], str]) -> AsyncIterator[Messenger]:
    """Escalation, which hears."""
    messenger = Messenger(
        database,
        broker_url("escalation"),
        name="escalation",
        subscription=Subscription("escalation", ("intake.#",)),
        handlers=NOTING,
    )
    async with messenger.lifespan():
        yield messenger


async def test_what_one_service_commits_takes_effect_in_the_other_in_order(
    teller: Messenger, listener: Messenger
) -> None:
    await eventually(lambda: ready(teller, listener))
    requests = [new_id() for _ in range(10)]
    for number in range(20):
        async with teller.database.transaction() as tx:
            for request_id in requests:
                await journal.record(tx, a_message(request_id, str(number)))
    expected = [str(number) for number in range(20)]

    async def all_there() -> bool:
        return all([await effects(listener.database, request_id) == expected for request_id in requests])

    async def nothing_waits() -> bool:
        return not await teller.database.fetchval("SELECT count(*) FROM outbox")

    await eventually(all_there)
    await eventually(nothing_waits)


async def test_what_is_told_before_anybody_listens_is_kept_as_unrouted(
    teller: Messenger, broker_url: Callable[[str], str]
) -> None:
    async with teller.database.transaction() as tx:
        await journal.record(tx, a_message(new_id()))

    async def emptied() -> bool:
        return bool(await teller.database.fetchval("SELECT count(*) = 0 FROM outbox"))

    await eventually(emptied)
    async with await aio_pika.connect(broker_url("operator")) as connection:
        queue = await (await connection.channel()).get_queue(names.UNROUTED_QUEUE)
        message = await queue.get(timeout=5)
        assert message is not None
        assert message.delivery_mode == aio_pika.DeliveryMode.PERSISTENT
        assert message.content_type == "application/cloudevents+json"
        await message.ack()


async def test_an_event_is_told_only_when_the_broker_is_there_and_nothing_is_lost(
    database: Database, broker_url: Callable[[str], str], free_ports: Callable[[int], list[int]]
) -> None:
    nowhere = f"amqp://x:x@127.0.0.1:{free_ports(1)[0]}/"
    messenger = Messenger(
        database, nowhere, name="intake", subscription=Subscription("intake", ()), handlers=EventHandlers({})
    )
    async with messenger.lifespan():
        async with database.transaction() as tx:
            await journal.record(tx, a_message(new_id()))
        missing = await messenger.missing()
        assert missing == "rabbitmq: not consuming yet"
        assert not isinstance(missing, Degraded)
        await asyncio.sleep(0)
    assert await database.fetchval("SELECT count(*) FROM outbox") == 1
    back = Messenger(
        database,
        broker_url("intake"),
        name="intake",
        subscription=Subscription("intake", ()),
        handlers=EventHandlers({}),
    )

    async def emptied() -> bool:
        return bool(await database.fetchval("SELECT count(*) = 0 FROM outbox"))

    async with back.lifespan():
        await eventually(emptied)


async def test_a_queue_that_was_deleted_under_its_consumer_comes_back_and_is_consumed(
    teller: Messenger, listener: Messenger, broker_url: Callable[[str], str]
) -> None:
    await eventually(lambda: ready(teller, listener))
    async with await aio_pika.connect(broker_url("supervisor")) as connection:
        channel = await connection.channel()
        await channel.queue_delete("escalation", if_unused=False, if_empty=False)
    request_id = new_id()

    async def heard() -> bool:
        async with teller.database.transaction() as tx:
            await journal.record(tx, a_message(request_id))
        known = "SELECT (SELECT count(*) FROM inbox_waiting) + (SELECT count(*) FROM effect) > 0"
        return bool(await listener.database.fetchval(known))

    await eventually(heard, within=30, every=0.5)


async def test_a_message_with_a_bit_turned_over_is_put_aside_and_sent_again(
    teller: Messenger, listener: Messenger, broker_url: Callable[[str], str]
) -> None:
    await eventually(lambda: ready(teller, listener))
    request_id = new_id()
    damaged, healthy = wire(a_message(request_id, "Bonsoir"), 1), wire(a_message(request_id, "Bonjour"), 1)
    async with await aio_pika.connect(broker_url("intake")) as connection:
        exchange = await (await connection.channel()).get_exchange(names.exchange_of("intake"))
        for body in (damaged, healthy):
            message = aio_pika.Message(body, headers={DIGEST: digest_of(healthy)}, user_id="intake")
            await exchange.publish(message, routing_key="intake.message_posted.95")

    async def heard() -> bool:
        return await effects(listener.database, request_id) == ["Bonjour"]

    await eventually(heard)
    assert await listener.database.fetchval("SELECT body FROM quarantine") == damaged


async def test_what_a_relay_sends_carries_its_hash(teller: Messenger, broker_url: Callable[[str], str]) -> None:
    await eventually(lambda: ready(teller))
    async with await aio_pika.connect(broker_url("supervisor")) as connection:
        channel = await connection.channel()
        mine = await channel.declare_queue(exclusive=True)
        await mine.bind(names.EXCHANGE, "intake.#")
        async with teller.database.transaction() as tx:
            await journal.record(tx, a_message(new_id()))
        async with asyncio.timeout(20), mine.iterator() as messages:
            message = await anext(messages)
    assert message.headers[DIGEST] == digest_of(message.body)


async def test_one_relay_leads_and_another_takes_over(database: Database, broker_url: Callable[[str], str]) -> None:
    def copy() -> Messenger:
        return Messenger(
            database,
            broker_url("intake"),
            name="intake",
            subscription=Subscription("intake", ()),
            handlers=EventHandlers({}),
            relay_poll=0.05,
        )

    async def tell_and_wait() -> None:
        async with database.transaction() as tx:
            await journal.record(tx, a_message(new_id()))

        async def emptied() -> bool:
            return bool(await database.fetchval("SELECT count(*) = 0 FROM outbox"))

        await eventually(emptied)

    first, second = copy(), copy()
    first.start()
    await eventually(lambda: ready(first))
    second.start()
    await tell_and_wait()
    await first.stop()
    await tell_and_wait()
    await second.stop()


async def test_a_change_of_relays_is_not_told_and_the_lack_of_one_is_degraded(
    listener: Messenger, monkeypatch: pytest.MonkeyPatch
) -> None:
    await eventually(lambda: ready(listener))
    monkeypatch.setattr("shared.messaging.messenger.LEADERLESS_FOR", 600.0)
    await listener.relay.stop()

    async def nobody_leads() -> bool:
        return bool(await listener.database.fetchval("SELECT count(*) = 0 FROM pg_locks WHERE locktype = 'advisory'"))

    await eventually(nobody_leads)
    assert await listener.missing() is None
    monkeypatch.setattr("shared.messaging.messenger.LEADERLESS_FOR", 0.0)
    assert await degraded(listener) == "relay: no leader"


async def test_events_that_the_watermark_has_passed_are_published_all_the_same_and_alarm(
    teller: Messenger, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever made it wrong: the leader notices that the outbox ages, and begins at zero."""
    monkeypatch.setattr("shared.messaging.messenger.OUTBOX_STALE", 0.0)
    await eventually(lambda: ready(teller))

    def passes_everything(reach: OutboxWatermark, rows: Sequence[Row], **_: int) -> None:
        if rows:
            reach.position = 1_000_000

    monkeypatch.setattr(OutboxWatermark, "observe", passes_everything)
    before = metrics.PASSED._value.get()  # noqa: SLF001 - what Prometheus reads

    async def published() -> bool:
        return bool(await teller.database.fetchval("SELECT count(*) = 0 FROM outbox"))

    with structlog.testing.capture_logs() as logs:
        for _ in range(2):
            async with teller.database.transaction() as tx:
                await journal.record(tx, a_message(new_id()))
            await eventually(published, within=30)
    assert "relay.watermark_passed_events" in {log["event"] for log in logs if log["log_level"] == "error"}
    assert metrics.PASSED._value.get() == before + 1  # noqa: SLF001 - same


async def test_an_outbox_that_ages_and_a_refused_event_are_degraded(listener: Messenger) -> None:
    """What all copies share takes none of them out of service: their pages need no relay."""
    await eventually(lambda: ready(listener))
    await listener.relay.stop()
    async with listener.database.transaction() as tx:
        await journal.record(tx, a_message(new_id()))
        await tx.execute("UPDATE outbox SET waiting_since = now() - interval '70 seconds'")
    assert (await degraded(listener)).startswith("relay: an event has waited for 7")
    await listener.database.fetch("UPDATE outbox SET unsendable_since = now()")
    assert await degraded(listener) == "relay: 1 events are refused by the broker"


async def test_a_broker_that_goes_away_leaves_the_copy_in_service(
    database: Database, rabbit_server: LocalRabbit, broker_url: Callable[[str], str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """All copies of all services share the broker, and people need none."""
    monkeypatch.setattr("shared.messaging.messenger.WATCHES_EVERY", 0.1)
    monkeypatch.setattr("shared.messaging.consumer.LOOKS_WITHIN", 0.2)
    monkeypatch.setattr("shared.messaging.consumer.AGAIN_AFTER", 0.2)
    way = Link(rabbit_server.amqp_port)
    await way.start()
    messenger = Messenger(
        database,
        broker_url("escalation").replace(f":{rabbit_server.amqp_port}/", f":{way.port}/"),
        name="escalation",
        subscription=Subscription("escalation", ("intake.#",)),
        handlers=NOTING,
    )
    assert await messenger.missing() == "rabbitmq: not consuming yet"

    async def without_the_broker() -> bool:
        return str(await messenger.missing()).startswith("rabbitmq")

    async with messenger.lifespan():
        await eventually(lambda: ready(messenger))
        way.open = False
        way.cut()
        await eventually(without_the_broker)
        assert (await degraded(messenger)).startswith("rabbitmq: not consuming")
        way.open = True
        await eventually(lambda: ready(messenger))
    way.stop()


async def degraded(messenger: Messenger) -> str:
    answer = await messenger.missing()
    assert isinstance(answer, Degraded)
    return answer


async def ready(*messengers: Messenger) -> bool:
    return not any([await messenger.missing() for messenger in messengers])
