"""Each event takes effect once and in its order; what fails holds its own stream and nothing else."""

import asyncio
from itertools import permutations
from typing import Any
from unittest.mock import AsyncMock
from uuid import UUID

import asyncpg
import pytest

from shared.clock import new_id
from shared.contracts.intake import MessagePosted
from shared.db import Database, Transaction
from shared.messaging import metrics
from shared.messaging.envelope import Envelope
from shared.messaging.handlers import EventHandlers
from shared.messaging.inbox import streams
from shared.messaging.inbox.held import RetryPolicy
from shared.messaging.inbox.inbox import Inbox
from shared.messaging.inbox.message import Message
from tests.conftest import FreshDatabase
from tests.deadlocks import deadlocks
from tests.shared.messaging.conftest import NOTING, a_message, effects, note
from tests.wire import wire


def the(request_id: UUID, *numbers: int) -> list[Message]:
    """Give messages whose text is their place in the stream."""
    return [Message(wire(a_message(request_id, str(number)), number), "intake.message_posted.95") for number in numbers]


async def test_a_batch_takes_effect_in_the_order_of_its_streams(database: Database) -> None:
    one, two = new_id(), new_id()
    batch = [*the(one, 1, 2), *the(two, 1), *the(one, 3)]
    await Inbox(database, NOTING).process(batch)
    assert await effects(database, one) == ["1", "2", "3"]
    assert await effects(database, two) == ["1"]


async def test_the_same_event_twice_takes_effect_once(database: Database) -> None:
    request_id = new_id()
    messages = the(request_id, 1, 2)
    inbox = Inbox(database, NOTING)
    await inbox.process([*messages, *messages])
    await inbox.process(messages)
    await inbox.process([Message(message.body, "", redelivered=True) for message in messages])
    assert await effects(database, request_id) == ["1", "2"]


@pytest.mark.parametrize("order", list(permutations([1, 2, 3, 4])))
async def test_whatever_the_order_of_arrival_the_order_of_effect_is_the_streams(
    database: Database, order: tuple[int, ...]
) -> None:
    request_id = new_id()
    inbox = Inbox(database, NOTING)
    for message in the(request_id, *order):
        await inbox.process([message])
    assert await effects(database, request_id) == ["1", "2", "3", "4"]
    assert await database.fetchval("SELECT count(*) FROM inbox_waiting") == 0


async def test_an_event_before_its_turn_waits_in_the_database(database: Database) -> None:
    request_id = new_id()
    await Inbox(database, NOTING).process(the(request_id, 2))
    assert await effects(database, request_id) == []
    assert await database.fetchval("SELECT sequence FROM inbox_waiting WHERE subject = $1", str(request_id)) == 2
    await Inbox(database, NOTING).process(the(request_id, 1))
    assert await effects(database, request_id) == ["1", "2"]


@pytest.mark.parametrize("redelivered", [False, True])
async def test_what_waited_and_came_again_with_its_predecessor_waits_no_longer(
    database: Database, *, redelivered: bool
) -> None:
    request_id = new_id()
    inbox = Inbox(database, NOTING)
    messages = the(request_id, 1, 2, 3)
    await inbox.process(messages[1:])
    await inbox.process([Message(message.body, "", redelivered) for message in messages])
    assert await effects(database, request_id) == ["1", "2", "3"]
    assert await database.fetchval("SELECT count(*) FROM inbox_waiting") == 0


