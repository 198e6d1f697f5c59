"""Whatever comes in whatever order, how often, to which copy, and whatever fails: each stream takes effect in order."""

import asyncio
import contextlib
from collections import Counter, defaultdict
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Final, NamedTuple
from uuid import UUID

import asyncpg
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from services.operations.adapters.connections import Watched
from services.operations.reads import held
from services.operations.usecases import retry_held
from shared.clock import new_id
from shared.contracts import intake, qualification
from shared.contracts.fact import Actor
from shared.contracts.vocabulary import Role
from shared.db import Database, Transaction
from shared.messaging.handlers import EventHandlers
from shared.messaging.inbox.attempts import FATAL_AFTER
from shared.messaging.inbox.held import RetryPolicy
from shared.messaging.inbox.inbox import Inbox
from shared.messaging.inbox.message import Message
from tests.properties.conftest import Wait, live
from tests.properties.effort import effort
from tests.wire import wire

AT: Final = datetime(2026, 3, 2, 9, 30, tzinfo=UTC)
STREAMS: Final = 3
LENGTH: Final = 6
PATIENCE: Final = RetryPolicy(first=0.0, longest=0.0, attempts=4)
NOTHING_YET: Final = "not tried yet"
TABLES: Final = (
    "effect", "inbox_stream", "inbox_waiting", "inbox_held", "inbox_attempt", "inbox_expected", "quarantine",
    "operation",
)  # fmt: skip


class Place(NamedTuple):
    """One event, by its stream and its place in it (from 1)."""

    stream: int
    sequence: int


class Pick(NamedTuple):
    """One delivery of an event."""

    place: Place
    redelivered: bool = False
    damaged: bool = False


PLACES: Final = st.builds(Place, st.integers(0, STREAMS - 1), st.integers(1, LENGTH))
PICKS: Final = st.lists(
    st.builds(Pick, PLACES, redelivered=st.booleans(), damaged=st.sampled_from([False] * 9 + [True])),
    min_size=1,
    max_size=8,
)
RUBBISH: Final = st.one_of(
    st.binary(max_size=40),
    st.sampled_from([b"", b"{}", b"null", b'{"specversion": "1.0"}', b"\xff\xfe\x00", b"[" * 9_999]),
)


class Killed(BaseException):
    """The process dies here."""


@dataclass
class World:
    """Three streams, two of them about the same request, and what is wrong with some of their events."""

    facts: list[list[intake.MessagePosted | qualification.MessagePosted]]
    bodies: list[list[bytes]]
    failing: set[Place] = field(default_factory=set)
    deadly: set[Place] = field(default_factory=set)
    tried: Counter[Place] = field(default_factory=Counter)

    async def handle(self, tx: Transaction, fact: intake.MessagePosted | qualification.MessagePosted) -> None:
        """Leave a trace, then fail or die as this event is to do."""
        place = Place(self.stream_of(fact.source, fact.subject), int(fact.text))
        self.tried[place] += 1
        await tx.execute("INSERT INTO effect (stream, sequence) VALUES ($1, $2)", str(place.stream), place.sequence)
        if place in self.deadly:
            raise Killed
        if place in self.failing:
            raise RuntimeError("cannot be applied yet")

    def stream_of(self, source: str, subject: str) -> int:
        """Find a stream by its names."""
        return [(facts[0].source, facts[0].subject) for facts in self.facts].index((source, subject))

    def body(self, place: Place) -> bytes:
        """Give an event's bytes."""
        return self.bodies[place.stream][place.sequence - 1]

    def messages(self, picks: list[Pick]) -> list[Message]:
        """Give events as they come from the queue."""
        return [Message(self.body(pick.place), "key", pick.redelivered, pick.damaged) for pick in picks]


def a_world() -> World:
    """Streams as three publishers tell them."""
    one, two = new_id(), new_id()
    facts = [
        [_fact(intake.MessagePosted, one, number) for number in range(1, LENGTH + 1)],
        [_fact(qualification.MessagePosted, one, number) for number in range(1, LENGTH + 1)],
        [_fact(intake.MessagePosted, two, number) for number in range(1, LENGTH + 1)],
    ]
    return World(facts, [[wire(fact, place) for place, fact in enumerate(stream, 1)] for stream in facts])


def _fact(kind: Any, request_id: UUID, number: int) -> Any:
    by = {"by": Actor(role=Role.SAT_AGENT)} if kind is qualification.MessagePosted else {}
    return kind(request_id=request_id, departement="95", at=AT, message_id=new_id(), text=str(number), **by)


