"""A message that kills its consumer is found, named, and tried no more; nothing healthy suffers for it."""

import asyncio
from collections.abc import Callable
from typing import Any

import asyncpg
import pytest

from shared.clock import new_id
from shared.contracts.intake import MessagePosted
from shared.db import AWAY, Database, Transaction
from shared.messaging.authenticity import check_type
from shared.messaging.envelope import Envelope
from shared.messaging.handlers import ConsumedEvent, EventHandlers
from shared.messaging.inbox.attempts import FATAL_AFTER
from shared.messaging.inbox.inbox import Inbox
from shared.messaging.inbox.message import Message
from tests.conftest import FreshDatabase
from tests.shared.messaging.conftest import NOTING, a_message, effects, note
from tests.wire import wire


class Killed(BaseException):
    """What the death of the process is in these tests: nothing of ours runs after it."""


async def _deadly(tx: Transaction, fact: MessagePosted) -> None:
    if fact.text == "deadly":
        raise Killed
    await note(tx, fact)


class KillsItsReader(EventHandlers):
    """Reads everything but one body, which ends the process."""

    def __init__(self, deadly: bytes, times: int = 10_000) -> None:
        super().__init__({MessagePosted: note})
        self._deadly, self._times = deadly, times

    def parse(self, body: bytes, check: Callable[[Envelope], None] = check_type) -> ConsumedEvent:
        """Read, or die of it."""
        if body == self._deadly and self._times:
            self._times -= 1
            raise Killed
        return super().parse(body, check)


DEADLY = EventHandlers({MessagePosted: _deadly})


def again(body: bytes) -> Message:
    return Message(body, "intake.message_posted.95", redelivered=True)


async def die(inbox: Inbox, message: Message, times: int) -> None:
    for _ in range(times):
        with pytest.raises(Killed):
            await inbox.process([message])


async def test_one_that_kills_in_reading_is_given_back_after_ten_times_and_takes_no_other_with_it(
    database: Database,
) -> None:
    poison, healthy = wire(a_message(new_id(), "x"), 1), new_id()
    inbox = Inbox(database, KillsItsReader(poison))
    await die(inbox, again(poison), FATAL_AFTER)
    neighbours = [again(wire(a_message(healthy, str(number)), number)) for number in (1, 2)]
    assert await inbox.process([neighbours[0], again(poison), neighbours[1]]) == [again(poison)]
    assert await effects(database, healthy) == ["1", "2"]
    assert await database.fetchval("SELECT count(*) FROM inbox_held") == 0
    assert await database.fetchval("SELECT count(*) FROM quarantine") == 0


async def test_one_that_comes_back_from_the_dead_letters_kills_once_and_not_ten_times_more(database: Database) -> None:
    poison = wire(a_message(new_id(), "x"), 1)
    inbox = Inbox(database, KillsItsReader(poison))
    await die(inbox, again(poison), FATAL_AFTER)
    assert await inbox.process([again(poison)]) == [again(poison)]
    await die(inbox, Message(poison, ""), 1)
    assert await inbox.process([again(poison)]) == [again(poison)]


async def test_one_that_kills_in_reading_now_and_then_ends_among_the_dead_letters_too(database: Database) -> None:
    poison = wire(a_message(new_id(), "deadly"), 1)
    await die(Inbox(database, DEADLY), again(poison), FATAL_AFTER)  # read well, and killed by its handler
    inbox = Inbox(database, KillsItsReader(poison))
    await die(inbox, again(poison), FATAL_AFTER)
    assert await inbox.process([again(poison)]) == [again(poison)]


async def test_one_that_could_be_read_and_kills_is_held_for_an_operator(database: Database) -> None:
    request_id = new_id()
    poison = wire(a_message(request_id, "deadly"), 1)
    inbox = Inbox(database, DEADLY)
    await die(inbox, again(poison), FATAL_AFTER)
    assert await inbox.process([again(poison)]) == []
    held = await _held(database)
    assert (held["sequence"], held["next_attempt_at"]) == (1, None)
    assert "ended its consumer" in held["reason"]


async def test_an_operator_who_has_it_tried_again_loses_one_process_and_not_ten(database: Database) -> None:
    poison = wire(a_message(new_id(), "deadly"), 1)
    inbox = Inbox(database, DEADLY)
    await die(inbox, again(poison), FATAL_AFTER)
    await inbox.process([again(poison)])
    for _ in range(3):
        await database.fetch("UPDATE inbox_held SET next_attempt_at = now()")
        with pytest.raises(Killed):
            await inbox.retry_held()
        await database.fetch("UPDATE inbox_held SET next_attempt_at = now()")
        assert await inbox.retry_held() == 1
        assert (await _held(database))["next_attempt_at"] is None


async def test_where_a_waiting_event_kills_it_is_held_and_not_the_one_it_waited_for(database: Database) -> None:
    request_id = new_id()
    first, poison = wire(a_message(request_id, "1"), 1), wire(a_message(request_id, "deadly"), 2)
    inbox = Inbox(database, DEADLY)
    await inbox.process([Message(poison, "")])
    await die(inbox, Message(first, ""), 1)
    await die(inbox, again(first), FATAL_AFTER)
    await inbox.process([again(first)])
    assert await effects(database, request_id) == ["1"]
    held = await _held(database)
    assert (held["sequence"], held["next_attempt_at"]) == (2, None)


