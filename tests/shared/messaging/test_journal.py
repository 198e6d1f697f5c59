"""What a service tells is written with its state, numbered without holes, chained, and never changed."""

import asyncio
import hashlib
import json
from datetime import timedelta

import asyncpg
import pytest

from deploy.local.rabbitmq import LARGEST_MESSAGE, LocalRabbit
from shared.clock import new_id
from shared.db import Cause, Database
from shared.messaging import journal
from shared.messaging.envelope import Envelope, chain_hash
from shared.messaging.inbox.inbox import Inbox
from shared.messaging.inbox.message import Message
from shared.messaging.journal import LARGEST, EventTooLarge
from shared.web.problems import problem_of
from tests.conftest import FreshDatabase
from tests.shared.messaging.conftest import AT, NOTING, a_message
from tests.wire import wire


async def test_an_event_is_numbered_in_its_stream_and_waits_for_the_broker(database: Database) -> None:
    request_id, other = new_id(), new_id()
    async with database.transaction() as tx:
        await journal.record(tx, a_message(request_id))
        await journal.record(tx, a_message(other))
        await journal.record(tx, a_message(request_id))
    rows = await database.fetch(
        "SELECT sequence FROM journal JOIN outbox USING (position) WHERE subject = $1 ORDER BY position",
        str(request_id),
    )
    assert [row["sequence"] for row in rows] == [1, 2]


async def test_the_body_is_a_complete_cloud_event(database: Database) -> None:
    fact = a_message(new_id(), "Café « à côté » d’ici")
    async with database.transaction(Cause("corr", "cause", "00-trace-01")) as tx:
        event_id = await journal.record(tx, fact)
    body = json.loads(await database.fetchval("SELECT body FROM journal WHERE id = $1", event_id))
    assert body.pop("data") == fact.model_dump(mode="json")
    assert body == {
        "specversion": "1.0",
        "sequence": 1,
        "id": str(event_id),
        "source": "/intake",
        "type": "intake.message_posted.v1",
        "subject": str(fact.request_id),
        "time": "2026-03-02T09:30:00+00:00",
        "datacontenttype": "application/json",
        "departement": "95",
        "correlationid": "corr",
        "causationid": "cause",
        "traceparent": "00-trace-01",
    }


async def test_what_is_rolled_back_was_never_told(database: Database) -> None:
    request_id = new_id()
    with pytest.raises(RuntimeError):
        async with database.transaction() as tx:
            await journal.record(tx, a_message(request_id))
            raise RuntimeError
    async with database.transaction() as tx:
        await journal.record(tx, a_message(request_id))
    sequences = await database.fetch("SELECT sequence FROM journal WHERE subject = $1", str(request_id))
    assert [row["sequence"] for row in sequences] == [1]


async def test_each_hash_seals_the_event_before_it(database: Database) -> None:
    request_id = new_id()
    for _ in range(3):
        async with database.transaction() as tx:
            await journal.record(tx, a_message(request_id))
    rows = await database.fetch("SELECT body, hash FROM journal WHERE subject = $1 ORDER BY sequence", str(request_id))
    previous = b""
    for row in rows:
        previous = hashlib.sha256(previous + row["body"].encode()).digest()
        assert row["hash"] == previous
    assert await database.fetchval("SELECT hash FROM stream WHERE subject = $1", str(request_id)) == previous


async def test_each_event_carries_the_hash_of_its_predecessor_so_that_its_own_follows_from_its_body(
    database: Database,
) -> None:
    request_id = new_id()
    for _ in range(3):
        async with database.transaction() as tx:
            await journal.record(tx, a_message(request_id, "Café"))
    rows = await database.fetch("SELECT body, hash FROM journal WHERE subject = $1 ORDER BY sequence", str(request_id))
    envelopes = [Envelope.read(row["body"].encode()) for row in rows]
    assert [one.previoushash for one in envelopes] == [None, *(row["hash"].hex() for row in rows[:2])]
    for row, envelope in zip(rows, envelopes, strict=True):
        assert chain_hash(bytes.fromhex(envelope.previoushash or ""), row["body"].encode()) == row["hash"]