class InboxLife(RuleBasedStateMachine):
    """Two copies of a service, and everything that may happen to what they hear."""

    def __init__(self, wait: Wait, database: Database, owner: "asyncpg.Connection[asyncpg.Record]") -> None:
        super().__init__()
        self.wait = wait
        self.database = database
        self.world = a_world()
        handlers = EventHandlers(
            {intake.MessagePosted: self.world.handle, qualification.MessagePosted: self.world.handle}
        )
        self.copies = [Inbox(database, handlers, PATIENCE) for _ in range(2)]
        self.watched = Watched("test", database, "test")
        self.delivered: set[Place] = set()
        self.skipped: set[Place] = set()
        self.rubbish: Counter[bytes] = Counter()
        wait(owner.execute(";".join(f"DELETE FROM {table}" for table in TABLES)))

    # ── what happens ────────────────────────────────────────────────────────────────────────────────────────────

    @initialize(failing=st.sets(PLACES, max_size=9))
    def some_cannot_be_applied(self, failing: set[Place]) -> None:
        self.world.failing |= failing

    @rule(picks=PICKS, copy=st.integers(0, 1))
    def a_copy_hears(self, picks: list[Pick], copy: int) -> None:
        self.wait(self.copies[copy].process(self.world.messages(picks)))
        self._came(picks)

    @rule(picks=PICKS, rubbish=st.lists(RUBBISH, min_size=1, max_size=3), redelivered=st.booleans())
    def rubbish_comes_among_others(self, picks: list[Pick], rubbish: list[bytes], redelivered: bool) -> None:
        unreadable = [Message(body, "key", redelivered) for body in rubbish]
        events = self.world.messages(picks)
        self.wait(self.copies[0].process([*unreadable, *events, *unreadable]))
        self.rubbish.update(rubbish * 2)
        self._came(picks)

    @rule(picks=PICKS, victim=PLACES)
    def the_process_dies_and_all_comes_again(self, picks: list[Pick], victim: Place) -> None:
        """What had no acknowledgement is delivered again; what dead hands had committed is known."""
        self.world.deadly.add(victim)
        whole = [pick._replace(damaged=False) for pick in picks]
        with contextlib.suppress(Killed):
            self.wait(self.copies[0].process(self.world.messages(whole)))
        self.world.deadly.clear()
        self.wait(self.copies[1].process(self.world.messages([pick._replace(redelivered=True) for pick in whole])))
        self._came(whole)

    @rule(victim=PLACES)
    def one_kills_every_consumer(self, victim: Place) -> None:
        """It is put aside after ten deaths; later its cause is mended."""
        again = Pick(victim, redelivered=True)
        self.world.deadly.add(victim)
        for _ in range(FATAL_AFTER + 1):
            try:
                self.wait(self.copies[0].process(self.world.messages([again])))
            except Killed:
                continue
            break
        else:
            raise AssertionError("it kills for ever")
        self.world.deadly.clear()
        self._came([again])

    @rule(place=PLACES)
    def something_is_mended(self, place: Place) -> None:
        self.world.failing.discard(place)

    @precondition(lambda self: self.delivered)
    @rule(which=st.integers(0, STREAMS - 1))
    def what_holds_a_stream_is_mended(self, which: int) -> None:
        for one in self._held()[which : which + 1]:
            self.world.failing.discard(Place(self.world.stream_of(one.source, one.subject), one.sequence))

    @rule(place=PLACES)
    def something_breaks(self, place: Place) -> None:
        self.world.failing.add(place)

    @rule(most=st.integers(1, 5), copy=st.integers(0, 1))
    def time_passes(self, most: int, copy: int) -> None:
        self.wait(self.copies[copy].retry_held(most=most))

    @precondition(lambda self: self.delivered)
    @rule(which=st.integers(0, STREAMS - 1))
    def an_operator_has_one_tried_again(self, which: int) -> None:
        for one in self._held()[which : which + 1]:
            self.wait(retry_held.retry(self.watched, one.event_id, by="operator", why="mended"))

    @precondition(lambda self: self.delivered)
    @rule(which=st.integers(0, STREAMS - 1))
    def an_operator_skips_one(self, which: int) -> None:
        for one in self._held()[which : which + 1]:
            self.wait(retry_held.skip(self.watched, one.event_id, by="operator", why="wrong for ever"))
            place = Place(self.world.stream_of(one.source, one.subject), one.sequence)
            self.skipped.add(place)
            self.rubbish[self.world.body(place)] += 1

    # ── what always holds ───────────────────────────────────────────────────────────────────────────────────────

    @invariant()
    def each_stream_took_effect_in_order_and_nothing_is_lost(self) -> None:
        stands = self.wait(_stands(self.database, self.world))
        for number in range(STREAMS):
            applied, effects, waiting = stands.applied[number], stands.effects[number], stands.waiting[number]
            came = {place.sequence for place in self.delivered if place.stream == number}
            left_out = {place.sequence for place in self.skipped if place.stream == number}
            assert effects == [sequence for sequence in range(1, applied + 1) if sequence not in left_out]
            assert came <= {*range(1, applied + 1), *waiting}, "an event was lost"
            assert waiting <= came, "an event came from nowhere"
            assert all(sequence > applied for sequence in waiting), "an event waits that is applied"
            held = stands.held.get(number)
            if held is None:
                assert applied + 1 not in came, "a stream stands still and nobody knows"
            else:
                place = Place(number, applied + 1)
                assert held.sequence == applied + 1
                assert held.sequence in waiting
                assert self.world.tried[place] or held.reason.startswith(NOTHING_YET), "held without having failed"
                if held.next_attempt_at is None and "ended its consumer" not in held.reason:
                    assert self.world.tried[place] >= PATIENCE.attempts, "given up too early"

    @invariant()
    def what_cannot_be_read_is_in_quarantine_with_its_bytes(self) -> None:
        rows = self.wait(self.database.fetch("SELECT body, sum(times)::int AS times FROM quarantine GROUP BY body"))
        assert Counter({row["body"]: row["times"] for row in rows}) == self.rubbish

    @invariant()
    def no_attempt_stays_counted_of_what_is_settled(self) -> None:
        counted = "SELECT count(*) FROM inbox_attempt WHERE fingerprint NOT IN (SELECT sha256(body) FROM inbox_waiting)"
        assert self.wait(self.database.fetchval(counted)) == 0

    def teardown(self) -> None:
        """At the end all comes once more and nothing is broken: then everything has taken effect."""
        self.world.deadly.clear()
        self.world.failing.clear()
        everything = [Pick(Place(stream, place)) for stream in range(STREAMS) for place in range(LENGTH, 0, -1)]
        self.wait(self.copies[0].process(self.world.messages(everything)))
        for one in self._held():
            self.wait(retry_held.retry(self.watched, one.event_id, by="operator", why="all is mended"))
        while self.wait(self.copies[1].retry_held()):
            pass
        stands = self.wait(_stands(self.database, self.world))
        assert not stands.held
        assert not any(stands.waiting.values())
        for number in range(STREAMS):
            expected = [n for n in range(1, LENGTH + 1) if Place(number, n) not in self.skipped]
            assert stands.effects[number] == expected

    def _came(self, picks: list[Pick]) -> None:
        for pick in picks:
            if pick.damaged:
                self.rubbish[self.world.body(pick.place)] += 1
            else:
                self.delivered.add(pick.place)

    def _held(self) -> list[held.Held]:
        found: list[held.Held] = self.wait(held.list_held(self.database, "test"))
        return sorted(found, key=lambda one: self.world.stream_of(one.source, one.subject))


