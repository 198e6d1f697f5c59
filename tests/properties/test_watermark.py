"""However transactions and the relay's looks interleave: once all have ended, everything committed was published."""

import asyncio
import contextlib
import random
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from enum import Enum
from typing import Final
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.clock import new_id
from shared.db import Connection, Database, Row, Transaction
from shared.messaging import journal, relay
from shared.messaging.outbox_watermark import OutboxWatermark
from tests.properties.effort import effort
from tests.properties.test_relay import TABLES, a_fact

WRITERS: Final = 3
"""Business transactions that may be open beside each other; short ones come between."""

ROOM: Final = 5
"""Small looks, so that one often does not see all that waits."""


@dataclass(frozen=True)
class Plan:
    """What one business transaction does."""

    assigned: bool
    """Whether it has its id before it records, as after a use case has changed a row."""
    events: int
    savepoint: bool
    """Whether it records within a savepoint, as a batch of the inbox does that is tried event by event."""
    commits: bool

    @property
    def steps(self) -> int:
        """Count its steps: begin, record …, end."""
        return 2 + self.events


class Relays(Enum):
    """What the relay and its broker do between two steps of transactions."""

    LOOK = "the relay looks"
    LOOK_AT_MORE = "a short transaction commits, and the relay looks"
    CONFIRM = "the broker confirms what is under way"
    FAIL = "a publish fails"


Schedule = list["int | Relays"]
"""Whose transaction takes its next step, and what the relay does between."""

SPRINKLED: Final = {Relays.LOOK: 6, Relays.LOOK_AT_MORE: 3, Relays.CONFIRM: 3, Relays.FAIL: 1}
"""How often each comes between two steps, one in `ONE_IN` times."""

ONE_IN: Final = 12

PLANS: Final = st.builds(
    Plan,
    assigned=st.booleans(),
    events=st.integers(1, 2),
    savepoint=st.booleans(),
    commits=st.sampled_from((*[True] * 7, False)),
)


def scheduled(plans: list[Plan], chance: random.Random) -> Schedule:
    """Order the steps of these transactions, and the relay's looks, in one of all possible ways.

    Three times out of four two looks come while some have ended and the others, with all their positions drawn, have
    not: where a watermark that is wrong passes an event. Merely drawn, that comes once in hundreds of times.
    """
    steps: Schedule = [who for who, plan in enumerate(plans) for _ in range(plan.steps)]
    chance.shuffle(steps)
    if chance.random() < 0.75:
        everybody = list(range(len(plans)))
        begins, ends = chance.sample(everybody, len(plans)), chance.sample(everybody, len(plans))
        records = [who for who, plan in enumerate(plans) for _ in range(plan.events)]
        chance.shuffle(records)
        ended = chance.randint(1, len(plans) - 1)
        steps = [*begins, *records, *ends[:ended], Relays.LOOK, Relays.LOOK_AT_MORE, *ends[ended:]]
    sprinkled: Schedule = []
    for step in steps:
        sprinkled.append(step)
        if chance.randrange(ONE_IN) == 0:
            sprinkled += chance.choices(tuple(SPRINKLED), tuple(SPRINKLED.values()))
    return sprinkled


class Writer:
    """A session that goes through the steps of a transaction."""

    def __init__(self, connection: Connection, plan: Plan) -> None:
        self._tx = Transaction(connection)
        self._open = connection.transaction()
        self._plan = plan
        self._recorded: list[UUID] = []
        self._steps: list[Callable[[], Awaitable[list[UUID]]]] = [
            self._begin,
            *[self._record] * plan.events,
            self._end,
        ]

    async def step(self) -> list[UUID]:
        """Take the next step; give what it committed."""
        return await self._steps.pop(0)()

    async def _begin(self) -> list[UUID]:
        await self._open.start()
        if self._plan.assigned:
            await self._tx.execute("SELECT pg_current_xact_id()")
        return []

    async def _record(self) -> list[UUID]:
        """Record an event of a request of its own, so that no writer waits for another."""
        async with self._tx.savepoint() if self._plan.savepoint else contextlib.nullcontext():
            self._recorded.append(await journal.record(self._tx, a_fact(new_id())))
        return []

    async def _end(self) -> list[UUID]:
        await (self._open.commit() if self._plan.commits else self._open.rollback())
        return self._recorded if self._plan.commits else []


class Looks:
    """The relay's looks, one at a time, at moments of the test's choice."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._reach = OutboxWatermark()
        self._under_way: list[Row] = []
        self._confirmed: list[Row] = []
        self.published: set[UUID] = set()

    async def look(self) -> list[Row]:
        """Read what waits, as `Relay` does, and publish it."""
        found = await relay._next(self._connection, self._confirmed, self._under_way, after=self._reach.position)  # noqa: SLF001 - one look
        self._confirmed = []
        self._reach.observe(found, room=ROOM)
        self._under_way += found
        self.published |= {row["id"] for row in found}
        return found

    def confirm(self) -> None:
        """Have the broker confirm what is under way; the next look deletes it."""
        self._confirmed, self._under_way = [*self._confirmed, *self._under_way], []

    def fail(self) -> None:
        """Have what is under way fail; the next looks find it again."""
        self.published -= {row["id"] for row in self._under_way}
        self._under_way = []
        self._reach.reset()


async def _go_through(connections: list[Connection], plans: list[Plan], schedule: Schedule) -> None:
    looking, short, *others = connections
    looks = Looks(looking)
    writers = [Writer(one, plan) for one, plan in zip(others, plans, strict=False)]
    committed: set[UUID] = set()
    for step in schedule:
        match step:
            case int():
                committed |= set(await writers[step].step())
            case Relays.LOOK:
                await looks.look()
            case Relays.LOOK_AT_MORE:
                async with short.transaction():
                    committed.add(await journal.record(Transaction(short), a_fact(new_id())))
                await looks.look()
            case Relays.CONFIRM:
                looks.confirm()
            case Relays.FAIL:
                looks.fail()
    while await looks.look():
        looks.confirm()
    assert looks.published == committed


async def test_everything_committed_is_published_in_every_interleaving_of_transactions_and_looks(
    database: Database, owner: Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(relay, "NEW", ROOM)
    loop = asyncio.get_running_loop()
    async with contextlib.AsyncExitStack() as stack:
        connections = [await stack.enter_async_context(database.connection()) for _ in range(2 + WRITERS)]

        async def one(plans: list[Plan], seed: int) -> None:
            await owner.execute(";".join(f"DELETE FROM {table}" for table in TABLES))
            await _go_through(connections, plans, scheduled(plans, random.Random(seed)))  # noqa: S311 - no secret

        @effort(examples=150, steps=1)
        @given(plans=st.lists(PLANS, min_size=2, max_size=WRITERS), seed=st.integers(0, 2**32))
        def holds(plans: list[Plan], seed: int) -> None:
            asyncio.run_coroutine_threadsafe(one(plans, seed), loop).result(60)

        await asyncio.to_thread(holds)
