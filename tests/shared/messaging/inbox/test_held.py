"""What waits for an update, or for another stream, is no failure: it is never given up, and goes on when it can."""

from collections.abc import Awaitable, Callable

import pytest

from services.operations.adapters.connections import Watched
from services.operations.reads.waiting import list_gaps
from services.operations.store import record
from services.operations.usecases import retry_held
from shared.clock import new_id
from shared.contracts.intake import MessagePosted
from shared.db import Database, Transaction
from shared.errors import WaitsForAnother
from shared.messaging.handlers import EventHandlers
from shared.messaging.inbox.held import Code, RetryPolicy
from shared.messaging.inbox.inbox import Inbox
from shared.messaging.inbox.message import Message
from tests.shared.messaging.conftest import NOTING, a_message, effects, note
from tests.wire import wire

NO_PAUSE = RetryPolicy(first=0.0, longest=0.0, attempts=3)


class NotThereYet(WaitsForAnother):
    """What these tests wait for."""


class Needs:
    """A handler that needs what another source tells first."""

    def __init__(self) -> None:
        self.there = False

    async def __call__(self, tx: Transaction, fact: MessagePosted) -> None:
        """Apply, or wait."""
        if fact.text == "needs" and not self.there:
            raise NotThereYet
        await note(tx, fact)


async def held_as(database: Database) -> list[tuple[str, int, bool]]:
    rows = await database.fetch("SELECT code, attempts, next_attempt_at IS NULL AS given_up FROM inbox_held")
    return [(row["code"], row["attempts"], row["given_up"]) for row in rows]


async def retried(inbox: Inbox, times: int) -> None:
    for _ in range(times):
        await inbox.retry_held(most=1)


@pytest.mark.parametrize("wire_type", ["intake.message_posted.v2", "intake.something_new.v1"])
async def test_what_is_newer_than_this_service_is_applied_after_its_update(database: Database, wire_type: str) -> None:
    request_id = new_id()
    bodies = [wire(a_message(request_id, "newer"), 1, type=wire_type), wire(a_message(request_id, "second"), 2)]
    inbox = Inbox(database, NOTING, NO_PAUSE, service="escalation")
    await inbox.process([Message(body, "") for body in bodies])
    assert await effects(database, request_id) == []
    await retried(inbox, 30)
    [(code, attempts, given_up)] = await held_as(database)
    assert (code, given_up) == (Code.NEWER, False)
    assert attempts > NO_PAUSE.attempts
    await database.fetch("UPDATE inbox_held SET next_attempt_at = now() + interval '5 minutes'")

    class Updated(EventHandlers):
        def _is_newer(self, _: object) -> bool:
            return False

    updated = Updated({MessagePosted: note})
    updated._models[wire_type] = MessagePosted  # noqa: SLF001 - what an update adds
    newer = Inbox(database, updated, NO_PAUSE, service="escalation")
    await newer.retry_held()
    assert await effects(database, request_id) == ["newer", "second"]
    assert await held_as(database) == []


async def test_a_known_type_without_a_handler_counts_in_its_stream(database: Database) -> None:
    request_id = new_id()
    inbox = Inbox(database, EventHandlers({}), service="escalation")
    await inbox.process([Message(wire(a_message(request_id), 1), "")])
    assert await database.fetchval("SELECT applied FROM inbox_stream") == 1


async def test_what_strangers_number_is_nothing_that_an_update_would_apply(database: Database) -> None:
    body = wire(a_message(new_id()), 1, type="forms.something_else.v1", source="/forms/ours")
    await Inbox(database, NOTING, service="escalation").process([Message(body, "")])
    assert await held_as(database) == []


async def test_waiting_for_another_stream_is_never_given_up(database: Database) -> None:
    request_id = new_id()
    needs = Needs()
    inbox = Inbox(database, EventHandlers({MessagePosted: needs}), NO_PAUSE)
    await inbox.process([Message(wire(a_message(request_id, "needs"), 1), "")])
    await retried(inbox, 30)
    [(code, attempts, given_up)] = await held_as(database)
    assert (code, given_up) == (Code.WAITS_FOR_ANOTHER, False)
    assert attempts > NO_PAUSE.attempts


async def test_what_fails_after_it_waited_is_tried_as_often_as_all_that_fails(database: Database) -> None:
    request_id = new_id()
    needs = Needs()

    async def then_fail(tx: Transaction, fact: MessagePosted) -> None:
        await needs(tx, fact)
        raise RuntimeError("cannot be applied")

    inbox = Inbox(database, EventHandlers({MessagePosted: then_fail}), NO_PAUSE)
    await inbox.process([Message(wire(a_message(request_id, "needs"), 1), "")])
    await retried(inbox, 10)
    needs.there = True
    await retried(inbox, 1)
    assert await held_as(database) == [(Code.FAILED, 1, False)]
    await retried(inbox, 10)
    assert await held_as(database) == [(Code.FAILED, NO_PAUSE.attempts, True)]


