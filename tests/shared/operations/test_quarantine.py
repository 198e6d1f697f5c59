"""Unreadable messages: sent again, or put away."""

import pytest

from shared.clock import new_id
from shared.messaging.envelope import DIGEST, is_damaged
from shared.messaging.inbox import Message
from shared.operations import quarantine, record
from shared.operations.broker import Broker, BrokerAway
from tests.shared.messaging.conftest import a_message, wire
from tests.shared.operations.conftest import Scene
from tests.shared.operations.trouble import an_unreadable_message, depth, taken


async def test_a_replayed_message_comes_to_the_queue_of_its_service_with_its_bytes(scene: Scene) -> None:
    await an_unreadable_message(scene.inbox)
    [one] = await quarantine.list_quarantined(scene.escalation, "escalation")
    watched = scene.reach.service("escalation")

    await quarantine.replay(watched, scene.reach.broker, one.id, by="exploitant", why="version corrigée")

    message = await taken(scene.channel, "escalation")
    assert message.body == b"not an envelope"
    assert message.delivery_mode == 2
    assert await quarantine.list_quarantined(scene.escalation, "escalation") == []
    [done] = await record.latest(scene.escalation, "escalation")
    assert (done.action, done.by, done.why) == ("quarantine.replay", "exploitant", "version corrigée")


async def test_a_replayed_message_that_can_be_read_by_now_takes_effect_once(scene: Scene) -> None:
    body = wire(a_message(new_id(), "late"), 1)
    async with scene.escalation.transaction() as tx:  # as an older version of the service left it
        await tx.execute(
            "INSERT INTO quarantine (id, reason, routing_key, body) VALUES ($1, 'x', 'y', $2)", new_id(), body
        )
    [one] = await quarantine.list_quarantined(scene.escalation, "escalation")
    watched = scene.reach.service("escalation")
    await quarantine.replay(watched, scene.reach.broker, one.id, by="exploitant", why="version corrigée")
    message = await taken(scene.channel, "escalation")
    for _ in range(2):
        await scene.inbox.take([Message(message.body, message.routing_key or "")])
    assert scene.broken.applied == ["late"]


async def test_a_damaged_message_is_not_replayed_though_it_reads_well(scene: Scene) -> None:
    damaged = wire(a_message(new_id(), "means something else"), 1)
    await scene.inbox.take([Message(damaged, "intake.message_posted.95", damaged=True)])
    [one] = await quarantine.list_quarantined(scene.escalation, "escalation")
    assert one.damaged
    watched = scene.reach.service("escalation")
    with pytest.raises(quarantine.DamagedMessage):
        await quarantine.replay(watched, scene.reach.broker, one.id, by="exploitant", why="il se lit")
    assert await depth(scene.channel, "escalation") == 0
    [still] = await quarantine.list_quarantined(scene.escalation, "escalation")
    assert still.settled_at is None
    assert await record.latest(scene.escalation, "escalation") == []
    await quarantine.discard(watched, one.id, by="exploitant", why="abîmé")
    assert await quarantine.list_quarantined(scene.escalation, "escalation") == []


async def test_a_replayed_message_that_is_still_unreadable_comes_back_as_a_new_one(scene: Scene) -> None:
    await an_unreadable_message(scene.inbox)
    [one] = await quarantine.list_quarantined(scene.escalation, "escalation")
    watched = scene.reach.service("escalation")
    await quarantine.replay(watched, scene.reach.broker, one.id, by="exploitant", why="essai")
    message = await taken(scene.channel, "escalation")
    assert not is_damaged(message.body, message.headers.get(DIGEST))
    await scene.inbox.take([Message(message.body, message.routing_key or "")])
    [again] = await quarantine.list_quarantined(scene.escalation, "escalation")
    assert again.id != one.id
    assert not again.damaged


async def test_a_message_is_settled_once(scene: Scene) -> None:
    await an_unreadable_message(scene.inbox)
    [one] = await quarantine.list_quarantined(scene.escalation, "escalation")
    watched = scene.reach.service("escalation")
    await quarantine.discard(watched, one.id, by="la première", why="illisible")
    with pytest.raises(quarantine.AlreadySettled) as refusal:
        await quarantine.replay(watched, scene.reach.broker, one.id, by="le second", why="encore")
    assert "la première" in refusal.value.detail
    assert await depth(scene.channel, "escalation") == 0
    assert len(await record.latest(scene.escalation, "escalation")) == 1


async def test_a_discarded_message_keeps_its_bytes(scene: Scene) -> None:
    await an_unreadable_message(scene.inbox)
    [one] = await quarantine.list_quarantined(scene.escalation, "escalation")
    await quarantine.discard(scene.reach.service("escalation"), one.id, by="exploitant", why="illisible")
    [settled] = await quarantine.list_quarantined(scene.escalation, "escalation", settled=True)
    assert settled.settlement == "discarded"
    assert await quarantine.bytes_of(scene.escalation, one.id) == b"not an envelope"


async def test_an_unknown_message_is_refused(scene: Scene) -> None:
    with pytest.raises(quarantine.NotInQuarantine):
        await quarantine.discard(scene.reach.service("escalation"), new_id(), by="exploitant", why="illisible")


async def test_without_a_broker_nothing_is_settled(scene: Scene, free_port: int) -> None:
    await an_unreadable_message(scene.inbox)
    [one] = await quarantine.list_quarantined(scene.escalation, "escalation")
    nobody = Broker(f"amqp://operator:x@127.0.0.1:{free_port}/")
    with pytest.raises(BrokerAway):
        await quarantine.replay(scene.reach.service("escalation"), nobody, one.id, by="exploitant", why="essai")
    assert len(await quarantine.list_quarantined(scene.escalation, "escalation")) == 1
    assert await record.latest(scene.escalation, "escalation") == []


async def test_a_queue_that_does_not_exist_is_told_and_nothing_is_settled(scene: Scene) -> None:
    await an_unreadable_message(scene.inbox)
    [one] = await quarantine.list_quarantined(scene.escalation, "escalation")
    queue = await scene.channel.declare_queue("escalation", passive=True)
    await queue.delete(if_unused=False, if_empty=False)
    with pytest.raises(quarantine.NoQueue):
        watched = scene.reach.service("escalation")
        await quarantine.replay(watched, scene.reach.broker, one.id, by="exploitant", why="essai")
    assert len(await quarantine.list_quarantined(scene.escalation, "escalation")) == 1
