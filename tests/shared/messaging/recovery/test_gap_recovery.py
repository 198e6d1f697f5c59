"""A service that missed something is made whole from the source's journal, without a flood."""

import json
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import timedelta

import aio_pika
import asyncpg
import pytest

from deploy.local.rabbitmq import LocalRabbit
from shared.clock import new_id, now
from shared.contracts.intake import MessagePosted
from shared.db import Database
from shared.messaging import journal, metrics, names
from shared.messaging.control_messages import is_control
from shared.messaging.handlers import EventHandlers
from shared.messaging.inbox.inbox import Inbox
from shared.messaging.inbox.message import Message
from shared.messaging.messenger import Messenger
from shared.messaging.recovery import gap_recovery as healer_room
from shared.messaging.recovery import gaps, resend, stream_heads
from shared.messaging.recovery.gap_recovery import GapRecovery
from shared.messaging.recovery.gaps import RecoveryPolicy
from shared.messaging.recovery.resend import MOST_EVENTS
from shared.messaging.topology import Subscription
from tests.conftest import FreshDatabase
from tests.polling import eventually
from tests.shared.messaging.conftest import NOTING, a_message, effects, note
from tests.wire import wire
from tests.wrong_clock import set_clock

SOON = RecoveryPolicy(before_asking=0.1, longest=1.0, heads_every=0.2)
NEVER_HEADS = RecoveryPolicy(before_asking=0.1, longest=1.0, heads_every=3600.0)


class Ear:
    """Hears what a recovery says, in place of the relay."""

    def __init__(self) -> None:
        self.said: list[str] = []
        self.keys: list[str] = []

    async def publish_control(self, body: str, routing_key: str, *, event_id: str, wire_type: str) -> bool:  # noqa: ARG002 - as the relay's
        """Remember it."""
        self.said.append(body)
        self.keys.append(routing_key)
        return True


@pytest.fixture
async def source(fresh_database: Callable[[str], Awaitable[FreshDatabase]]) -> AsyncIterator[Database]:
    """The database of intake, which tells."""
    database = await Database.connect((await fresh_database("shared")).app_url, name="source")
    yield database
    await database.close()


def intake(database: Database, url: str, policy: RecoveryPolicy) -> Messenger:
    return Messenger(
        database,
        url,
        name="intake",
        subscription=Subscription("intake", ("escalation.#",)),
        handlers=EventHandlers({}),
        relay_poll=0.05,
        recovery_policy=policy,
    )


def escalation(database: Database, url: str, policy: RecoveryPolicy) -> Messenger:
    return Messenger(
        database,
        url,
        name="escalation",
        subscription=Subscription("escalation", ("intake.#",)),
        handlers=NOTING,
        relay_poll=0.05,
        recovery_policy=policy,
    )


@asynccontextmanager
async def answering(messenger: Messenger) -> AsyncIterator[None]:
    """Run a service, and go on when its queue is there: what others ask once is heard."""

    async def ready() -> bool:
        return await messenger.missing() is None

    async with messenger.lifespan():
        await eventually(ready)
        yield


class Unheard:
    """A relay that reaches nobody."""

    def __init__(self) -> None:
        self.said: list[str] = []

    async def publish_control(self, body: str, *_: object, **__: object) -> bool:
        """Remember what it was to say."""
        self.said.append(body)
        return False


def heard_by(relay: Unheard, source: Database) -> GapRecovery:
    """Make a recovery of intake that says what it says to this relay."""
    return GapRecovery(
        source,
        relay,  # type: ignore[arg-type] # it says nothing, and remembers what
        service="intake",
        queue="intake",
    )


def heads_of(subject: object, sequence: int) -> bytes:
    """Say how far a stream of intake goes."""
    envelope = {
        "specversion": "1.0",
        "id": str(new_id()),
        "source": "/intake",
        "type": "intake.stream_heads.v1",
        "departement": "95",
        "data": {"source": "/intake", "heads": [[str(subject), sequence]]},
    }
    return json.dumps(envelope).encode()


