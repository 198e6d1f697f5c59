"""A source that publishes another history than the one applied is noticed, and its stream is held."""

import json
import random
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from itertools import permutations
from typing import Any
from uuid import UUID

import asyncpg
import pytest

from services.operations.adapters.connections import Watched
from services.operations.reads import held
from services.operations.usecases import retry_held
from shared.clock import new_id
from shared.db import Database
from shared.messaging import journal, metrics
from shared.messaging.control_messages import STREAM_CHECKED, STREAM_FORKED
from shared.messaging.envelope import chain_hash
from shared.messaging.handlers import EventHandlers
from shared.messaging.inbox.held import Code
from shared.messaging.inbox.inbox import Inbox
from shared.messaging.inbox.message import Message
from shared.messaging.messenger import Messenger
from shared.messaging.recovery.gap_recovery import GapRecovery
from shared.messaging.recovery.gaps import RecoveryPolicy
from shared.messaging.topology import Subscription
from tests.conftest import FreshDatabase
from tests.polling import eventually
from tests.shared.messaging.conftest import NOTING, a_message, effects
from tests.wire import wire

A_RESTORE = 3
"""The last event that both histories have."""


class History:
    """Events of one stream as a journal chains them, and another history from the same beginning."""

    def __init__(self, request_id: UUID, texts: Sequence[str], *, after: "History | None" = None, at: int = 0) -> None:
        self.request_id = request_id
        self.bodies: list[bytes] = after.bodies[:at] if after else []
        self.hashes: list[bytes] = after.hashes[:at] if after else []
        for text in texts:
            previous = self.hashes[-1] if self.hashes else b""
            body = wire(
                a_message(request_id, text), len(self.bodies) + 1, previoushash=previous.hex() if previous else None
            )
            self.bodies.append(body)
            self.hashes.append(chain_hash(previous, body))

    def messages(self, *numbers: int) -> list[Message]:
        """Give events by their numbers."""
        return [Message(self.bodies[number - 1], "intake.message_posted.95") for number in numbers]

    def head(self, sequence: int) -> bytes:
        """Give the stream head that the source publishes when its journal ends there."""
        return control(
            "intake.stream_heads.v1",
            source="/intake",
            heads=[[str(self.request_id), sequence]],
            hashes=[self.hashes[sequence - 1].hex()],
        )


def control(wire_type: str, **data: Any) -> bytes:
    return json.dumps(
        {
            "specversion": "1.0",
            "id": str(new_id()),
            "source": f"/{wire_type.split('.', maxsplit=1)[0]}",
            "type": wire_type,
            "departement": "95",
            "data": data,
        }
    ).encode()


def two_histories(request_id: UUID, *, before: int = 5, after: int = 6) -> tuple[History, History]:
    """Give what a source published, and what it published once it was restored to its third event."""
    first = History(request_id, [str(number) for number in range(1, before + 1)])
    second = [f"{number}'" for number in range(A_RESTORE + 1, after + 1)]
    return first, History(request_id, second, after=first, at=A_RESTORE)


class Channel:
    """Collects the control messages that a recovery publishes."""

    def __init__(self) -> None:
        self.published: list[bytes] = []

    async def publish_control(self, body: str, key: str, *, event_id: str, wire_type: str) -> bool:
        del key, event_id, wire_type
        self.published.append(body.encode())
        return True

    def of(self, name: str) -> list[bytes]:
        """Take the messages of one type that were published."""
        found = [body for body in self.published if json.loads(body)["type"].split(".")[1] == name]
        self.published = [body for body in self.published if body not in found]
        return found


def a_recovery(database: Database, channel: Channel, service: str = "escalation") -> GapRecovery:
    return GapRecovery(database, channel, service=service, queue=service)  # type: ignore[arg-type] # only `publish_control`


async def held_as(database: Database, request_id: UUID) -> str | None:
    code: str | None = await database.fetchval("SELECT code FROM inbox_held WHERE subject = $1", str(request_id))
    return code


async def left_alone(database: Database) -> None:
    """Let time pass since the streams changed."""
    await database.fetch("UPDATE inbox_stream SET changed_at = now() - interval '1 hour'")


