"""Held streams: tried again, or led past their event."""

import pytest

from services.operations.reads import held, quarantine
from services.operations.store import record
from services.operations.usecases import retry_held
from shared.clock import new_id
from shared.errors import Invalid
from shared.messaging.inbox.message import Message
from tests.operations.conftest import Scene
from tests.operations.trouble import a_held_stream
from tests.polling import eventually
from tests.shared.messaging.conftest import a_message
from tests.wire import wire


async def test_a_held_stream_is_told_with_its_reason_and_what_waits_behind_it(scene: Scene) -> None:
    one = await a_held_stream(scene.inbox, scene.broken, scene.escalation)
    assert (one.type, one.sequence, one.behind) == ("intake.message_posted.v1", 1, 2)
    assert one.reason == "RuntimeError: cannot be applied yet"
    assert not one.given_up


async def test_streams_that_nobody_tries_any_more_come_first(scene: Scene) -> None:
    given_up = await a_held_stream(scene.inbox, scene.broken, scene.escalation, given_up=True)
    await a_held_stream(scene.inbox, scene.broken, scene.escalation)
    listed = await held.list_held(scene.escalation, "escalation")
    assert listed[0].event_id == given_up.event_id
    assert [one.given_up for one in held.in_order(reversed(listed))] == [True, False]


async def test_retry_makes_the_service_apply_the_whole_stream_once_the_cause_is_gone(scene: Scene) -> None:
    one = await a_held_stream(scene.inbox, scene.broken, scene.escalation, given_up=True)
    scene.broken.texts.clear()
    assert await scene.inbox.retry_held() == 0  # nobody tries it by itself

    await retry_held.retry(scene.connections.service("escalation"), one.event_id, by="exploitant", why="corrigé")
    assert await scene.inbox.retry_held() == 1

    assert scene.broken.applied == ["first", "second", "third"]
    assert await held.list_held(scene.escalation, "escalation") == []


async def test_a_retry_that_fails_holds_the_stream_again(scene: Scene) -> None:
    one = await a_held_stream(scene.inbox, scene.broken, scene.escalation, given_up=True)
    await retry_held.retry(scene.connections.service("escalation"), one.event_id, by="exploitant", why="essai")
    await scene.inbox.retry_held()
    again = await held.show(scene.escalation, "escalation", one.event_id)
    assert again.given_up
    assert again.attempts == one.attempts + 1


async def test_skip_leaves_the_event_out_and_goes_on_with_what_waits_behind_it(scene: Scene) -> None:
    one = await a_held_stream(scene.inbox, scene.broken, scene.escalation, given_up=True)

    await retry_held.skip(scene.connections.service("escalation"), one.event_id, by="exploitant", why="sans effet")
    await scene.inbox.retry_held()

    assert scene.broken.applied == ["second", "third"]
    assert await held.list_held(scene.escalation, "escalation") == []
    applied = await scene.escalation.fetchval("SELECT applied FROM inbox_stream WHERE subject = $1", one.subject)
    assert applied == 3


async def test_skip_keeps_the_bytes_of_the_event(scene: Scene) -> None:
    one = await a_held_stream(scene.inbox, scene.broken, scene.escalation)
    await retry_held.skip(scene.connections.service("escalation"), one.event_id, by="exploitant", why="sans effet")
    [kept] = await quarantine.list_quarantined(scene.escalation, "escalation", settled=True)
    assert (kept.settlement, kept.settled_by, kept.why) == ("discarded", "exploitant", "sans effet")
    assert one.event_id.encode() in await quarantine.bytes_of(scene.escalation, kept.id)
    assert await quarantine.list_quarantined(scene.escalation, "escalation") == []


async def test_how_often_a_skipped_event_was_begun_is_forgotten(scene: Scene) -> None:
    one = await a_held_stream(scene.inbox, scene.broken, scene.escalation)
    await scene.escalation.fetch("INSERT INTO inbox_attempt (fingerprint) SELECT sha256(body) FROM inbox_waiting")
    await retry_held.skip(scene.connections.service("escalation"), one.event_id, by="exploitant", why="inapplicable")
    assert await scene.escalation.fetchval("SELECT count(*) FROM inbox_waiting") == 2
    assert await scene.escalation.fetchval("SELECT count(*) FROM inbox_attempt") == 2


