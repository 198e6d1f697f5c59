"""Events are replayed in an order that could have been, whatever the services' clocks said."""

import json
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

import asyncpg
import pytest

from services.operations.usecases.replay.order import merge_journals
from shared.clock import new_id
from shared.db import Database
from tests.conftest import FreshDatabase

NINE = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)


class Teller:
    """One service's journal, written by a clock that may be wrong."""

    def __init__(self, name: str, database: Database, owner: "asyncpg.Connection[asyncpg.Record]") -> None:
        self.name = name
        self.database = database
        self._owner = owner
        self._sequences: dict[str, int] = {}

    async def tells(self, subject: str, *, minute: float, cause: object = None) -> UUID:
        """Write an event down, at a minute after nine."""
        event_id = new_id()
        self._sequences[subject] = sequence = self._sequences.get(subject, 0) + 1
        body = {"id": str(event_id), "sequence": sequence} | ({"causationid": str(cause)} if cause else {})
        await self._owner.execute(
            """
            INSERT INTO journal (id, source, subject, sequence, type, routing_key, recorded_at, body, hash)
            VALUES ($1, $2, $3, $4, 'intake.message_posted.v1', 'intake.message_posted.95', $5, $6, '')
            """,
            event_id,
            f"/{self.name}",
            subject,
            sequence,
            NINE + timedelta(minutes=minute),
            json.dumps(body),
        )
        return event_id


@pytest.fixture
async def tellers(
    fresh_database: Callable[[str], Awaitable[FreshDatabase]],
) -> AsyncIterator[tuple[Teller, Teller]]:
    made = []
    for name in ("intake", "escalation"):
        fresh = await fresh_database("shared")
        owner = await asyncpg.connect(fresh.owner_url)
        made.append(Teller(name, await Database.connect(fresh.app_url, name="test"), owner))
    yield made[0], made[1]
    for teller in made:
        await teller.database.close()
        await teller._owner.close()  # noqa: SLF001 - ours


async def given(*tellers: Teller) -> list[UUID]:
    return [event.id async for event in merge_journals([teller.database for teller in tellers])]


async def test_the_journals_are_one_by_the_time_of_recording(tellers: tuple[Teller, Teller]) -> None:
    intake, escalation = tellers
    first = await intake.tells("a", minute=1)
    third = await intake.tells("b", minute=3)
    second = await escalation.tells("a", minute=2)
    fourth = await escalation.tells("b", minute=4)
    assert await given(intake, escalation) == [first, second, third, fourth]


async def test_nothing_comes_before_what_led_to_it_though_its_clock_be_behind(tellers: tuple[Teller, Teller]) -> None:
    intake, escalation = tellers
    cause = await intake.tells("a", minute=10)
    answer = await escalation.tells("a", minute=1, cause=cause)
    after = await escalation.tells("a", minute=2)
    elsewhere = await escalation.tells("b", minute=3)
    last = await intake.tells("a", minute=11, cause=after)
    assert await given(intake, escalation) == [elsewhere, cause, answer, after, last]


async def test_what_a_stranger_led_to_waits_for_nothing(tellers: tuple[Teller, Teller]) -> None:
    intake, escalation = tellers
    filed = await intake.tells("a", minute=1, cause=uuid4())
    named = await intake.tells("b", minute=2, cause="a-form-of-their-own-7")
    assert await given(intake, escalation) == [filed, named]


async def test_more_events_than_are_read_together_are_all_given(tellers: tuple[Teller, Teller]) -> None:
    intake, escalation = tellers
    await intake._owner.execute(  # noqa: SLF001 - ours
        """
        INSERT INTO journal (id, source, subject, sequence, type, routing_key, body, hash)
        SELECT gen_random_uuid(), '/intake', 'many', n, 'intake.message_posted.v1', 'intake.message_posted.95', '{}', ''
        FROM generate_series(1, 1203) AS n
        """
    )
    events = [event async for event in merge_journals([intake.database, escalation.database])]
    assert [event.sequence for event in events] == list(range(1, 1204))
