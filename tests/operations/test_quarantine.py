"""Unreadable messages: sent again, or put away."""

import pytest

from services.operations.reads import quarantine
from services.operations.store import record
from services.operations.usecases import settle_quarantine
from shared.clock import new_id
from shared.contracts.intake import MessagePosted
from shared.messaging.accounts import Origins
from shared.messaging.authenticity import Authenticity, Sender
from shared.messaging.handlers import EventHandlers
from shared.messaging.inbox import resubmitted
from shared.messaging.inbox.inbox import Inbox
from shared.messaging.inbox.message import Message
from shared.messaging.inbox.quarantine import put_aside
from tests.operations.conftest import Scene
from tests.operations.trouble import an_unreadable_message
from tests.shared.messaging.conftest import a_message
from tests.wire import wire


async def replayed(scene: Scene) -> list[Message]:
    """What the service is to take again."""
    return [message for _, message in await resubmitted.following(scene.escalation)]


async def test_a_replayed_message_is_handed_to_its_service_with_its_bytes(scene: Scene) -> None:
    await an_unreadable_message(scene.inbox)
    [one] = await quarantine.list_quarantined(scene.escalation, "escalation")
    watched = scene.connections.service("escalation")

    await settle_quarantine.replay(watched, one.id, by="exploitant", why="version corrigée")

    [message] = await replayed(scene)
    assert message.body == b"not an envelope"
    assert await quarantine.list_quarantined(scene.escalation, "escalation") == []
    [done] = await record.latest(scene.escalation, "escalation")
    assert (done.action, done.by, done.why) == ("quarantine.replay", "exploitant", "version corrigée")


async def test_a_replayed_message_that_can_be_read_by_now_takes_effect_once(scene: Scene) -> None:
    message = Message(wire(a_message(new_id(), "late"), 1), "escalation", sender=Sender("intake", "escalation"))
    async with scene.escalation.transaction() as tx:  # as an older version of the service left it
        await put_aside(tx, message, "x")
    [one] = await quarantine.list_quarantined(scene.escalation, "escalation")
    await settle_quarantine.replay(
        scene.connections.service("escalation"), one.id, by="exploitant", why="version corrigée"
    )
    assert await scene.inbox.process_resubmitted() == 1
    await scene.inbox.process([message])
    assert scene.broken.applied == ["late"]
    assert await replayed(scene) == []


@pytest.mark.parametrize("user", [None, "notifications"])
async def test_a_forged_message_stays_forged_when_it_is_replayed(scene: Scene, user: str | None) -> None:
    sender = Sender(user, "intake.message_posted.95")
    inbox = Inbox(
        scene.escalation,
        EventHandlers({MessagePosted: scene.broken.apply}),
        authenticity=Authenticity(Origins(), "escalation"),
    )
    await inbox.process([Message(wire(a_message(new_id(), "forged"), 1), sender.routing_key, sender=sender)])
    [one] = await quarantine.list_quarantined(scene.escalation, "escalation")
    assert (one.reason, one.user_id) == ("forged_source", user or "")
    await settle_quarantine.replay(scene.connections.service("escalation"), one.id, by="exploitant", why="il se lit")
    await inbox.process_resubmitted()
    [still] = await quarantine.list_quarantined(scene.escalation, "escalation")
    assert (still.reason, still.user_id) == (one.reason, one.user_id)
    assert scene.broken.applied == []


async def test_who_sends_again_what_nobody_vouched_for_stands_beside_it(scene: Scene) -> None:
    """So does a message that was put aside before its account was noted."""
    for user, noted in (("", ""), ("intake", "intake"), ("notifications", "intake"), ("", "intake")):
        sender = Sender(user or None, "intake.message_posted.95")
        await scene.inbox.process([Message(b"not an envelope", sender.routing_key, sender=sender)])
        [one] = await quarantine.list_quarantined(scene.escalation, "escalation")
        assert one.user_id == noted
    assert one.times == 4


async def test_a_damaged_message_is_not_replayed_though_it_reads_well(scene: Scene) -> None:
    damaged = wire(a_message(new_id(), "means something else"), 1)
    await scene.inbox.process([Message(damaged, "intake.message_posted.95", damaged=True)])
    [one] = await quarantine.list_quarantined(scene.escalation, "escalation")
    assert one.damaged
    watched = scene.connections.service("escalation")
    with pytest.raises(settle_quarantine.DamagedMessage):
        await settle_quarantine.replay(watched, one.id, by="exploitant", why="il se lit")
    assert await replayed(scene) == []
    [still] = await quarantine.list_quarantined(scene.escalation, "escalation")
    assert still.settled_at is None
    assert await record.latest(scene.escalation, "escalation") == []
    await settle_quarantine.discard(watched, one.id, by="exploitant", why="abîmé")
    assert await quarantine.list_quarantined(scene.escalation, "escalation") == []


async def test_a_replayed_message_that_is_still_unreadable_comes_back_as_a_new_one(scene: Scene) -> None:
    await an_unreadable_message(scene.inbox)
    [one] = await quarantine.list_quarantined(scene.escalation, "escalation")
    watched = scene.connections.service("escalation")
    await settle_quarantine.replay(watched, one.id, by="exploitant", why="essai")
    await scene.inbox.process_resubmitted()
    [again] = await quarantine.list_quarantined(scene.escalation, "escalation")
    assert again.id != one.id
    assert not again.damaged


async def test_a_message_is_settled_once(scene: Scene) -> None:
    await an_unreadable_message(scene.inbox)
    [one] = await quarantine.list_quarantined(scene.escalation, "escalation")
    watched = scene.connections.service("escalation")
    await settle_quarantine.discard(watched, one.id, by="la première", why="illisible")
    with pytest.raises(settle_quarantine.AlreadySettled) as refusal:
        await settle_quarantine.replay(watched, one.id, by="le second", why="encore")
    assert "la première" in refusal.value.detail
    assert await replayed(scene) == []
    assert len(await record.latest(scene.escalation, "escalation")) == 1


async def test_a_discarded_message_keeps_its_bytes(scene: Scene) -> None:
    await an_unreadable_message(scene.inbox)
    [one] = await quarantine.list_quarantined(scene.escalation, "escalation")
    await settle_quarantine.discard(scene.connections.service("escalation"), one.id, by="exploitant", why="illisible")
    [settled] = await quarantine.list_quarantined(scene.escalation, "escalation", settled=True)
    assert settled.settlement == "discarded"
    assert await quarantine.bytes_of(scene.escalation, one.id) == b"not an envelope"


async def test_an_unknown_message_is_refused(scene: Scene) -> None:
    with pytest.raises(quarantine.NotInQuarantine):
        await settle_quarantine.discard(
            scene.connections.service("escalation"), new_id(), by="exploitant", why="illisible"
        )