async def test_what_its_consumer_died_before_and_nothing_brings_to_mind_is_applied_all_the_same(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    request_id, other = new_id(), new_id()
    inbox = Inbox(database, NOTING)
    await inbox.process([*the(request_id, 2, 3), *the(other, 2)])
    with monkeypatch.context() as dying, pytest.raises(KeyboardInterrupt):
        dying.setattr(inbox, "resume", AsyncMock(side_effect=KeyboardInterrupt))
        await inbox.process([Message(the(request_id, 1)[0].body, "", redelivered=True)])
    assert await effects(database, request_id) == ["1"]
    assert await inbox.resume_stuck(after=3600) == 0, "somebody may have it in hand"
    assert await inbox.resume_stuck(after=0) == 1
    assert await effects(database, request_id) == ["1", "2", "3"]
    assert await effects(database, other) == [], "its turn has not come"
    assert await inbox.resume_stuck(after=0) == 0


async def test_an_event_that_fails_holds_its_stream_and_no_other(database: Database) -> None:
    ill, well = new_id(), new_id()
    failing = Message(wire(a_message(ill, "fail"), 1), "")
    await Inbox(database, NOTING).process([failing, *the(ill, 2), *the(well, 1, 2)])
    assert await effects(database, ill) == []
    assert await effects(database, well) == ["1", "2"]
    held = await database.fetchrow("SELECT sequence, reason, attempts FROM inbox_held WHERE subject = $1", str(ill))
    assert held is not None
    assert (held["sequence"], held["reason"], held["attempts"]) == (1, "RuntimeError: cannot be applied", 1)


async def test_a_held_stream_goes_on_in_order_once_its_event_can_be_applied(database: Database) -> None:
    request_id = new_id()
    await Inbox(database, NOTING).process([Message(wire(a_message(request_id, "fail"), 1), ""), *the(request_id, 2, 3)])

    async def mended(tx: Transaction, fact: MessagePosted) -> None:
        await note(tx, fact.model_copy(update={"text": fact.text.replace("fail", "1")}))

    inbox = Inbox(database, EventHandlers({MessagePosted: mended}))
    await inbox.process(the(request_id, 4))
    assert await effects(database, request_id) == []
    await database.fetch("UPDATE inbox_held SET next_attempt_at = now()")
    assert await inbox.retry_held() == 1
    assert await effects(database, request_id) == ["1", "2", "3", "4"]
    assert await database.fetchval("SELECT count(*) FROM inbox_held") == 0
    await inbox.process(the(request_id, 5))
    assert (await effects(database, request_id))[-1] == "5"


async def test_after_the_last_attempt_an_operator_decides(database: Database) -> None:
    request_id = new_id()
    inbox = Inbox(database, NOTING, RetryPolicy(first=0.0, longest=0.0, attempts=3))
    await inbox.process([Message(wire(a_message(request_id, "fail"), 1), "")])
    for _ in range(5):
        await inbox.retry_held()
    held = await database.fetchrow("SELECT attempts, next_attempt_at FROM inbox_held")
    assert held is not None
    assert (held["attempts"], held["next_attempt_at"]) == (3, None)


async def test_what_fails_after_the_event_that_held_the_stream_has_all_its_own_attempts(database: Database) -> None:
    request_id = new_id()
    failing = {"1", "2"}

    async def fail(tx: Transaction, fact: MessagePosted) -> None:
        if fact.text in failing:
            raise RuntimeError("cannot be applied")
        await note(tx, fact)

    inbox = Inbox(database, EventHandlers({MessagePosted: fail}), RetryPolicy(first=0.0, longest=0.0, attempts=3))
    await inbox.process(the(request_id, 1, 2))
    await inbox.retry_held(most=1)
    failing.remove("1")
    assert await inbox.retry_held(most=1) == 1
    held = await database.fetchrow("SELECT sequence, attempts, next_attempt_at FROM inbox_held")
    assert held is not None
    assert (held["sequence"], held["attempts"]) == (2, 1)
    assert held["next_attempt_at"] is not None


async def test_a_retry_waits_for_its_time(database: Database) -> None:
    inbox = Inbox(database, NOTING, RetryPolicy(first=60.0))
    await inbox.process([Message(wire(a_message(new_id(), "fail"), 1), "")])
    assert await inbox.retry_held() == 0


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (b"\x00garbage", "JSON"),
        (wire(a_message(new_id()), 1, data={"text": 3}), "message_id"),
        (wire(a_message(new_id()), 1, source="/qualification/95"), "forged_type"),
    ],
)
async def test_what_cannot_be_read_goes_to_quarantine_with_its_bytes(
    database: Database, body: bytes, said: str
) -> None:
    healthy = new_id()
    await Inbox(database, NOTING).process([Message(body, "intake.x.95"), *the(healthy, 1)])
    row = await database.fetchrow("SELECT body, reason, routing_key FROM quarantine")
    assert row is not None
    assert row["body"] == body
    assert said in row["reason"]
    assert await effects(database, healthy) == ["1"]


@pytest.mark.parametrize("redelivered", [False, True])
async def test_what_the_database_cannot_hold_goes_to_quarantine_and_stops_no_other(
    database: Database, fresh: FreshDatabase, *, redelivered: bool
) -> None:
    owner = await asyncpg.connect(fresh.owner_url)
    await owner.execute("ALTER TABLE inbox_waiting ALTER COLUMN departement TYPE varchar(2)")
    await owner.close()
    healthy = new_id()
    too_long = wire(a_message(new_id()), 2, departement="longer")
    messages = [Message(too_long, "intake.x.95", redelivered), *the(healthy, 1, 2)]
    await Inbox(database, NOTING).process(messages)
    assert await effects(database, healthy) == ["1", "2"]
    assert await database.fetchval("SELECT body FROM quarantine") == too_long
    assert await database.fetchval("SELECT count(*) FROM inbox_attempt") == 0