class LifeOfTwoCopies(InboxLife):
    """The same while both copies work at the same moment: what fails here may need a second look to be seen again."""

    @rule(first=PICKS, second=PICKS)
    def both_copies_hear_at_once(self, first: list[Pick], second: list[Pick]) -> None:
        async def both() -> None:
            await asyncio.gather(
                self.copies[0].process(self.world.messages(first)),
                self.copies[1].process(self.world.messages(second)),
                self.copies[1].retry_held(most=3),
            )

        self.wait(both())
        self._came([*first, *second])


@dataclass
class Stands:
    """What the database says, by the number of the stream."""

    applied: dict[int, int]
    effects: dict[int, list[int]]
    waiting: dict[int, set[int]]
    held: dict[int, held.Held]


async def _stands(database: Database, world: World) -> Stands:
    found = Stands(defaultdict(int), defaultdict(list), defaultdict(set), {})
    for row in await database.fetch("SELECT source, subject, applied FROM inbox_stream"):
        found.applied[world.stream_of(row["source"], row["subject"])] = row["applied"]
    for row in await database.fetch("SELECT stream, sequence FROM effect ORDER BY id"):
        found.effects[int(row["stream"])].append(row["sequence"])
    for row in await database.fetch("SELECT source, subject, sequence FROM inbox_waiting"):
        found.waiting[world.stream_of(row["source"], row["subject"])].add(row["sequence"])
    for one in await held.list_held(database, "test"):
        found.held[world.stream_of(one.source, one.subject)] = one
    return found


async def test_whatever_comes_each_stream_takes_effect_once_and_in_order(
    database: Database, owner: "asyncpg.Connection[asyncpg.Record]"
) -> None:
    await live(lambda wait: InboxLife(wait, database, owner), effort(examples=15, steps=16))


async def test_two_copies_at_once_do_no_more_and_no_less(
    database: Database, owner: "asyncpg.Connection[asyncpg.Record]"
) -> None:
    await live(lambda wait: LifeOfTwoCopies(wait, database, owner), effort(examples=6, steps=12))