async def test_where_one_behind_a_held_event_kills_it_is_named_in_its_turn(database: Database) -> None:
    request_id = new_id()
    failing = [wire(a_message(request_id, text), number) for number, text in ((1, "fail"), (2, "deadly"), (3, "3"))]
    await Inbox(database, NOTING).process([Message(body, "") for body in failing])

    async def mended(tx: Transaction, fact: MessagePosted) -> None:
        await _deadly(tx, fact.model_copy(update={"text": fact.text.replace("fail", "1")}))

    inbox = Inbox(database, EventHandlers({MessagePosted: mended}))
    for _ in range(FATAL_AFTER):
        await database.fetch("UPDATE inbox_held SET next_attempt_at = now()")
        with pytest.raises(Killed):
            await inbox.retry_held()
    await database.fetch("UPDATE inbox_held SET next_attempt_at = now()")
    await inbox.retry_held()
    assert await effects(database, request_id) == ["1"]
    held = await _held(database)
    assert (held["sequence"], held["attempts"], held["next_attempt_at"]) == (2, 1, None)


@pytest.mark.parametrize("take", [again, lambda body: Message(body, "")])
async def test_an_attempt_that_we_break_off_ourselves_is_not_counted(
    database: Database, take: Callable[[bytes], Message]
) -> None:
    begun = asyncio.Event()

    async def slow(_tx: Transaction, _fact: MessagePosted) -> None:
        begun.set()
        await asyncio.sleep(60)

    request_id = new_id()
    body = wire(a_message(request_id, "1"), 1)
    for _ in range(FATAL_AFTER + 2):
        begun.clear()
        task = asyncio.create_task(Inbox(database, EventHandlers({MessagePosted: slow})).process([take(body)]))
        await begun.wait()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
    assert await database.fetchval("SELECT count(*) FROM inbox_attempt") == 0
    await Inbox(database, NOTING).process([take(body)])
    assert await effects(database, request_id) == ["1"]


async def test_an_attempt_broken_off_takes_back_itself_and_not_those_that_ended_in_death(database: Database) -> None:
    body = wire(a_message(new_id(), "deadly"), 1)
    await die(Inbox(database, DEADLY), again(body), 3)
    begun = asyncio.Event()

    async def slow(_tx: Transaction, _fact: MessagePosted) -> None:
        begun.set()
        await asyncio.sleep(60)

    task = asyncio.create_task(Inbox(database, EventHandlers({MessagePosted: slow})).process([again(body)]))
    await begun.wait()
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    assert await database.fetchval("SELECT attempts FROM inbox_attempt") == 3


async def test_attempts_of_messages_that_are_gone_do_not_pile_up(database: Database) -> None:
    gone, present = (wire(a_message(new_id(), "deadly"), 1) for _ in range(2))
    inbox = Inbox(database, DEADLY)
    await die(inbox, again(gone), 1)
    await database.fetch("UPDATE inbox_attempt SET last_at = now() - interval '8 days'")
    await die(inbox, again(present), 2)
    await inbox.forget_old_attempts()
    assert [row["attempts"] for row in await database.fetch("SELECT attempts FROM inbox_attempt")] == [2]


async def test_what_came_before_is_taken_together_once_and_alone_only_after_that_went_wrong(
    database: Database,
) -> None:
    request_id = new_id()
    poison = again(wire(a_message(new_id(), "deadly"), 1))
    healthy = [again(wire(a_message(request_id, str(number)), number)) for number in (1, 2)]
    inbox = Inbox(database, DEADLY)
    with pytest.raises(Killed):
        await inbox.process([healthy[0], poison, healthy[1]])
    assert await effects(database, request_id) == []
    safe: list[Message] = []
    with pytest.raises(Killed):
        await inbox.process([healthy[0], poison, healthy[1]], safe.append)
    assert safe == [healthy[0]]
    assert await effects(database, request_id) == ["1"]


async def test_a_redelivered_message_that_is_well_leaves_no_attempt_behind(database: Database) -> None:
    request_id = new_id()
    bodies = [wire(a_message(request_id, str(number)), number) for number in (3, 1, 2)]
    garbage = again(b"\x00garbage")
    inbox = Inbox(database, NOTING)
    await inbox.process([*map(again, bodies), garbage, *map(again, bodies)])
    assert await effects(database, request_id) == ["1", "2", "3"]
    assert await database.fetchval("SELECT count(*) FROM inbox_attempt") == 0
    assert await database.fetchval("SELECT count(*) FROM inbox_waiting") == 0


async def _held(database: Database) -> Any:
    held = await database.fetchrow("SELECT sequence, attempts, reason, next_attempt_at FROM inbox_held")
    assert held is not None
    return held


async def test_a_table_that_is_locked_for_long_condemns_no_healthy_event(fresh: FreshDatabase) -> None:
    """As REINDEX, VACUUM FULL or a migration does: each attempt ends by its timeout, more often than kills do."""
    pool = await asyncpg.create_pool(fresh.app_url, min_size=1, max_size=2, command_timeout=0.1)
    inbox = Inbox(Database(pool), NOTING)
    request_id, other = new_id(), new_id()
    messages = [Message(wire(a_message(one), 1), "", redelivered=True) for one in (request_id, other)]
    owner = await asyncpg.connect(fresh.owner_url)
    async with owner.transaction():
        await owner.execute("LOCK TABLE inbox_stream IN ACCESS EXCLUSIVE MODE")
        for _ in range(2 * FATAL_AFTER + 2):
            with pytest.raises(AWAY):
                await inbox.process(messages[:1])
            with pytest.raises(AWAY):
                await inbox.process(messages[1:])
    await pool.close()
    database = await Database.connect(fresh.app_url, name="test")
    inbox = Inbox(database, NOTING)
    assert await inbox.process(messages) == []
    assert (await effects(database, request_id), await effects(database, other)) == (["Bonjour"], ["Bonjour"])
    assert await database.fetchval("SELECT count(*) FROM inbox_held") == 0
    assert await database.fetchval("SELECT count(*) FROM inbox_attempt") == 0
    await database.close()
    await owner.close()
