"""Long actions on many requests at once, beside ordinary ones: transactions whose events overlap."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from uuid import UUID

import asyncpg
from asyncpg.transaction import Transaction

from tests.faults.clients import Stuck
from tests.faults.person import EXAMINED, Person, Way
from tests.polling import eventually

CASES = 24
"""Requests of one such life."""
PART = 8
"""How many of them one agent acts on at once."""
FILED_AT_ONCE = 8
DOSSIERS = 4
"""Dossiers of one session of the committee."""
PAUSE = 2.0
"""Seconds in which nothing else happens, so that only one long act and what is beside it has a transaction."""
BESIDE = (0.0, 0.0, 0.0, 0.0, 0.2, 0.4, 0.8)
"""Seconds by which ordinary actions come later than the first of them; the long act comes soon after that one."""
SOON = (0.0, 0.06)
A_LOOK = 0.5
"""Seconds in which a relay that leads has looked at its outbox."""
TURNS = 3
NOT_LATER = 10.0
"""Seconds in which an event takes effect, once one that was published after it has; a relay mends itself after more."""
HEADINGS = "Nom;Nature;Adresse électronique;Départements;Champs d’intervention;Demandes suivies en même temps"


async def _examined_together(person: Person) -> None:
    """Several agents each begin the examination of many cases in one transaction, while others write and import."""
    people = [person.beside(n) for n in range(CASES)]
    room = asyncio.Semaphore(FILED_AT_ONCE)

    async def is_registered(one: Person) -> None:
        async with room:
            await _is_registered(one)

    await asyncio.gather(*(is_registered(one) for one in people))
    _, token = person.client.tokens["sat95"]

    async def examines(part: list[Person]) -> None:
        await asyncio.sleep(person.chance.uniform(*SOON))
        await _examines(person, part)

    async def writes(one: Person, after: float) -> None:
        await asyncio.sleep(after)
        await one.agent_writes("sat95")

    for first in range(0, CASES, PART):
        others = people[:first] + people[first + PART :]
        await asyncio.sleep(PAUSE)
        await asyncio.gather(
            examines(people[first : first + PART]),
            *(writes(person.chance.choice(others), after) for after in BESIDE),
        )
    lines = [f"Acteur {person.life.key}-{n};Parc naturel;acteur@cousu.test;78;;4" for n in range(CASES)]
    table = {"table": "\n".join([HEADINGS, *lines]), "only_look": False}
    await asyncio.gather(
        person.client.do("qualification", "/providers/import", token, table),
        *(writes(person.chance.choice(people), after) for after in BESIDE),
    )
    await asyncio.gather(*(one.sees("under_examination") for one in people))
    for one in people:
        one.life.ends = {"intake": "under_examination", "95": "under_examination"}
        one.life.finished = True


async def _overtaken(person: Person) -> None:
    """An act on three cases draws the first position and commits last, for certain: somebody holds rows of theirs.

    Only the rows of `stream` are held, from outside, by transactions that end in time; nothing else waits for them.
    """
    for turn in range(TURNS):
        people = [person.beside(turn * 10 + n) for n in range(5)]
        await asyncio.gather(*(_is_registered(one) for one in people))
        first, middle, last = sorted(people[:3], key=lambda one: UUID(one.life.id))
        older, later = people[3:]
        await asyncio.sleep(PAUSE)
        async with contextlib.AsyncExitStack() as held:
            early, late = [await held.enter_async_context(_Held.open(person)) for _ in range(2)]
            await early.hold(older, middle)
            acts = [asyncio.create_task(older.agent_writes("sat95"))]
            await late.until_waiting(1)
            acts.append(asyncio.create_task(_examines(person, [first, middle, last])))
            await late.until_waiting(2)
            await late.hold(last)
            await early.let_go()
            await acts[0]
            await asyncio.sleep(A_LOOK)
            await later.agent_writes("sat95")
            await asyncio.sleep(A_LOOK)
            await late.let_go()
            await asyncio.gather(*acts)
        await later.agent_writes("sat95")
        await later.sees_message(later.life.sure_texts[-1])
        try:
            async with asyncio.timeout(NOT_LATER):
                await asyncio.gather(*(one.sees("under_examination") for one in people[:3]))
        except TimeoutError:
            raise Stuck(f"what was published first came {NOT_LATER:g} s later than what was published last") from None
        for one in people:
            state = "under_examination" if one in people[:3] else "registered"
            one.life.ends = {"intake": state, "95": state}
            one.life.finished = True


@dataclass(slots=True)
class _Held:
    """A session of somebody else at qualification's database, who holds streams for a while."""

    connection: "asyncpg.Connection[asyncpg.Record]"
    transaction: Transaction

    @classmethod
    @contextlib.asynccontextmanager
    async def open(cls, person: Person) -> "AsyncIterator[_Held]":
        """Connect, and hold nothing yet."""
        connection = await person.client.connect("qualification")
        try:
            yield cls(connection, connection.transaction())
        finally:
            await connection.close()

    async def hold(self, *people: Person) -> None:
        """Hold the streams of these requests."""
        await self.transaction.start()
        await self.connection.execute(
            "SELECT FROM stream WHERE subject = ANY($1) FOR UPDATE", [one.life.id for one in people]
        )

    async def let_go(self) -> None:
        """Hold nothing any more."""
        await self.transaction.rollback()

    async def until_waiting(self, count: int) -> None:
        """Wait until so many others wait for a row."""

        async def waiting() -> bool:
            found = await self.connection.fetchval(
                """
                SELECT count(*) FROM pg_stat_activity
                WHERE datname = current_database() AND wait_event_type = 'Lock'
                """
            )
            return bool(found == count)

        await eventually(waiting, within=30)


async def _is_registered(one: Person) -> None:
    await one.files()
    await one.waits("sat95", "registered")


async def _examines(person: Person, part: list[Person]) -> None:
    _, token = person.client.tokens["sat95"]
    ids = {"request_ids": [one.life.id for one in part]}
    await person.client.do("qualification", "/cases/examinations", token, ids)
    for one in part:
        one.life.sure[EXAMINED] += 1


async def _session_of_many(person: Person) -> None:
    """A committee decides on several dossiers one after the other, and its session is closed at once."""
    people = [person.beside(n) for n in range(DOSSIERS)]
    await asyncio.gather(*(one.is_admissible() for one in people))
    session = await person.plans_a_session()
    _, token = person.client.tokens["secretaire"]

    async def is_decided(one: Person) -> None:
        await one.agent("national", "schedule", "escalation.session_scheduled.v1", session_id=session)
        await one.is_decided_in(session, "granted", 10_000)
        one.life.ends = {"intake": "granted", "95": "escalated", "escalation": "granted"}

    await asyncio.gather(*(is_decided(one) for one in people))
    await person.client.do("escalation", f"/sessions/{session}/closing", token, {})
    await asyncio.gather(*(one.sees("granted") for one in people))
    for one in people:
        one.life.finished = True


TOGETHER: Mapping[str, Way] = {
    "examined_together": _examined_together,
    "overtaken": _overtaken,
    "session_of_many": _session_of_many,
}
