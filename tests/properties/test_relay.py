"""Whatever the broker answers and whoever dies: an event leaves the outbox only once the broker has it for sure."""

import asyncio
import contextlib
import json
from collections import defaultdict
from collections.abc import Callable, Coroutine, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import Enum
from typing import Final, NamedTuple
from uuid import UUID

import aio_pika
import aio_pika.exceptions
import aiormq.exceptions
import asyncpg
import pytest
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from shared.clock import new_id
from shared.contracts.intake import MessagePosted
from shared.db import Database
from shared.messaging import journal, relay
from shared.messaging.envelope import DIGEST, digest_of
from shared.messaging.names import RESEND_EXCHANGE, exchange_of
from shared.messaging.publisher import Publisher
from shared.messaging.relay import Relay
from tests.properties.conftest import Wait, live
from tests.properties.effort import effort

AT: Final = datetime(2026, 3, 2, 9, 30, tzinfo=UTC)
NEW, AGAIN = 3, 1
"""Small batches, so that much is left for the next one."""
TABLES: Final = ("outbox", "stream")
QUEUES: Final = ("qualification.95", "escalation")


class Fate(Enum):
    """What becomes of one publish."""

    CONFIRMED = "confirmed"
    RETURNED = "nobody listens"
    REFUSED = "the broker says no"
    AWAY = "the connection is gone before it was sent"
    UNANSWERED = "the broker has it, its confirmation never comes"


class Row(NamedTuple):
    """What waits in the outbox: an event, for everybody or for one queue."""

    event_id: UUID
    queue: str


class Returned(aio_pika.exceptions.PublishError):
    """The broker gave a message back, without its frames, which nobody here looks at."""

    def __init__(self) -> None:
        Exception.__init__(self, "returned")


class Refused(aio_pika.exceptions.DeliveryError):
    """The broker said no."""

    def __init__(self) -> None:
        Exception.__init__(self, "refused")


class FakeBroker:
    """The broker at the publish boundary: it keeps what it accepted, and answers as told."""

    def __init__(self, fates: Iterator[Fate]) -> None:
        self._fates = fates
        self.begun: list[Row] = []
        self.confirmed: set[Row] = set()
        self.returned: set[Row] = set()
        self.bodies: dict[UUID, bytes] = {}

    def connect(self, publisher: Publisher) -> Callable[[], Coroutine[None, None, bool]]:
        """Be there: the publisher has its exchanges."""

        async def connect() -> bool:
            names = (exchange_of("intake"), RESEND_EXCHANGE)
            publisher._exchanges = {name: FakeExchange(self, name) for name in names}  # type: ignore[misc] # noqa: SLF001 - the seam
            return True

        return connect

    async def take(self, message: aio_pika.Message, row: Row) -> None:
        """Take a message, or not; the answers of a batch come in any order."""
        content = message.body
        assert message.delivery_mode is aio_pika.DeliveryMode.PERSISTENT
        assert message.headers[DIGEST] == digest_of(content)
        self.begun.append(row)
        fate = next(self._fates)
        await asyncio.sleep(0)
        match fate:
            case Fate.CONFIRMED | Fate.UNANSWERED:
                self.bodies[row.event_id] = content
                if fate is Fate.UNANSWERED:
                    raise TimeoutError
                self.confirmed.add(row)
            case Fate.RETURNED:
                self.returned.add(row)
                raise Returned
            case Fate.REFUSED:
                raise Refused
            case Fate.AWAY:
                raise aiormq.exceptions.ChannelInvalidStateError


@dataclass(frozen=True)
class FakeExchange:
    """Where a relay publishes."""

    broker: FakeBroker
    name: str

    async def publish(self, message: aio_pika.Message, routing_key: str, *, mandatory: bool) -> None:
        """Hand a message over."""
        assert mandatory
        assert message.message_id
        resent = self.name == RESEND_EXCHANGE
        await self.broker.take(message, Row(UUID(message.message_id), routing_key if resent else ""))


class Hasty(Relay):
    """A relay that does not wait for a broker that said no."""

    async def _rest(self, seconds: float) -> None:
        await super()._rest(min(seconds, 0.002))


