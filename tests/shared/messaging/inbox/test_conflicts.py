"""A batch that meets a deadlock is applied again at once: no event of it has failed, no stream waits."""

import asyncio
from uuid import UUID

import asyncpg
import pytest

from shared.clock import new_id
from shared.contracts import qualification
from shared.contracts.intake import MessagePosted
from shared.db import Database, Transaction
from shared.messaging.handlers import EventHandlers
from shared.messaging.inbox.inbox import Inbox
from shared.messaging.inbox.message import Message
from tests.contracts.examples import EXAMPLES
from tests.deadlocks import deadlocks
from tests.shared.messaging.conftest import a_message, effects, note
from tests.wire import wire


class DeadlockingNote:
    """A handler whose transaction is rolled back for another one's sake, so many times."""

    def __init__(self, times: int) -> None:
        self.left = times

    async def __call__(self, tx: Transaction, fact: MessagePosted) -> None:
        await note(tx, fact)
        if self.left and fact.text == "deadlock":
            self.left -= 1
            await tx.execute("DO $$ BEGIN RAISE EXCEPTION 'as if' USING ERRCODE = '40P01'; END $$")


def message(request_id: UUID, sequence: int, text: str, **members: str) -> Message:
    return Message(wire(a_message(request_id, text), sequence, **members), "intake.message_posted.95")


@pytest.mark.parametrize("neighbour", ["Bonjour", "fail"])
@pytest.mark.parametrize("times", [1, 3])
async def test_it_is_applied_again_at_once_and_counted_as_no_failure(
    database: Database, times: int, neighbour: str
) -> None:
    one, other = new_id(), new_id()
    inbox = Inbox(database, EventHandlers({MessagePosted: DeadlockingNote(times)}))
    await inbox.process([message(one, 1, "deadlock"), message(one, 2, "after"), message(other, 1, neighbour)])
    assert await effects(database, one) == ["deadlock", "after"]
    held = await database.fetch("SELECT subject FROM inbox_held")
    assert [row["subject"] for row in held] == ([str(other)] if neighbour == "fail" else [])


async def test_what_had_waited_is_applied_again_too(database: Database) -> None:
    one = new_id()
    inbox = Inbox(database, EventHandlers({MessagePosted: DeadlockingNote(1)}))
    await inbox.process([message(one, 2, "deadlock")])
    await inbox.process([Message(wire(a_message(one, "first"), 1), "intake.message_posted.95", redelivered=True)])
    assert await effects(database, one) == ["first", "deadlock"]
    assert not await database.fetchval("SELECT count(*) FROM inbox_held")
    assert not await database.fetchval("SELECT count(*) FROM inbox_attempt")


async def test_when_it_never_ends_the_messages_stay_in_hand_and_nothing_is_held(database: Database) -> None:
    one = new_id()
    inbox = Inbox(database, EventHandlers({MessagePosted: DeadlockingNote(1000)}))
    with pytest.raises(asyncpg.DeadlockDetectedError):
        await inbox.process([message(one, 1, "deadlock")])
    assert await effects(database, one) == []
    assert not await database.fetchval("SELECT count(*) FROM inbox_held")


async def test_two_sources_of_one_request_are_not_applied_beside_each_other(database: Database) -> None:
    """Their handlers lock the rows of the request in opposite orders, which ends in no deadlock."""
    request_id = new_id()
    async with database.transaction() as tx:
        await tx.execute("""
            INSERT INTO inbox_expected (source, subject, sequence, departement, next_ask_at)
            VALUES ('r', 'a', 1, '95', now()), ('r', 'b', 1, '95', now())
            """)

    async def lock_two(tx: Transaction, fact: MessagePosted | qualification.MessagePosted) -> None:
        for row in fact.text:
            await tx.execute("SELECT FROM inbox_expected WHERE subject = $1 FOR UPDATE", row)
            await tx.execute("SELECT pg_sleep(0.1)")
        await tx.execute("INSERT INTO effect (request_id, text) VALUES ($1, $2)", fact.request_id, fact.text)

    inbox = Inbox(database, EventHandlers({MessagePosted: lock_two, qualification.MessagePosted: lock_two}))
    answer = EXAMPLES["qualification.message_posted.v1"].model_copy(update={"request_id": request_id, "text": "ba"})
    await asyncio.gather(
        inbox.process([message(request_id, 1, "ab")]),
        inbox.process([Message(wire(answer, 1), answer.routing_key)]),
    )
    assert sorted(await effects(database, request_id)) == ["ab", "ba"]
    assert await deadlocks(database) == 0


async def test_events_that_stand_alone_are_applied_in_the_order_of_their_requests(database: Database) -> None:
    """Their ids say nothing: two batches of transfers would lock the same cases in opposite orders."""
    requests = sorted((new_id() for _ in range(5)), reverse=True)
    inbox = Inbox(database, EventHandlers({MessagePosted: note}, alone=[MessagePosted]))
    await inbox.process([message(request_id, 1, str(n)) for n, request_id in enumerate(requests)])
    rows = await database.fetch("SELECT request_id FROM effect ORDER BY id")
    assert [row["request_id"] for row in rows] == sorted(requests)