async def tell(database: Database, *texts: str, request_id: object = None) -> object:
    subject = request_id or new_id()
    for text in texts:
        async with database.transaction() as tx:
            await journal.record(tx, a_message(subject, text))  # type: ignore[arg-type] # an id made above
    return subject


async def _applied(database: Database, events: int) -> bool:
    return bool(await database.fetchval("SELECT count(*) = $1 FROM effect", events))


async def lose_everything_told(source: Database) -> None:
    """What the broker confirmed and then lost: nothing in the outbox, nothing in a queue."""
    await source.fetch("DELETE FROM outbox RETURNING position")


async def test_a_lost_event_in_the_middle_is_asked_for_and_sent_again(
    source: Database, database: Database, broker_url: Callable[[str], str]
) -> None:
    request_id = await tell(source, "1", "2")
    await lose_everything_told(source)
    async with AsyncExitStack() as running:
        await running.enter_async_context(answering(intake(source, broker_url("intake"), NEVER_HEADS)))
        await running.enter_async_context(escalation(database, broker_url("escalation"), NEVER_HEADS).lifespan())
        await tell(source, "3", request_id=request_id)

        async def whole() -> bool:
            return await effects(database, request_id) == ["1", "2", "3"]  # type: ignore[arg-type] # an id

        await eventually(whole)

        async def forgotten() -> bool:
            return not await database.fetchval("SELECT count(*) FROM inbox_expected")

        await eventually(forgotten)


async def test_a_lost_last_event_is_found_by_the_heads(
    source: Database, database: Database, broker_url: Callable[[str], str]
) -> None:
    async with AsyncExitStack() as running:
        await running.enter_async_context(answering(escalation(database, broker_url("escalation"), NEVER_HEADS)))
        request_id = await tell(source, "1", "2")
        await lose_everything_told(source)
        await running.enter_async_context(intake(source, broker_url("intake"), SOON).lifespan())

        async def whole() -> bool:
            return await effects(database, request_id) == ["1", "2"]  # type: ignore[arg-type] # an id

        await eventually(whole)


async def test_a_lost_fact_that_stands_alone_is_found_and_sent_again(
    database: Database, broker_url: Callable[[str], str], rabbit_server: LocalRabbit, broker_vhost: str
) -> None:
    """As a transfer: the service hears it from another instance of itself, here from itself."""
    hears_itself = {"exchange": names.EXCHANGE, "write": "^$", "read": ".*"}
    await rabbit_server.manage("PUT", f"/api/topic-permissions/{broker_vhost}/intake", hears_itself)
    request_id = await tell(database, "of no interest", "alone")
    await lose_everything_told(database)
    both = Messenger(
        database,
        broker_url("intake"),
        name="intake",
        subscription=Subscription("intake", ("escalation.#", "intake.message_posted.95")),
        handlers=EventHandlers({MessagePosted: note}, alone=[MessagePosted]),
        relay_poll=0.05,
        recovery_policy=SOON,
    )
    async with both.lifespan():

        async def whole() -> bool:
            return sorted(await effects(database, request_id)) == ["alone", "of no interest"]  # type: ignore[arg-type] # an id

        await eventually(whole)

        async def forgotten() -> bool:
            return not await database.fetchval("SELECT count(*) FROM inbox_expected")

        await eventually(forgotten)
        assert sorted(await effects(database, request_id)) == ["alone", "of no interest"]  # type: ignore[arg-type] # an id


async def test_many_facts_that_stand_alone_are_announced_in_messages_of_bounded_size(database: Database) -> None:
    """A request that goes to another département may bring many parts, all of one stream."""
    ear = Ear()
    recovery = GapRecovery(
        database,
        ear,  # type: ignore[arg-type] # stands for the relay
        service="intake",
        queue="intake",
        alone=[MessagePosted.wire_type],
    )
    await tell(database, *(str(number) for number in range(stream_heads.MOST_HEADS + 100)))
    await recovery.publish_heads(since=healer_room.EVER, ours=True)
    assert set(ear.keys) == {"intake.alone_heads.95"}
    assert [len(json.loads(body)["data"]["heads"]) for body in ear.said] == [stream_heads.MOST_HEADS, 100]