async def test_the_hash_of_what_was_applied_is_that_of_the_journal(database: Database) -> None:
    request_id = new_id()
    history = History(request_id, ["1", "2", "3", "4"])
    inbox = Inbox(database, NOTING)
    await inbox.process(history.messages(1, 2))
    await inbox.process(history.messages(4))
    await inbox.process(history.messages(3))
    row = await database.fetchrow("SELECT hash, length(digests) AS size FROM inbox_stream")
    assert row is not None
    assert (row["hash"], row["size"]) == (history.hashes[3], 4 * 8)


async def test_events_without_previoushash_are_chained_too(database: Database) -> None:
    request_id = new_id()
    bodies = [wire(a_message(request_id, str(number)), number) for number in (1, 2)]
    await Inbox(database, NOTING).process([Message(body, "") for body in bodies])
    expected = chain_hash(chain_hash(b"", bodies[0]), bodies[1])
    assert await database.fetchval("SELECT hash FROM inbox_stream") == expected


async def test_a_stream_applied_before_hashes_were_stored_continues_with_the_next_event(database: Database) -> None:
    request_id = new_id()
    history = History(request_id, ["1", "2", "3"])
    inbox = Inbox(database, NOTING)
    await inbox.process(history.messages(1, 2))
    await database.fetch("UPDATE inbox_stream SET hash = NULL, digests = ''")
    await inbox.process(history.messages(2, 3))
    assert await effects(database, request_id) == ["1", "2", "3"]
    assert await database.fetchval("SELECT hash FROM inbox_stream") == history.hashes[2]