async def test_facts_nobody_handles_still_count_in_their_stream(database: Database) -> None:
    request_id = new_id()
    unknown = wire(a_message(request_id), 1, type="intake.request_withdrawn.v1", data={"x": 1})
    await Inbox(database, NOTING).process([Message(unknown, ""), *the(request_id, 2)])
    assert await effects(database, request_id) == ["2"]


async def test_an_event_without_sequence_takes_effect_once_by_its_id(database: Database) -> None:
    request_id = new_id()

    async def take(tx: Transaction, _: Envelope) -> None:
        await note(tx, a_message(request_id, "alone"))

    inbox = Inbox(database, EventHandlers({}, raw={"forms.request_filed.v1": take}))
    body = wire(a_message(request_id), None, source="/forms/ours", type="forms.request_filed.v1")
    await inbox.process([Message(body, "")])
    await inbox.process([Message(body, "")])
    assert await effects(database, request_id) == ["alone"]


@pytest.mark.parametrize(("source", "reason"), [("/intake", "without a sequence"), ("/forms/ours", "forged_type")])
async def test_a_fact_without_sequence_is_applied_from_nobody(database: Database, source: str, reason: str) -> None:
    request_id = new_id()
    forged = wire(a_message(request_id, "forged"), None, source=source)
    await Inbox(database, NOTING, service="escalation").process([Message(forged, "forms.request_filed.95")])
    assert await effects(database, request_id) == []
    assert reason in await database.fetchval("SELECT reason FROM quarantine")


async def test_a_form_does_not_bear_the_name_of_a_service(database: Database) -> None:
    async def take(_tx: Transaction, _envelope: Envelope) -> None:
        raise AssertionError("never called")

    body = wire(a_message(new_id()), None, source="/intake", type="forms.request_filed.v1")
    await Inbox(database, EventHandlers({}, raw={"forms.request_filed.v1": take})).process([Message(body, "")])
    assert await database.fetchval("SELECT reason FROM quarantine") == "forged_type"


async def test_a_fact_of_a_stream_that_is_not_followed_needs_no_predecessor(database: Database) -> None:
    request_id = new_id()
    inbox = Inbox(database, EventHandlers({MessagePosted: note}, alone=[MessagePosted]))
    await inbox.process(the(request_id, 7))
    assert await effects(database, request_id) == ["7"]


async def test_strangers_envelopes_reach_a_raw_handler(database: Database) -> None:
    seen: list[dict[str, Any]] = []

    async def take(_tx: Transaction, envelope: Envelope) -> None:
        seen.append(envelope.data)

    body = wire(a_message(new_id()), None, type="forms.request_filed.v1", source="/town-hall", data={"any": "thing"})
    await Inbox(database, EventHandlers({}, raw={"forms.request_filed.v1": take})).process([Message(body, "")])
    assert seen == [{"any": "thing"}]


async def test_an_event_that_an_older_version_kept_and_this_one_cannot_read_holds_its_stream_alone(
    database: Database,
) -> None:
    ill, well = new_id(), new_id()
    await Inbox(database, NOTING).process(the(ill, 2))
    await database.fetch("UPDATE inbox_waiting SET body = convert_to('older', 'UTF8')")
    await Inbox(database, NOTING).process([*the(ill, 1), *the(well, 1)])
    assert await effects(database, ill) == ["1"]
    assert await effects(database, well) == ["1"]
    held = await database.fetchrow("SELECT sequence, reason FROM inbox_held WHERE subject = $1", str(ill))
    assert held is not None
    assert held["sequence"] == 2
    assert held["reason"].startswith("Unreadable")


async def test_the_next_event_that_fails_in_a_held_stream_begins_at_its_own_first_attempt(database: Database) -> None:
    request_id = new_id()
    await Inbox(database, NOTING).process(
        [Message(wire(a_message(request_id, text), number), "") for number, text in ((1, "fail"), (2, "fail too"))]
    )

    async def note_all_but_one(tx: Transaction, fact: MessagePosted) -> None:
        if fact.text == "fail too":
            raise RuntimeError("still")
        await note(tx, fact.model_copy(update={"text": "mended"}))

    inbox = Inbox(database, EventHandlers({MessagePosted: note_all_but_one}))
    await database.fetch("UPDATE inbox_held SET attempts = 20")
    await inbox.resume(str(request_id), "/intake")
    held = await database.fetchrow("SELECT sequence, attempts, next_attempt_at FROM inbox_held")
    assert held is not None
    assert (held["sequence"], held["attempts"]) == (2, 1)
    assert held["next_attempt_at"] is not None