async def test_a_service_that_joins_late_is_made_whole_from_the_journals(
    source: Database, database: Database, broker_url: Callable[[str], str]
) -> None:
    requests = [await tell(source, "1", "2", "3") for _ in range(20)]
    await lose_everything_told(source)
    async with AsyncExitStack() as running:
        await running.enter_async_context(answering(intake(source, broker_url("intake"), NEVER_HEADS)))
        await running.enter_async_context(escalation(database, broker_url("escalation"), NEVER_HEADS).lifespan())

        async def whole() -> bool:
            return all([await effects(database, one) == ["1", "2", "3"] for one in requests])  # type: ignore[arg-type] # ids

        await eventually(whole)


async def test_what_is_sent_again_goes_to_the_queue_that_missed_it_alone(
    source: Database, database: Database, broker_url: Callable[[str], str]
) -> None:
    request_id = await tell(source, "1")
    await lose_everything_told(source)
    async with AsyncExitStack() as running:
        connection = await running.enter_async_context(await aio_pika.connect(broker_url("supervisor")))
        await running.enter_async_context(answering(intake(source, broker_url("intake"), NEVER_HEADS)))
        await running.enter_async_context(escalation(database, broker_url("escalation"), NEVER_HEADS).lifespan())
        channel = await connection.channel()
        other = await channel.declare_queue(exclusive=True)

        async def bound() -> bool:
            try:
                probe = await connection.channel()
                await other.bind(await probe.get_exchange("cousumain"), "intake.message_posted.#")
            except aio_pika.exceptions.ChannelClosed:
                return False
            return True

        await eventually(bound)

        async def whole() -> bool:
            return await effects(database, request_id) == ["1"]  # type: ignore[arg-type] # an id

        await eventually(whole)
        assert await other.get(fail=False) is None


async def test_a_gap_is_asked_for_once_and_then_with_growing_pauses(database: Database) -> None:
    ear = Ear()
    recovery = GapRecovery(
        database,
        ear,  # type: ignore[arg-type] # only `publish_control` is used here
        service="escalation",
        queue="escalation",
        policy=RecoveryPolicy(before_asking=0.0, longest=3600.0),
    )
    request_id = new_id()
    await Inbox(database, NOTING).process([Message(wire(a_message(request_id), 3), "")])
    recovery.policy = RecoveryPolicy(before_asking=0.0)
    assert await recovery.request_missing() == 1
    assert ear.keys == ["escalation.events_missing.95"]
    await database.fetch("UPDATE inbox_expected SET next_ask_at = now() + interval '1 hour'")
    assert await recovery.request_missing() == 0
    await database.fetch("UPDATE inbox_expected SET next_ask_at = now()")
    assert await recovery.request_missing() == 1
    assert await database.fetchval("SELECT asked FROM inbox_expected") == 2


@pytest.mark.parametrize(
    ("came", "asked_for"),
    [((3, 4, 5), (1, 2)), ((3, 5, 6, 9), (1, 8)), ((4,), (1, 3))],
    ids=["one gap", "several gaps", "one event"],
)
async def test_all_gaps_of_a_stream_are_asked_for_together_and_what_waits_behind_the_last_is_not(
    database: Database, came: Sequence[int], asked_for: tuple[int, int]
) -> None:
    ear = Ear()
    recovery = GapRecovery(
        database,
        ear,  # type: ignore[arg-type] # only `publish_control` is used here
        service="escalation",
        queue="escalation",
        policy=RecoveryPolicy(before_asking=0.0),
    )
    request_id = new_id()
    await Inbox(database, NOTING).process([Message(wire(a_message(request_id), number), "") for number in came])
    assert await recovery.request_missing() == 1
    said = json.loads(ear.said[-1])["data"]
    assert (said["first"], said["last"]) == asked_for