async def test_concurrent_writers_of_one_stream_leave_no_hole_and_no_double(database: Database) -> None:
    request_id = new_id()

    async def tell() -> None:
        async with database.transaction() as tx:
            await journal.record(tx, a_message(request_id))

    await asyncio.gather(*(tell() for _ in range(40)))
    rows = await database.fetch("SELECT sequence FROM journal WHERE subject = $1 ORDER BY position", str(request_id))
    assert [row["sequence"] for row in rows] == list(range(1, 41))


@pytest.mark.parametrize(
    "statement", ["UPDATE journal SET type = 'x'", "DELETE FROM journal", "TRUNCATE journal CASCADE"]
)
async def test_nobody_changes_the_journal_not_even_its_owner(
    database: Database, fresh: FreshDatabase, statement: str
) -> None:
    async with database.transaction() as tx:
        await journal.record(tx, a_message(new_id()))
    owner = await asyncpg.connect(fresh.owner_url)
    with pytest.raises(asyncpg.RaiseError, match="append-only"):
        await owner.execute(statement)
    await owner.close()


async def test_what_answers_is_told_as_later_than_what_it_answers_also_by_a_clock_that_is_behind(
    database: Database,
) -> None:
    request_id = new_id()
    heard = a_message(request_id).model_copy(update={"at": AT + timedelta(hours=5)})
    inbox = Inbox(database, NOTING)
    await inbox.process([Message(wire(heard, 1, source="/intake/elsewhere"), heard.routing_key)])
    told = []
    for _ in range(2):
        async with database.transaction() as tx:
            answer = a_message(request_id)
            told.append(await journal.in_time(tx, answer.source, request_id, answer.at))
            await journal.record(tx, answer.model_copy(update={"at": told[-1]}))
    assert heard.at < told[0] < told[1]


async def test_what_is_later_anyway_keeps_its_moment(database: Database) -> None:
    request_id = new_id()
    async with database.transaction() as tx:
        await journal.record(tx, a_message(request_id))
        later = AT + timedelta(seconds=1)
        assert await journal.in_time(tx, a_message(request_id).source, request_id, later) == later


async def test_an_event_above_the_bound_is_refused_by_name_and_nothing_of_its_transaction_stays(
    database: Database,
) -> None:
    request_id = new_id()
    with pytest.raises(EventTooLarge) as refused:
        async with database.transaction() as tx:
            await journal.record(tx, a_message(request_id))
            await journal.record(tx, a_message(request_id, "é" * (LARGEST // 2)))
    assert await database.fetchval("SELECT count(*) FROM journal") == 0
    problem = problem_of(refused.value)
    assert (problem.status, problem.refusal.code) == (413, "event_too_large")


async def test_the_largest_event_is_recorded_and_the_broker_takes_four_times_as_much(database: Database) -> None:
    async with database.transaction() as tx:
        event_id = await journal.record(tx, a_message(new_id(), "x" * (LARGEST - 1000)))
    size = await database.fetchval("SELECT octet_length(body) FROM journal WHERE id = $1", event_id)
    assert LARGEST - 1000 < size <= LARGEST + 50
    assert LARGEST_MESSAGE == 4 * LARGEST


async def test_the_broker_is_told_what_it_takes(rabbit_server: LocalRabbit) -> None:
    """By its own answer, not by its file."""
    taken = await rabbit_server.ctl("eval", "application:get_env(rabbit, max_message_size).")
    assert taken.strip() == f"{{ok,{LARGEST_MESSAGE}}}"


async def test_the_latest_moment_known_never_goes_back(database: Database) -> None:
    request_id = new_id()
    inbox = Inbox(database, NOTING)
    late = AT + timedelta(hours=5)
    for number, at in ((1, late), (2, AT)):
        fact = a_message(request_id).model_copy(update={"at": at})
        await inbox.process([Message(wire(fact, number), fact.routing_key)])
    assert await database.fetchval("SELECT latest FROM inbox_stream") == late


async def test_a_head_belongs_to_the_departement_of_the_last_event(database: Database) -> None:
    request_id = new_id()
    for departement in ("95", "78"):
        async with database.transaction() as tx:
            await journal.record(tx, a_message(request_id).model_copy(update={"departement": departement}))
    assert await database.fetchval("SELECT departement FROM stream") == "78"
