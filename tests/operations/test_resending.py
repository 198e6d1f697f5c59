"""Events of a journal told again by hand: which, to whom, how many at a time, and written down."""

import asyncio
from datetime import UTC, datetime, timedelta

import pytest

from services.operations.adapters.connections import NotWatched
from services.operations.reads.undelivered import NoSuchQueue
from services.operations.store import record
from services.operations.usecases import resend_events
from services.operations.usecases.resend_events import Choice, NothingToResend, NotSending, TooManyToResend
from shared.clock import new_id, now
from shared.errors import Invalid
from shared.messaging.names import EVERYBODY
from tests.operations.conftest import Scene
from tests.operations.test_journals import told
from tests.shared.messaging.conftest import a_message

ALL = Choice(source="/intake", since=datetime(2000, 1, 1, tzinfo=UTC))


async def sent(scene: Scene, *requests: object) -> None:
    """Each request is told three times, and the broker has it all."""
    for request_id in requests:
        for number in range(3):
            await told(scene.intake, a_message(request_id, str(number)))  # type: ignore[arg-type] # ids of the test
    await scene.intake.fetch("DELETE FROM outbox RETURNING position")


async def waiting(scene: Scene) -> list[tuple[str, str, int]]:
    """What waits to be sent: to whom, of which request, its number."""
    rows = await scene.intake.fetch(
        "SELECT o.queue, j.subject, j.sequence FROM outbox o JOIN journal j USING (position) ORDER BY position, queue"
    )
    return [tuple(row) for row in rows]


async def test_events_are_told_again_to_all_who_listen_and_who_did_it_is_written_down(scene: Scene) -> None:
    request_id = new_id()
    await sent(scene, request_id)
    done = await resend_events.resend(scene.connections, ALL, by="exploitant", why="file perdue")
    assert done.events == 3
    assert await waiting(scene) == [(EVERYBODY, str(request_id), number) for number in (1, 2, 3)]
    [written] = await record.latest(scene.intake, "intake")
    assert (written.action, written.by, written.why) == ("events.resend", "exploitant", "file perdue")
    assert "3 event(s) to all who listen" in written.target


async def test_one_request_from_a_number_on_is_told_to_one_queue(scene: Scene) -> None:
    mine, other = new_id(), new_id()
    await sent(scene, mine, other)
    choice = Choice(source="/intake", request=str(mine), first=2, queue="escalation")
    await resend_events.resend(scene.connections, choice, by="exploitant", why="essai")
    assert await waiting(scene) == [("escalation", str(mine), 2), ("escalation", str(mine), 3)]


async def test_only_what_was_recorded_in_the_time_that_was_given_is_told_again(scene: Scene) -> None:
    await sent(scene, new_id())
    later = now() + timedelta(hours=1)
    with pytest.raises(NothingToResend):
        await resend_events.resend(
            scene.connections, Choice(source="/intake", since=later), by="exploitant", why="essai"
        )
    with pytest.raises(NothingToResend):
        past = Choice(source="/intake", since=ALL.since, until=ALL.since)
        await resend_events.resend(scene.connections, past, by="exploitant", why="essai")
    assert await record.latest(scene.intake, "intake") == []


async def test_what_waits_already_is_not_put_twice(scene: Scene) -> None:
    await sent(scene, new_id())
    for _ in range(2):
        await resend_events.resend(scene.connections, ALL, by="exploitant", why="essai")
    assert len(await waiting(scene)) == 3


@pytest.mark.parametrize(
    ("choice", "refusal"),
    [
        (Choice(source="intake"), Invalid),
        (Choice(source="/nobody"), NotWatched),
        (Choice(source="/intake/elsewhere"), NothingToResend),
        (Choice(source="/intake", queue="escalatoin"), NoSuchQueue),
        (Choice(source="/intake", first=2), Invalid),
        (Choice(source="/intake", request="no number"), Invalid),
    ],
)
async def test_what_makes_no_sense_is_refused_and_nothing_is_put(
    scene: Scene, choice: Choice, refusal: type[Exception]
) -> None:
    await sent(scene, new_id())
    with pytest.raises(refusal):
        await resend_events.resend(scene.connections, choice, by="exploitant", why="essai")
    assert await waiting(scene) == []


async def test_without_a_motive_nothing_is_put(scene: Scene) -> None:
    await sent(scene, new_id())
    with pytest.raises(Invalid):
        await resend_events.resend(scene.connections, ALL, by="exploitant", why=" ")
    assert await waiting(scene) == []


async def test_more_than_may_wait_at_once_is_refused_whole(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(resend_events, "MOST_AT_ONCE", 5)
    await sent(scene, new_id(), new_id())
    with pytest.raises(TooManyToResend) as refused:
        await resend_events.resend(scene.connections, ALL, by="exploitant", why="essai")
    assert "6" in refused.value.detail
    assert await waiting(scene) == []


async def test_many_go_lot_by_lot_each_when_the_one_before_has_left(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(resend_events, "LOT", 2)
    await sent(scene, new_id(), new_id())
    seen: list[int] = []

    async def relay() -> None:
        while sum(seen) < 6:
            rows = await scene.intake.fetch("DELETE FROM outbox RETURNING position")
            if rows:
                seen.append(len(rows))
            await asyncio.sleep(0.05)

    relaying = asyncio.create_task(relay())
    done = await resend_events.resend_in_lots(scene.connections, ALL, by="exploitant", why="essai")
    async with asyncio.timeout(10):
        await relaying
    assert done.events == 6
    assert seen == [2, 2, 2]
    assert len(await record.latest(scene.intake, "intake")) == 1


async def test_where_the_service_does_not_run_the_next_lot_is_not_put_and_it_is_said(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(resend_events, "LOT", 2)
    monkeypatch.setattr(resend_events, "STALLED_AFTER", 0.3)
    await sent(scene, new_id(), new_id())
    with pytest.raises(NotSending):
        await resend_events.resend_in_lots(scene.connections, ALL, by="exploitant", why="essai")
    assert len(await waiting(scene)) == 2