async def test_skip_of_the_last_event_releases_the_stream_at_once(scene: Scene) -> None:
    scene.broken.texts.add("alone")
    body = wire(a_message(request_id := new_id(), "alone"), 1)
    await scene.inbox.process([Message(body, "intake.message_posted.95")])
    [waiting] = await held.list_held(scene.escalation, "escalation")
    await retry_held.skip(scene.connections.service("escalation"), waiting.event_id, by="exploitant", why="sans effet")
    assert await held.list_held(scene.escalation, "escalation") == []

    await scene.inbox.process([Message(wire(a_message(request_id, "next"), 2), "intake.message_posted.95")])
    assert scene.broken.applied == ["next"]


async def test_skip_does_not_jump_over_an_event_that_has_not_come(scene: Scene) -> None:
    one = await a_held_stream(scene.inbox, scene.broken, scene.escalation)
    async with scene.escalation.transaction() as tx:
        await tx.execute("DELETE FROM inbox_waiting WHERE subject = $1 AND sequence = 2", one.subject)
    await retry_held.skip(scene.connections.service("escalation"), one.event_id, by="exploitant", why="sans effet")
    await scene.inbox.retry_held()
    assert scene.broken.applied == []
    assert await scene.escalation.fetchval("SELECT applied FROM inbox_stream WHERE subject = $1", one.subject) == 1


async def test_what_follows_a_skipped_event_may_be_held_in_its_turn(scene: Scene) -> None:
    scene.broken.texts.add("second")
    one = await a_held_stream(scene.inbox, scene.broken, scene.escalation, given_up=True)
    await retry_held.skip(scene.connections.service("escalation"), one.event_id, by="exploitant", why="sans effet")
    await scene.inbox.retry_held()
    [following] = await held.list_held(scene.escalation, "escalation")
    assert (following.sequence, following.behind) == (2, 1)
    assert following.reason == "RuntimeError: cannot be applied yet"


async def test_an_event_that_holds_nothing_any_more_is_refused(scene: Scene) -> None:
    one = await a_held_stream(scene.inbox, scene.broken, scene.escalation)
    watched = scene.connections.service("escalation")
    scene.broken.texts.clear()

    async def applied() -> bool:
        await scene.inbox.retry_held()
        return len(scene.broken.applied) == 3

    await eventually(applied)
    for act in (retry_held.retry, retry_held.skip):
        with pytest.raises(held.NotHeld):
            await act(watched, one.event_id, by="exploitant", why="trop tard")
    assert await record.latest(scene.escalation, "escalation") == []


async def test_each_action_is_kept_with_who_and_why(scene: Scene) -> None:
    one = await a_held_stream(scene.inbox, scene.broken, scene.escalation)
    watched = scene.connections.service("escalation")
    await retry_held.retry(watched, one.event_id, by="exploitant@cousu.test", why="  base corrigée\n à 9 h ")
    await retry_held.skip(watched, one.event_id, by="exploitant@cousu.test", why="sans effet")
    skipped, retried = await record.latest(scene.escalation, "escalation")
    assert (retried.action, retried.by, retried.why) == ("held.retry", "exploitant@cousu.test", "base corrigée à 9 h")
    assert skipped.action == "held.skip"
    assert one.event_id in skipped.target


@pytest.mark.parametrize("why", ["", "  \n", "x" * 501])
async def test_an_action_without_a_proper_motive_does_nothing(scene: Scene, why: str) -> None:
    one = await a_held_stream(scene.inbox, scene.broken, scene.escalation)
    for act in (retry_held.retry, retry_held.skip):
        with pytest.raises(Invalid) as refusal:
            await act(scene.connections.service("escalation"), one.event_id, by="exploitant", why=why)
        assert refusal.value.errors[0].field == "why"
    assert (await held.show(scene.escalation, "escalation", one.event_id)).next_attempt_at == one.next_attempt_at
