"""What is parked and what is expected is bounded, and an operator can discard an expectation."""

from functools import partial

import pytest

from services.operations.adapters.connections import Watched
from services.operations.reads import quarantine, waiting
from services.operations.store import record
from services.operations.usecases import close_gap
from shared.clock import new_id
from shared.db import Database
from shared.messaging.inbox.inbox import Inbox
from shared.messaging.inbox.message import Message
from shared.messaging.recovery import gaps
from shared.messaging.recovery.gap_recovery import GapRecovery
from shared.messaging.recovery.gaps import RecoveryPolicy
from tests.shared.messaging.conftest import NOTING, a_message, effects
from tests.shared.messaging.inbox.test_forks import Channel, control
from tests.wire import wire

SOON = RecoveryPolicy(before_asking=0.0, longest=0.0)


def a_recovery(database: Database, channel: Channel | None = None) -> GapRecovery:
    return GapRecovery(
        database,
        channel or Channel(),  # type: ignore[arg-type] # only `publish_control` is used
        service="escalation",
        queue="escalation",
        policy=SOON,
    )


async def parked(database: Database) -> list[int]:
    rows = await database.fetch("SELECT sequence FROM inbox_waiting ORDER BY sequence")
    return [row["sequence"] for row in rows]


async def test_a_stream_parks_a_bounded_number_and_loses_nothing(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("shared.messaging.inbox.parking.MOST_PARKED", 5)
    request_id = new_id()
    messages = [Message(wire(a_message(request_id, str(number)), number), "") for number in range(1, 21)]
    inbox = Inbox(database, NOTING)
    await inbox.process(list(reversed(messages[1:])))
    assert await parked(database) == [2, 3, 4, 5, 6]
    await inbox.process(messages[:1])
    assert await effects(database, request_id) == [str(number) for number in range(1, 7)]
    await inbox.process(messages[6:])  # as the source sends them again, in their order
    assert await effects(database, request_id) == [str(number) for number in range(1, 21)]
    assert await parked(database) == []


async def test_a_place_far_ahead_is_not_parked(database: Database) -> None:
    request_id = new_id()
    inbox = Inbox(database, NOTING)
    far = [Message(wire(a_message(request_id), number), "") for number in (10_000, 10_001, 2**62)]
    await inbox.process(far)
    assert await parked(database) == [10_000]


async def test_a_source_parks_a_bounded_number_and_what_holds_a_stream_stays(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("shared.messaging.inbox.parking.MOST_PARKED_OF_SOURCE", 3)
    inbox = Inbox(database, NOTING)
    for _ in range(5):
        await inbox.process([Message(wire(a_message(new_id()), 2), "")])
    await inbox.process([Message(wire(a_message(new_id(), "fail"), 1), "")])
    await inbox.process([Message(wire(a_message(new_id()), 2, source="/intake/elsewhere"), "")])
    await inbox.trim_parked()
    rows = await database.fetch("SELECT source, count(*) AS events FROM inbox_waiting GROUP BY source ORDER BY source")
    assert [tuple(row) for row in rows] == [("/intake", 4), ("/intake/elsewhere", 1)]
    assert await database.fetchval(
        "SELECT count(*) FROM inbox_held JOIN inbox_waiting USING (subject, source, sequence)"
    )


async def test_so_many_streams_of_one_source_are_expected(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gaps, "MOST_EXPECTED", 3)
    recovery = a_recovery(database)

    async def heads(*subjects: str, sequence: int = 1) -> None:
        told = [[subject, sequence] for subject in subjects]
        await recovery.handle(control("intake.stream_heads.v1", source="/intake", heads=told))

    await heads("a", "b", "c")
    await heads("d", "e")
    await heads("a", sequence=7)
    rows = await database.fetch("SELECT subject, sequence FROM inbox_expected ORDER BY subject")
    assert [tuple(row) for row in rows] == [("a", 7), ("b", 1), ("c", 1)]


async def test_a_later_and_smaller_head_does_not_shrink_what_is_expected(database: Database) -> None:
    recovery = a_recovery(database)
    for sequence in (7, 3):
        await recovery.handle(control("intake.stream_heads.v1", source="/intake", heads=[["a", sequence]]))
    assert await database.fetchval("SELECT sequence FROM inbox_expected") == 7


async def test_what_never_comes_is_not_asked_for_for_ever(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gaps, "ASKED_AT_MOST", 3)
    recovery = a_recovery(database)
    head = control("intake.stream_heads.v1", source="/intake", heads=[["forged", 2**62]])
    await recovery.handle(head)
    assert [await recovery.request_missing() for _ in range(6)] == [1, 1, 1, 0, 0, 0]
    await recovery.handle(head)
    assert [await recovery.request_missing() for _ in range(3)] == [1, 0, 0], "its source announces it once more"


async def test_an_operator_discards_an_expectation(database: Database) -> None:
    request_id = new_id()
    body = wire(a_message(request_id), 5)
    await Inbox(database, NOTING).process([Message(body, "")])
    recovery = a_recovery(database)
    assert await recovery.request_missing() == 1
    watched = Watched("escalation", database, "escalation")
    discard = partial(close_gap.discard, watched, source="/intake", subject=str(request_id), by="operator")
    assert await discard(why="a forged event") == 1
    assert await recovery.request_missing() == 0
    assert await parked(database) == []
    [put_away] = await quarantine.list_quarantined(database, "escalation", settled=True)
    assert (put_away.settlement, put_away.settled_by, put_away.why) == ("discarded", "operator", "a forged event")
    [noted] = await record.latest(database, "escalation")
    assert (noted.action, noted.by) == ("waiting.discard", "operator")
    with pytest.raises(waiting.NothingExpected):
        await discard(why="once more")


async def test_what_a_held_stream_parks_is_not_discarded(database: Database) -> None:
    request_id = new_id()
    messages = [Message(wire(a_message(request_id, text), n), "") for n, text in ((1, "fail"), (2, "next"))]
    await Inbox(database, NOTING).process(messages)
    with pytest.raises(waiting.NothingExpected):
        await close_gap.discard(
            Watched("escalation", database, "escalation"),
            source="/intake",
            subject=str(request_id),
            by="operator",
            why="too early",
        )
    assert await parked(database) == [1, 2]