async def test_only_the_last_digests_are_stored(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("shared.messaging.inbox.streams.REMEMBERED", 3)
    request_id = new_id()
    history = History(request_id, [str(number) for number in range(1, 8)])
    inbox = Inbox(database, NOTING)
    await inbox.process(history.messages(*range(1, 8)))
    assert await database.fetchval("SELECT length(digests) FROM inbox_stream") == 3 * 8
    await inbox.process(history.messages(*range(1, 8)))
    assert await held_as(database, request_id) is None
    other = History(request_id, ["5'"], after=history, at=4)
    await inbox.process(other.messages(5))
    assert await held_as(database, request_id) == Code.FORKED


async def test_a_restored_source_is_not_taken_for_one_that_repeats_itself(database: Database) -> None:
    request_id = new_id()
    first, second = two_histories(request_id)
    inbox = Inbox(database, NOTING)
    duplicates, forked = metrics.DUPLICATES._value.get(), metrics.FORKED._value.get()  # noqa: SLF001 - read in a test
    await inbox.process(first.messages(1, 2, 3, 4, 5))
    await inbox.process(second.messages(4, 5))
    await inbox.process(second.messages(6))
    assert await effects(database, request_id) == ["1", "2", "3", "4", "5"]
    row = await database.fetchrow("SELECT code, sequence, next_attempt_at, reason FROM inbox_held")
    assert row is not None
    assert (row["code"], row["sequence"], row["next_attempt_at"]) == (Code.FORKED, 4, None)
    assert row["reason"].startswith(f"applied 5 ({first.hashes[4].hex()[:16]})")
    assert metrics.DUPLICATES._value.get() == duplicates  # noqa: SLF001 - same
    assert metrics.FORKED._value.get() == forked + 1  # noqa: SLF001 - same
    assert await inbox.retry_held() == 0


async def test_an_event_after_another_predecessor_is_not_applied(database: Database) -> None:
    request_id = new_id()
    first, second = two_histories(request_id)
    inbox = Inbox(database, NOTING)
    await inbox.process(first.messages(1, 2, 3, 4, 5))
    await inbox.process(second.messages(6))
    assert await effects(database, request_id) == ["1", "2", "3", "4", "5"]
    assert await held_as(database, request_id) == Code.FORKED


@pytest.mark.parametrize("order", list(permutations(["true", "false"])))
async def test_of_two_parked_events_of_one_number_the_one_that_fits_is_applied(
    database: Database, order: tuple[str, ...]
) -> None:
    request_id = new_id()
    history = History(request_id, ["1", "2"])
    foreign = History(request_id, ["x", "2 of another history"])
    rivals = {"true": history.messages(2), "false": foreign.messages(2)}
    inbox = Inbox(database, NOTING)
    for which in order:
        await inbox.process(rivals[which])
    await inbox.process(history.messages(1))
    assert await effects(database, request_id) == ["1", "2"]
    assert await database.fetchval("SELECT body FROM quarantine") == foreign.bodies[1]
    assert await database.fetchval("SELECT count(*) FROM inbox_waiting") == 0


@pytest.mark.parametrize("redelivered", [False, True])
async def test_two_parked_events_that_both_fit_hold_their_stream(database: Database, *, redelivered: bool) -> None:
    request_id = new_id()
    first, second = two_histories(request_id)
    inbox = Inbox(database, NOTING)
    await inbox.process(first.messages(4))
    await inbox.process(second.messages(4))
    await inbox.process([Message(one.body, "", redelivered) for one in first.messages(1, 2, 3)])
    assert await effects(database, request_id) == ["1", "2", "3"]
    assert await held_as(database, request_id) == Code.FORKED
    assert await database.fetchval("SELECT count(*) FROM inbox_waiting") == 2


async def test_a_head_of_the_same_number_and_another_hash_holds_the_stream(database: Database) -> None:
    request_id = new_id()
    first, second = two_histories(request_id)
    await Inbox(database, NOTING).process(first.messages(1, 2, 3, 4, 5))
    recovery = a_recovery(database, Channel())
    await recovery.handle(first.head(5))
    assert await held_as(database, request_id) is None
    await recovery.handle(second.head(5))
    assert await held_as(database, request_id) == Code.FORKED


async def test_heads_without_hashes_are_read_as_before(database: Database) -> None:
    request_id = new_id()
    await Inbox(database, NOTING).process(History(request_id, ["1"]).messages(1))
    recovery = a_recovery(database, Channel())
    await recovery.handle(control("intake.stream_heads.v1", source="/intake", heads=[[str(request_id), 4]]))
    assert await database.fetchval("SELECT sequence FROM inbox_expected") == 4
    assert await held_as(database, request_id) is None


async def restored(database: Database, source: Database, first: History, *, rewound: bool) -> None:
    """Have a listener that applied five events hear the head of a source that has three, and answer each other."""
    request_id, last = first.request_id, A_RESTORE if rewound else 5
    async with source.transaction() as tx:
        await tx.execute(
            "INSERT INTO stream (source, subject, sequence, hash, departement) VALUES ('/intake', $1, $2, $3, '95')",
            str(request_id),
            last,
            first.hashes[last - 1],
        )
        for number in range(last):
            envelope = json.loads(first.bodies[number])
            await tx.execute(
                """
                INSERT INTO journal (id, source, subject, sequence, type, routing_key, body, hash)
                VALUES ($1, '/intake', $2, $3, $4, 'intake.message_posted.95', $5, $6)
                """,
                UUID(envelope["id"]),
                str(request_id),
                number + 1,
                envelope["type"],
                first.bodies[number].decode(),
                first.hashes[number],
            )
    await Inbox(database, NOTING).process(first.messages(1, 2, 3, 4, 5))
    await left_alone(database)
    channel = Channel()
    listener, teller = a_recovery(database, channel), a_recovery(source, channel, "intake")
    await listener.handle(first.head(A_RESTORE))
    for question in channel.of(STREAM_FORKED):
        await teller.handle(question)
    for answer in channel.of(STREAM_CHECKED):
        await listener.handle(answer)


@pytest.fixture
async def fresh_source(fresh_database: Callable[[str], Awaitable[FreshDatabase]]) -> FreshDatabase:
    return await fresh_database("intake")


@pytest.fixture
async def source(fresh_source: FreshDatabase) -> AsyncIterator[Database]:
    database = await Database.connect(fresh_source.app_url, name="source")
    yield database
    await database.close()


async def test_a_source_that_lost_what_was_applied_is_found_by_its_head(database: Database, source: Database) -> None:
    request_id = new_id()
    await restored(database, source, two_histories(request_id)[0], rewound=True)
    assert await held_as(database, request_id) == Code.FORKED
    row = await source.fetchrow("SELECT listener, source, subject, sequence FROM stream_fork")
    assert row is not None
    assert tuple(row) == ("escalation", "/intake", str(request_id), 5)


async def test_a_head_that_came_late_holds_nothing(database: Database, source: Database) -> None:
    request_id = new_id()
    await restored(database, source, two_histories(request_id)[0], rewound=False)
    assert await held_as(database, request_id) is None
    assert await source.fetchval("SELECT count(*) FROM stream_fork") == 0


async def test_a_head_of_a_stream_that_moved_a_moment_ago_is_not_looked_into(database: Database) -> None:
    request_id = new_id()
    first, _ = two_histories(request_id)
    await Inbox(database, NOTING).process(first.messages(1, 2, 3, 4, 5))
    channel = Channel()
    await a_recovery(database, channel).handle(first.head(A_RESTORE))
    assert channel.published == []


async def test_the_source_is_told_of_a_fork_once_a_minute(database: Database) -> None:
    request_id = new_id()
    first, second = two_histories(request_id)
    inbox = Inbox(database, NOTING)
    await inbox.process(first.messages(1, 2, 3, 4, 5))
    await inbox.process(second.messages(4))
    channel = Channel()
    recovery = a_recovery(database, channel)
    assert [await recovery.report_forks() for _ in range(3)] == [1, 0, 0]
    [report] = channel.of(STREAM_FORKED)
    assert json.loads(report)["data"]["streams"] == [[str(request_id), 5, first.hashes[4].hex()]]
    await database.fetch("UPDATE inbox_held SET asked_at = now() - interval '2 minutes'")
    assert await recovery.report_forks() == 1


async def test_a_skip_of_a_fork_that_the_source_confirmed_goes_on_behind_the_source_s_own_head(
    database: Database, source: Database
) -> None:
    request_id = new_id()
    first, second = two_histories(request_id)
    await restored(database, source, first, rewound=True)
    [one] = await held.list_held(database, "escalation")
    assert (one.sequence, one.event_id) == (A_RESTORE, f"fork:{request_id}")
    watched, inbox = Watched("escalation", database, "escalation"), Inbox(database, NOTING)
    await retry_held.skip(watched, one.event_id, by="operator", why="the source's history counts")
    await inbox.process(second.messages(4, 5, 6))
    assert await effects(database, request_id) == ["1", "2", "3", "4", "5", "4'", "5'", "6'"]
    assert await held_as(database, request_id) is None
    hashes = await database.fetchval("SELECT hash FROM inbox_stream WHERE subject = $1", str(request_id))
    assert hashes == second.hashes[5]


@pytest.mark.parametrize("own_first", [True, False])
async def test_an_instance_does_not_answer_for_a_source_of_another_instance(
    database: Database,
    source: Database,
    own_first: bool,
) -> None:
    first, _ = two_histories(new_id())
    await restored(database, source, first, rewound=False)
    channel = Channel()
    listener = a_recovery(database, channel)
    await left_alone(database)
    await listener.handle(first.head(A_RESTORE))
    [question] = channel.of(STREAM_FORKED)
    own, other = a_recovery(source, channel, "intake"), a_recovery(database, channel, "intake")
    for instance in (own, other) if own_first else (other, own):
        await instance.handle(question)
    [answer] = channel.of(STREAM_CHECKED)
    await listener.handle(answer)
    assert await held_as(database, first.request_id) is None


async def test_what_a_listener_does_not_report_any_more_is_forgotten(database: Database, source: Database) -> None:
    await restored(database, source, two_histories(new_id())[0], rewound=True)
    teller = a_recovery(source, Channel(), "intake")
    await teller.forget_settled_forks()
    assert await source.fetchval("SELECT count(*) FROM stream_fork") == 1
    await source.fetch("UPDATE stream_fork SET last_at = now() - interval '1 hour'")
    await teller.forget_settled_forks()
    assert await source.fetchval("SELECT count(*) FROM stream_fork") == 0


async def test_a_retry_of_a_forked_stream_asks_the_source_and_changes_nothing_while_it_disagrees(
    database: Database, source: Database
) -> None:
    request_id = new_id()
    await restored(database, source, two_histories(request_id)[0], rewound=True)
    watched, inbox = Watched("escalation", database, "escalation"), Inbox(database, NOTING)
    await retry_held.retry(watched, f"fork:{request_id}", by="operator", why="restored again")
    assert await inbox.retry_held() == 1
    channel = Channel()
    listener, teller = a_recovery(database, channel), a_recovery(source, channel, "intake")
    assert await listener.report_forks() == 1
    [question] = channel.of(STREAM_FORKED)
    await teller.handle(question)
    [answer] = channel.of(STREAM_CHECKED)
    await listener.handle(answer)
    row = await database.fetchrow("SELECT code, next_attempt_at FROM inbox_held")
    assert row is not None
    assert tuple(row) == (Code.FORKED, None)
    assert await effects(database, request_id) == ["1", "2", "3", "4", "5"]


async def test_a_retry_goes_on_once_the_source_has_what_was_applied(database: Database, source: Database) -> None:
    """The wrong backup was restored first, and the right one after it: what came in between is false."""
    request_id = new_id()
    first, second = two_histories(request_id)
    await restored(database, source, first, rewound=False)
    inbox = Inbox(database, NOTING)
    await inbox.process(second.messages(4, 6))
    watched = Watched("escalation", database, "escalation")
    [one] = await held.list_held(database, "escalation")
    await retry_held.retry(watched, one.event_id, by="operator", why="the right backup is there")
    assert await inbox.retry_held() == 1
    channel = Channel()
    listener, teller = a_recovery(database, channel), a_recovery(source, channel, "intake")
    await listener.report_forks()
    [question] = channel.of(STREAM_FORKED)
    await teller.handle(question)
    [answer] = channel.of(STREAM_CHECKED)
    await listener.handle(answer)
    assert await held_as(database, request_id) is None
    assert {row["body"] for row in await database.fetch("SELECT body FROM quarantine")} == {
        second.bodies[3],
        second.bodies[5],
    }
    following = History(request_id, ["6"], after=first, at=5)
    await inbox.process(following.messages(6))
    assert await effects(database, request_id) == ["1", "2", "3", "4", "5", "6"]


async def test_a_skip_follows_the_chain_of_the_source_from_behind_the_event(database: Database) -> None:
    request_id = new_id()
    first, second = two_histories(request_id)
    inbox = Inbox(database, NOTING)
    await inbox.process(first.messages(1, 2, 3, 4, 5))
    await inbox.process(second.messages(4, 5))
    watched = Watched("escalation", database, "escalation")
    [one] = await held.list_held(database, "escalation")
    await retry_held.skip(watched, one.event_id, by="operator", why="the restored history counts")
    await inbox.retry_held()
    await inbox.process(second.messages(6))
    await inbox.process(second.messages(4, 5, 6))
    assert await effects(database, request_id) == ["1", "2", "3", "4", "5", "5'", "6'"]
    assert await held_as(database, request_id) is None
    assert await database.fetchval("SELECT hash FROM inbox_stream") == second.hashes[5]


async def test_a_skip_of_a_stream_that_a_head_forked_goes_on_behind_the_head(database: Database) -> None:
    request_id = new_id()
    first, second = two_histories(request_id)
    inbox = Inbox(database, NOTING)
    await inbox.process(first.messages(1, 2, 3, 4, 5))
    await a_recovery(database, Channel()).handle(second.head(5))
    [one] = await held.list_held(database, "escalation")
    await retry_held.skip(
        Watched("escalation", database, "escalation"), one.event_id, by="operator", why="theirs counts"
    )
    await inbox.process(second.messages(6))
    assert await effects(database, request_id) == ["1", "2", "3", "4", "5", "6'"]
    assert await database.fetchval("SELECT hash FROM inbox_stream") == second.hashes[5]


async def test_after_a_skip_of_an_ordinary_event_the_chain_is_that_of_the_source(database: Database) -> None:
    request_id = new_id()
    history = History(request_id, ["1", "fail", "3"])
    inbox = Inbox(database, NOTING)
    await inbox.process(history.messages(1, 2))
    [one] = await held.list_held(database, "escalation")
    await retry_held.skip(
        Watched("escalation", database, "escalation"), one.event_id, by="operator", why="wrong for ever"
    )
    await inbox.process(history.messages(3))
    await inbox.process(history.messages(1, 2, 3))
    assert await effects(database, request_id) == ["1", "3"]
    assert await held_as(database, request_id) is None
    assert await database.fetchval("SELECT hash FROM inbox_stream") == history.hashes[2]


async def test_whatever_the_order_of_arrival_no_two_histories_are_mixed(database: Database) -> None:
    for seed in range(80):
        await _two_histories_arrive(database, random.Random(seed), f"seed {seed}")  # noqa: S311 - draws steps, no secrets


async def _two_histories_arrive(database: Database, chance: random.Random, which: str) -> None:
    """Deliver both histories of a stream that was restored, in any order and in batches of any size."""
    before = chance.randint(1, 5)
    at = chance.randrange(before)
    after = chance.randint(at + 1, 6)
    request_id = new_id()
    first = History(request_id, [str(number) for number in range(1, before + 1)])
    second = History(request_id, [f"{number}'" for number in range(at + 1, after + 1)], after=first, at=at)
    arrivals = [*first.messages(*range(1, before + 1)), *second.messages(*range(at + 1, after + 1))]
    chance.shuffle(arrivals)
    inbox = Inbox(database, NOTING)
    duplicates = metrics.DUPLICATES._value.get()  # noqa: SLF001 - how a counter is read in a test
    while arrivals:
        redelivered = chance.random() < 0.5
        size = chance.randint(1, 4)
        await inbox.process([Message(one.body, "", redelivered) for one in arrivals[:size]])
        del arrivals[:size]
    applied = await effects(database, request_id)
    histories = [[json.loads(body)["data"]["text"] for body in one.bodies] for one in (first, second)]
    assert any(applied == history[: len(applied)] for history in histories), which
    assert await held_as(database, request_id) == Code.FORKED, which
    assert metrics.DUPLICATES._value.get() == duplicates, which  # noqa: SLF001 - same


async def test_a_listener_of_some_departements_and_its_restored_source_find_out_over_the_broker(
    database: Database, source: Database, fresh_source: FreshDatabase, broker_url: Callable[[str], str]
) -> None:
    """The queue is bound for some départements only: question and answer reach the other side all the same."""
    policy = RecoveryPolicy(before_asking=0.2, longest=1.0, heads_every=0.3)
    teller = Messenger(
        source,
        broker_url("intake"),
        name="intake",
        subscription=Subscription("intake", ("escalation.#",)),
        handlers=EventHandlers({}),
        relay_poll=0.05,
        recovery_policy=policy,
    )
    listener = Messenger(
        database,
        broker_url("escalation"),
        name="escalation",
        subscription=Subscription("escalation", ("intake.*.95", "intake.*.78")),
        handlers=NOTING,
        relay_poll=0.05,
        recovery_policy=policy,
    )
    request_id = new_id()

    async def applied() -> bool:
        return len(await effects(database, request_id)) == 5

    async def forked() -> bool:
        await left_alone(database)
        return await held_as(database, request_id) == Code.FORKED

    async def disputed() -> bool:
        return bool(await source.fetchval("SELECT count(*) FROM stream_fork WHERE listener = 'escalation'"))

    async with listener.lifespan(), teller.lifespan():

        async def ready() -> bool:
            return await teller.missing() is None and listener.consumer.started

        await eventually(ready)
        for number in range(1, 6):
            async with source.transaction() as tx:
                await journal.record(tx, a_message(request_id, str(number)))
        await eventually(applied)
        owner = await asyncpg.connect(fresh_source.owner_url)
        await owner.execute("ALTER TABLE journal DISABLE TRIGGER USER; TRUNCATE outbox")
        await owner.execute("DELETE FROM journal WHERE sequence > 3")
        await owner.execute("UPDATE stream SET sequence = 3, hash = j.hash FROM journal j WHERE j.sequence = 3")
        await owner.close()
        await eventually(forked)
        await eventually(disputed)