class RelayLife(RuleBasedStateMachine):
    """A service that tells, two relays that may die, and a broker that answers as it likes."""

    def __init__(self, wait: Wait, database: Database, owner: "asyncpg.Connection[asyncpg.Record]") -> None:
        super().__init__()
        self.wait = wait
        self.database = database
        self.requests = [new_id(), new_id()]
        self.told: dict[UUID, tuple[UUID, int]] = {}
        self.owed: set[Row] = set()
        self.first: dict[UUID, list[int]] = defaultdict(list)
        self.arrived: set[UUID] = set()
        self.rounds: list[FakeBroker] = []
        wait(owner.execute(";".join(f"DELETE FROM {table}" for table in TABLES)))

    @rule(which=st.lists(st.integers(0, 1), min_size=1, max_size=4))
    def something_is_told(self, which: list[int]) -> None:
        async def tell() -> None:
            async with self.database.transaction() as tx:
                for one in which:
                    fact = a_fact(self.requests[one])
                    event_id = await journal.record(tx, fact)
                    sequence = await tx.fetchval("SELECT sequence FROM journal WHERE id = $1", event_id)
                    self.told[event_id] = (fact.request_id, sequence)
                    self.owed.add(Row(event_id, ""))

        self.wait(tell())

    @rule(which=st.integers(0, 1))
    def something_is_undone(self, which: int) -> None:
        """What is not committed is told to nobody."""

        async def tell() -> None:
            with contextlib.suppress(ZeroDivisionError):
                async with self.database.transaction() as tx:
                    await journal.record(tx, a_fact(self.requests[which]))
                    raise ZeroDivisionError

        self.wait(tell())

    @rule(queue=st.sampled_from(QUEUES), number=st.integers(0, 20))
    def a_queue_wants_an_event_again(self, queue: str, number: int) -> None:
        if not self.told:
            return
        event_id = list(self.told)[number % len(self.told)]
        self.wait(
            self.database.fetch(
                """
                INSERT INTO outbox (position, queue) SELECT position, $2 FROM journal WHERE id = $1
                ON CONFLICT DO NOTHING
                """,
                event_id,
                queue,
            )
        )
        self.owed.add(Row(event_id, queue))

    @rule(fates=st.lists(st.sampled_from(Fate), min_size=1, max_size=7), relays=st.integers(1, 2), dies=st.booleans())
    def it_is_relayed(self, fates: list[Fate], relays: int, dies: bool) -> None:
        """One or two relays work until so many publishes were begun; then they stop, or die in the middle."""
        broker = FakeBroker(iter(fates))
        self.wait(_relay(self.database, broker, relays=relays, publishes=len(fates), dies=dies))
        self._learn(broker)

    @invariant()
    def only_what_the_broker_has_for_sure_left_the_outbox(self) -> None:
        rows = self.wait(self.database.fetch("SELECT j.id, o.queue FROM outbox o JOIN journal j USING (position)"))
        stands = {Row(row["id"], row["queue"]) for row in rows}
        assert stands <= self.owed, "something is published that was not committed"
        assert not self.owed - stands, "an event left the outbox before its confirmation"

    @invariant()
    def each_stream_was_begun_in_its_order(self) -> None:
        for sequences in self.first.values():
            assert sequences == sorted(sequences)

    def teardown(self) -> None:
        """At the end the broker is well: nothing stays, and everything told has arrived as it was written."""
        broker = FakeBroker(_always_confirmed())
        self.wait(_relay(self.database, broker, relays=2, publishes=10_000, dies=False))
        self._learn(broker)
        assert not self.owed
        assert self.arrived >= set(self.told)
        assert self.wait(self.database.fetchval("SELECT count(*) FROM outbox")) == 0

    def _learn(self, broker: FakeBroker) -> None:
        """Take note of what a round did: what was confirmed may leave, and so may a resend that nobody wanted."""
        seen = {row.event_id for earlier in self.rounds for row in earlier.begun if not row.queue}
        for row in broker.begun:
            if not row.queue and row.event_id not in seen:
                seen.add(row.event_id)
                request_id, sequence = self.told[row.event_id]
                self.first[request_id].append(sequence)
        gone = broker.confirmed | {row for row in broker.returned if row.queue}
        rows = self.wait(self.database.fetch("SELECT j.id, o.queue FROM outbox o JOIN journal j USING (position)"))
        self.owed -= gone - {Row(row["id"], row["queue"]) for row in rows}
        for event_id, body in broker.bodies.items():
            envelope = json.loads(body)
            assert envelope["id"] == str(event_id)
            assert (UUID(envelope["subject"]), envelope["sequence"]) == self.told[event_id]
        self.arrived |= set(broker.bodies)
        self.rounds.append(broker)


def a_fact(request_id: UUID) -> MessagePosted:
    return MessagePosted(request_id=request_id, departement="95", at=AT, message_id=new_id(), text="Bonjour é\u2028")


def _always_confirmed() -> Iterator[Fate]:
    while True:
        yield Fate.CONFIRMED


async def _relay(database: Database, broker: FakeBroker, *, relays: int, publishes: int, dies: bool) -> None:
    """Run relays until there is nothing to do or so many publishes were begun."""
    several = [Hasty(database, "amqp://127.0.0.1:1/", name="intake", poll=0.005) for _ in range(relays)]
    for one in several:
        one.publisher.connect = broker.connect(one.publisher)  # type: ignore[method-assign] # everything a relay publishes goes through it
    tasks = [asyncio.create_task(one.run()) for one in several]
    async with asyncio.timeout(30):
        while len(broker.begun) < publishes and await database.fetchval("SELECT EXISTS (SELECT FROM outbox)"):
            assert not any(task.done() for task in tasks), "a relay ended by itself"
            await asyncio.sleep(0)
    for one, task in zip(several, tasks, strict=True):
        if dies:
            task.cancel()
        else:
            await one.stop()
    outcomes = await asyncio.gather(*tasks, return_exceptions=True)
    assert all(outcome is None or isinstance(outcome, asyncio.CancelledError) for outcome in outcomes), outcomes


async def test_only_what_was_confirmed_leaves_and_in_the_end_nothing_stays(
    database: Database, owner: "asyncpg.Connection[asyncpg.Record]", monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(relay, "NEW", NEW)
    monkeypatch.setattr(relay, "AGAIN", AGAIN)
    await live(lambda wait: RelayLife(wait, database, owner), effort(examples=15, steps=12))