async def test_a_source_that_tells_its_heads_again_is_asked_soon_however_often_it_was_asked_in_vain(
    database: Database,
) -> None:
    recovery = GapRecovery(
        database,
        Unheard(),  # type: ignore[arg-type] # stands for a relay whose broker is away
        service="escalation",
        queue="escalation",
        alone=(),
        policy=RecoveryPolicy(before_asking=0.1, longest=3600.0),
    )
    heads = heads_of(new_id(), 3)
    await recovery.handle(heads)
    await database.fetch("UPDATE inbox_expected SET asked = 12, next_ask_at = now() + interval '1 hour'")
    await recovery.handle(heads)
    assert await database.fetchval("SELECT next_ask_at < now() + interval '1 second' FROM inbox_expected")


async def test_heads_are_told_also_by_a_service_whose_clock_is_hours_ahead(
    source: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    set_clock(monkeypatch, timedelta(hours=5))
    await tell(source, "1")
    relay = Unheard()
    recovery = heard_by(relay, source)
    await recovery.publish_recent_heads()
    assert len(relay.said) == 2, "the recent ones, and a page of all there are"


async def test_each_departement_is_told_its_heads_at_once_however_they_lie_among_all(source: Database) -> None:
    async with source.transaction() as tx:
        await tx.execute(
            """
            INSERT INTO stream (source, subject, sequence, hash, departement, changed_at)
            SELECT '/intake', to_char(n, 'FM0000'), 1, '', to_char(n % 100, 'FM00'), now() - interval '1 day'
            FROM generate_series(1, 1000) n
            """
        )
    relay = Unheard()
    recovery = heard_by(relay, source)
    for _ in range(1000 // stream_heads.MOST_HEADS):
        await recovery.publish_recent_heads()
    assert len(relay.said) == 100


async def test_a_gap_that_is_young_is_given_time(database: Database) -> None:
    recovery = GapRecovery(
        database,
        None,  # type: ignore[arg-type] # nothing may be said
        service="escalation",
        queue="escalation",
        policy=RecoveryPolicy(before_asking=60.0),
    )
    await Inbox(database, NOTING).process([Message(wire(a_message(new_id()), 3), "")])
    assert await recovery.request_missing() == 0


async def test_a_held_stream_asks_for_nothing(database: Database) -> None:
    recovery = GapRecovery(
        database,
        None,  # type: ignore[arg-type] # nothing may be said
        service="escalation",
        queue="escalation",
        policy=RecoveryPolicy(before_asking=0.0),
    )
    request_id = new_id()
    await Inbox(database, NOTING).process(
        [Message(wire(a_message(request_id, "fail"), 1), ""), Message(wire(a_message(request_id), 2), "")]
    )
    assert await recovery.request_missing() == 0


async def test_one_request_sends_a_bounded_batch(source: Database, fresh: FreshDatabase) -> None:
    del fresh
    request_id = new_id()
    async with source.transaction() as tx:
        for number in range(MOST_EVENTS + 20):
            await journal.record(tx, a_message(request_id, str(number)))
    await lose_everything_told(source)
    async with source.transaction() as tx:
        count = await resend.resend(
            tx, source="/intake", subject=str(request_id), first=1, last=10_000, queue="escalation"
        )
    assert count == MOST_EVENTS
    assert await source.fetchval("SELECT max(j.sequence) FROM outbox JOIN journal j USING (position)") == MOST_EVENTS


async def test_two_who_miss_the_same_get_it_once_each_however_often_they_ask(source: Database) -> None:
    request_id = await tell(source, "1", "2")
    await lose_everything_told(source)
    for queue in ("escalation", "notifications", "escalation"):
        async with source.transaction() as tx:
            await resend.resend(tx, source="/intake", subject=str(request_id), first=1, last=2, queue=queue)
    rows = await source.fetch("SELECT queue, count(*) AS events FROM outbox GROUP BY queue ORDER BY queue")
    assert [tuple(row) for row in rows] == [("escalation", 2), ("notifications", 2)]


async def test_what_has_not_been_told_yet_is_not_sent_again(source: Database) -> None:
    """Heads tell of it while much waits in the outbox, and listeners ask: it is on its way to them."""
    request_id = new_id()
    async with source.transaction() as tx:
        await journal.record(tx, a_message(request_id, "1"))
        await journal.record(tx, a_message(request_id, "2"))
    await lose_everything_told(source)
    async with source.transaction() as tx:
        await journal.record(tx, a_message(request_id, "3"))
    async with source.transaction() as tx:
        count = await resend.resend(tx, source="/intake", subject=str(request_id), first=1, last=3, queue="escalation")
    assert count == 2
    rows = await source.fetch("SELECT j.sequence, o.queue FROM outbox o JOIN journal j USING (position) ORDER BY 1")
    assert [tuple(row) for row in rows] == [(1, "escalation"), (2, "escalation"), (3, "")]


async def test_whoever_has_much_waiting_for_him_is_sent_no_more_until_it_is_sent(
    source: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(resend, "MOST_WAITING", 3)
    requests = [await tell(source, "1", "2") for _ in range(4)]
    await lose_everything_told(source)

    async def asked(queue: str) -> list[int]:
        sent = []
        for request_id in requests:
            async with source.transaction() as tx:
                sent.append(
                    await resend.resend(tx, source="/intake", subject=str(request_id), first=1, last=2, queue=queue)
                )
        return sent

    assert await asked("escalation") == [2, 2, 0, 0]
    assert await asked("notifications") == [2, 2, 0, 0]
    await lose_everything_told(source)
    assert await asked("escalation") == [2, 2, 0, 0]


async def test_what_one_answer_cannot_hold_is_asked_for_as_soon_as_it_is_applied(
    source: Database, database: Database, broker_url: Callable[[str], str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A pause between requests that no test would wait for: each lot but the first is asked for because one came."""
    policy = RecoveryPolicy(before_asking=600.0, longest=3600.0, heads_every=3600.0)
    monkeypatch.setattr(resend, "MOST_EVENTS", 50)
    monkeypatch.setattr(gaps, "MOST_EVENTS", 50)
    events = 2 * 50 + 7
    request_id = new_id()
    async with source.transaction() as tx:
        for number in range(events):
            await journal.record(tx, a_message(request_id, str(number)))
    await lose_everything_told(source)
    async with AsyncExitStack() as running:
        await running.enter_async_context(answering(intake(source, broker_url("intake"), NEVER_HEADS)))
        listener = escalation(database, broker_url("escalation"), policy)
        await running.enter_async_context(listener.lifespan())

        async def known() -> bool:
            return bool(await database.fetchval("SELECT count(*) FROM inbox_expected"))

        await eventually(known)
        await database.fetch("UPDATE inbox_expected SET next_ask_at = now()")

        async def whole() -> bool:
            await listener.recovery.request_missing()
            return bool(await database.fetchval("SELECT count(*) = $1 FROM effect", events))

        await eventually(whole, within=60, every=0.2)
    assert await effects(database, request_id) == [str(number) for number in range(events)]


async def test_a_listener_restored_from_an_old_backup_is_made_whole_without_a_flood(
    source: Database,
    database: Database,
    fresh: FreshDatabase,
    broker_url: Callable[[str], str],
) -> None:
    requests = [await tell(source, "1", "2") for _ in range(30)]
    tables = ("inbox_stream", "inbox_waiting", "inbox_held", "inbox_expected", "effect")
    owner = await asyncpg.connect(fresh.owner_url)
    async with AsyncExitStack() as running:
        await running.enter_async_context(answering(intake(source, broker_url("intake"), NEVER_HEADS)))
        async with escalation(database, broker_url("escalation"), NEVER_HEADS).lifespan():
            await eventually(lambda: _applied(database, 60))
            for table in tables:
                await owner.execute(f"CREATE TABLE backup_{table} AS SELECT * FROM {table}")
            later = [await tell(source, "3", "4", request_id=request_id) for request_id in requests[:20]]
            later += [await tell(source, "1") for _ in range(10)]
            await eventually(lambda: _applied(database, 110))
        for table in tables:
            await owner.execute(f"TRUNCATE {table}")
            overriding = "OVERRIDING SYSTEM VALUE" if table == "effect" else ""
            await owner.execute(f"INSERT INTO {table} {overriding} SELECT * FROM backup_{table}")
        before = metrics.RESENT._value.get()  # noqa: SLF001 - how the library's counters are read in a test
        policy = RecoveryPolicy(before_asking=3.0, heads_every=3600.0)
        async with escalation(database, broker_url("escalation"), policy).lifespan():
            await eventually(lambda: _applied(database, 110))
        assert 50 <= metrics.RESENT._value.get() - before <= 100  # noqa: SLF001 - same: what was missing, once or twice
    await owner.close()
    for request_id in requests[:20]:
        assert await effects(database, request_id) == ["1", "2", "3", "4"]  # type: ignore[arg-type] # an id


async def test_heads_of_long_ago_are_told_again_in_turn(source: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    """What was lost without anybody noticing at the time, as in a broker that was wiped while both sides were down."""
    monkeypatch.setattr(stream_heads, "MOST_HEADS", 2)
    monkeypatch.setattr(healer_room, "MOST_HEADS", 2)
    requests = sorted([str(await tell(source, "1")) for _ in range(5)])
    await source.fetch("UPDATE stream SET changed_at = now() - interval '1 year'")
    ear = Ear()
    recovery = GapRecovery(source, ear, service="intake", queue="intake")  # type: ignore[arg-type] # only `publish_control`
    told: list[list[str]] = []
    for _ in range(4):
        ear.said.clear()
        await recovery.publish_recent_heads()
        told.append([subject for body in ear.said for subject, _ in json.loads(body)["data"]["heads"]])
    assert told == [requests[:2], requests[2:4], requests[4:], requests[:2]]


async def test_what_is_missing_behind_five_hundred_other_gaps_is_noticed_too(database: Database) -> None:
    recovery = GapRecovery(
        database,
        Ear(),  # type: ignore[arg-type] # only `publish_control` is used here
        service="escalation",
        queue="escalation",
        policy=RecoveryPolicy(before_asking=0.0, longest=3600.0),
    )
    messages = [Message(wire(a_message(new_id()), 3), "") for _ in range(501)]
    await Inbox(database, NOTING).process(messages)
    recovery.policy = RecoveryPolicy(before_asking=0.0)
    await recovery.request_missing()
    await database.fetch("UPDATE inbox_expected SET next_ask_at = now() + interval '1 hour'")
    await recovery.request_missing()
    assert await database.fetchval("SELECT count(*) FROM inbox_expected") == 501


async def test_a_source_that_is_not_ours_is_not_answered(source: Database) -> None:
    await tell(source, "1")
    await lose_everything_told(source)
    async with source.transaction() as tx:
        assert await resend.resend(tx, source="/escalation", subject="x", first=1, last=9, queue="escalation") == 0


async def test_only_heads_that_changed_since_then_are_told(source: Database) -> None:
    ear = Ear()
    recovery = GapRecovery(source, ear, service="intake", queue="intake")  # type: ignore[arg-type] # only `publish_control`
    await tell(source, "1")
    await recovery.publish_heads(since=now() + timedelta(hours=1))
    assert ear.said == []
    await recovery.publish_heads(since=now() - timedelta(hours=1))
    assert len(ear.said) == 1


def test_only_what_heals_is_taken_for_it() -> None:
    assert is_control("escalation.events_missing.v1")
    assert is_control("intake.stream_heads.v1")
    assert not is_control("intake.request_submitted.v1")
    assert not is_control(None)


async def test_the_running_role_may_still_not_change_the_journal(fresh: FreshDatabase) -> None:
    app = await asyncpg.connect(fresh.app_url)
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        await app.execute("DELETE FROM journal")
    await app.close()