async def test_what_waited_is_tried_as_soon_as_its_request_moves(database: Database) -> None:
    request_id, other = new_id(), new_id()
    needs = Needs()
    inbox = Inbox(database, EventHandlers({MessagePosted: needs}), RetryPolicy(first=600.0, longest=600.0))
    await inbox.process([Message(wire(a_message(one, "needs"), 1), "") for one in (request_id, other)])
    assert await inbox.retry_held() == 0
    needs.there = True
    first = wire(a_message(request_id, "what it needs"), 1, source="/intake/elsewhere")
    await inbox.process([Message(first, "")])
    assert await inbox.retry_held() == 1
    assert await effects(database, request_id) == ["what it needs", "needs"]
    assert await effects(database, other) == []


@pytest.fixture
async def three_held(database: Database) -> Callable[[], Awaitable[list[str]]]:
    """Hold three streams that nobody tries by themselves; gives which of them are due."""
    policy = RetryPolicy(first=3600.0, longest=3600.0)
    inbox = Inbox(database, EventHandlers({MessagePosted: Needs()}), policy)
    await inbox.process([Message(wire(a_message(new_id(), "needs"), 1, source=f"/intake/{n}"), "") for n in (1, 2)])
    await Inbox(database, NOTING, policy).process([Message(wire(a_message(new_id(), "fail"), 1), "")])

    async def due() -> list[str]:
        rows = await database.fetch("SELECT source FROM inbox_held WHERE next_attempt_at <= now() ORDER BY source")
        return [row["source"] for row in rows]

    assert await due() == []
    return due


@pytest.mark.parametrize(
    ("chosen", "expected"),
    [
        ({}, ["/intake", "/intake/1", "/intake/2"]),
        ({"code": Code.WAITS_FOR_ANOTHER}, ["/intake/1", "/intake/2"]),
        ({"source": "/intake/2"}, ["/intake/2"]),
        ({"type_": "intake.message_posted.v1", "code": Code.FAILED}, ["/intake"]),
    ],
    ids=str,
)
async def test_all_of_a_reason_type_or_source_are_tried_again_at_once(
    database: Database,
    three_held: Callable[[], Awaitable[list[str]]],
    chosen: dict[str, str],
    expected: list[str],
) -> None:
    watched = Watched("escalation", database, "escalation")
    count = await retry_held.retry_all(watched, by="operator", why="intake is back", **chosen)  # type: ignore[arg-type] # parametrised
    assert (count, await three_held()) == (len(expected), expected)
    [noted] = await record.latest(database, "escalation")
    assert (noted.action, noted.by, noted.why) == ("held.retry_all", "operator", "intake is back")
    assert noted.target.startswith(f"{len(expected)} streams")


async def test_nothing_of_a_type_that_is_not_held_is_tried_again(
    database: Database, three_held: Callable[[], Awaitable[list[str]]]
) -> None:
    watched = Watched("escalation", database, "escalation")
    with pytest.raises(retry_held.NoneHeld):
        await retry_held.retry_all(watched, by="operator", why="intake is back", type_="intake.something_else.v1")
    assert (await three_held(), await record.latest(database, "escalation")) == ([], [])


async def test_an_unreadable_event_that_comes_again_is_one_row_of_quarantine_and_says_why_its_stream_waits(
    database: Database,
) -> None:
    request_id = new_id()
    inbox = Inbox(database, NOTING, service="escalation")
    unreadable = wire(a_message(request_id), 1, data={"text": "of a form that is not known here"})
    await inbox.process([Message(wire(a_message(request_id), 2), "")])
    for _ in range(50):
        await inbox.process([Message(unreadable, "intake.message_posted.95")])
    [row] = await database.fetch("SELECT id, times, last_at IS NOT NULL AS again, sequence FROM quarantine")
    assert (row["times"], row["again"], row["sequence"]) == (50, True, 1)
    [gap] = await list_gaps(database, "escalation")
    assert (gap.missing, gap.unreadable) == (1, row["id"])


async def test_what_was_discarded_stays_so_and_what_was_sent_again_waits_once_more(database: Database) -> None:
    inbox = Inbox(database, NOTING)
    for settlement, rows in (("discarded", 1), ("replayed", 2)):
        body = f"no event {settlement}".encode()
        await inbox.process([Message(body, "")])
        settle = "UPDATE quarantine SET settled_at = now(), settlement = $1 WHERE body = $2"
        await database.fetch(settle, settlement, body)
        await inbox.process([Message(body, "")])
        assert await database.fetchval("SELECT count(*) FROM quarantine WHERE body = $1", body) == rows
    assert await database.fetchval("SELECT count(*) FROM quarantine WHERE settled_at IS NULL") == 1