async def test_a_retry_that_found_no_end_is_no_failure(database: Database) -> None:
    """As when the database goes away in the middle: the stream is tried again, and not given up for it."""
    inbox = Inbox(database, NOTING, RetryPolicy(first=0.0, longest=0.0, attempts=2))
    await inbox.process([Message(wire(a_message(new_id(), "fail"), 1), "")])

    async def away(_subject: str, _source: str) -> bool:
        raise ConnectionResetError

    inbox.resume = away  # type: ignore[method-assign, assignment] # the database that goes away just then
    with pytest.raises(ConnectionResetError):
        await inbox.retry_held()
    held = await database.fetchrow("SELECT attempts, next_attempt_at FROM inbox_held")
    assert held is not None
    assert held["attempts"] == 1
    assert held["next_attempt_at"] is not None


async def test_a_services_own_events_on_its_own_queue_are_left_aside(database: Database) -> None:
    own = new_id()
    inbox = Inbox(database, NOTING, service="intake")
    before = metrics.OWN._value.get()  # noqa: SLF001 - how the library's counters are read in a test
    await inbox.process([*the(own, 1, 5), Message(the(own, 6)[0].body, "", redelivered=True)])
    assert await effects(database, own) == []
    assert await database.fetchval("SELECT count(*) FROM inbox_waiting") == 0
    assert await database.fetchval("SELECT count(*) FROM inbox_attempt") == 0
    assert metrics.OWN._value.get() - before == 3  # noqa: SLF001 - same


async def test_a_fact_that_stands_alone_is_heard_from_another_instance_of_the_same_service(database: Database) -> None:
    request_id = new_id()
    inbox = Inbox(database, EventHandlers({MessagePosted: note}, alone=[MessagePosted]), service="intake")
    await inbox.process(the(request_id, 7))
    assert await effects(database, request_id) == ["7"]


async def test_what_was_damaged_is_remembered_as_such(database: Database) -> None:
    whole = the(new_id(), 1)[0]
    await Inbox(database, NOTING).process([Message(whole.body, "", damaged=True), Message(b"garbage", "")])
    rows = await database.fetch("SELECT damaged, reason FROM quarantine ORDER BY damaged")
    assert [row["damaged"] for row in rows] == [False, True]
    assert rows[1]["reason"].startswith("damaged on its way")


async def test_a_database_error_keeps_personal_data_out_of_the_reason(database: Database) -> None:
    async def break_a_rule(tx: Transaction, fact: MessagePosted) -> None:
        await tx.execute(
            "INSERT INTO quarantine (id, reason, routing_key, body) VALUES ($1, '', '', '')", fact.request_id
        )
        await tx.execute(
            "INSERT INTO quarantine (id, reason, routing_key, body) VALUES ($1, '', '', '')", fact.request_id
        )

    request_id = new_id()
    await Inbox(database, EventHandlers({MessagePosted: break_a_rule})).process(the(request_id, 1))
    reason = await database.fetchval("SELECT reason FROM inbox_held")
    assert reason.startswith("UniqueViolationError")
    assert str(request_id) not in reason


async def test_two_copies_of_a_service_apply_one_stream_together(database: Database) -> None:
    requests = [new_id() for _ in range(5)]
    copies = [Inbox(database, NOTING), Inbox(database, NOTING)]
    messages = [message for number in range(1, 9) for request in requests for message in the(request, number)]
    for start in range(0, len(messages), 8):
        part = messages[start : start + 8]
        await asyncio.gather(copies[0].process(part[::2]), copies[1].process(part[1::2]))
    for request in requests:
        assert await effects(database, request) == [str(number) for number in range(1, 9)]


async def test_when_the_database_is_away_nothing_is_taken(database: Database) -> None:
    inbox = Inbox(database, NOTING)
    await database.close()
    with pytest.raises(asyncpg.InterfaceError):
        await inbox.process(the(new_id(), 1))


async def test_two_copies_lock_the_same_streams_in_one_order(database: Database) -> None:
    """Whoever locks them in another order waits for the other, who waits for them: PostgreSQL ends one of both."""
    keys = [(str(new_id()), "/intake") for _ in range(500)]

    async def lock(some: list[tuple[str, str]]) -> None:
        async with database.transaction() as tx:
            await streams.lock(tx, some)

    for _ in range(10):
        await asyncio.gather(*(lock(some) for some in (keys, keys[::-1], keys[250:] + keys[:250])))
    assert await deadlocks(database) == 0
