"""Dead letters and unrouted messages: looked at without harm, and sent where they belong."""

import pytest

from shared.clock import new_id
from shared.messaging.names import UNROUTED_QUEUE
from shared.messaging.topology import Subscription, declare
from shared.operations import astray, record
from tests.polling import eventually
from tests.shared.messaging.conftest import a_message, wire
from tests.shared.operations.conftest import Scene
from tests.shared.operations.trouble import a_dead_letter, depth, publish, taken


async def unrouted(scene: Scene, *keys: str) -> None:
    """Publish where nobody listens."""
    for number, key in enumerate(keys, start=1):
        await publish(scene.channel, wire(a_message(new_id()), number), key)

    async def parked() -> bool:
        return await depth(scene.channel, UNROUTED_QUEUE) == len(keys)

    await eventually(parked)


async def test_a_look_at_what_is_parked_never_uses_it_up(scene: Scene) -> None:
    """RabbitMQ 4.0 drops a message of such a queue when it is handed back for the twenty-first time."""
    await unrouted(scene, "notifications.delivery_failed.95")
    await a_dead_letter(scene.channel, "escalation", b"dead")
    for _ in range(25):
        [one] = await astray.list_parked(scene.reach, UNROUTED_QUEUE)
        [dead] = await astray.list_parked(scene.reach, "escalation.dead")
    assert one.routing_key == "notifications.delivery_failed.95"
    assert (one.type, one.sequence) == ("intake.message_posted.v1", 1)
    assert (dead.type, dead.size) == (None, 4)


async def test_a_look_shows_no_more_than_was_asked_for(scene: Scene) -> None:
    await unrouted(scene, "notifications.a.95", "notifications.b.95", "notifications.c.95")
    assert len(await astray.list_parked(scene.reach, UNROUTED_QUEUE, most=2)) == 2
    assert await depth(scene.channel, UNROUTED_QUEUE) == 3


async def test_dead_letters_go_back_to_their_queue(scene: Scene) -> None:
    await a_dead_letter(scene.channel, "escalation", b"tried too often")
    assert await astray.drain(scene.reach, "escalation", by="exploitant", why="cause corrigée") == 1
    message = await taken(scene.channel, "escalation")
    assert message.body == b"tried too often"
    assert message.delivery_mode == 2
    assert await depth(scene.channel, "escalation.dead") == 0
    [done] = await record.latest(scene.escalation, "escalation")
    assert (done.action, done.target) == ("dead.drain", "escalation.dead: 1 message(s)")


async def test_an_empty_drain_leaves_no_trace(scene: Scene) -> None:
    assert await astray.drain(scene.reach, "escalation.dead", by="exploitant", why="pour voir") == 0
    assert await record.latest(scene.escalation, "escalation") == []


async def test_a_queue_that_nobody_has_is_refused(scene: Scene) -> None:
    for queue in ("nowhere", "intake.78"):
        with pytest.raises(astray.NoSuchQueue):
            await astray.drain(scene.reach, queue, by="exploitant", why="essai")


async def test_dead_letters_without_a_queue_to_go_back_to_stay(scene: Scene) -> None:
    await a_dead_letter(scene.channel, "escalation", b"kept")
    queue = await scene.channel.declare_queue("escalation", passive=True)
    await queue.delete(if_unused=False, if_empty=False)
    with pytest.raises(astray.NotAccepted):
        await astray.drain(scene.reach, "escalation", by="exploitant", why="essai")
    assert await depth(scene.channel, "escalation.dead") == 1


async def test_unrouted_messages_reach_whoever_listens_by_now_under_their_own_key(scene: Scene) -> None:
    await unrouted(scene, "notifications.delivery_failed.95", "qualification.message_posted.95")
    await declare(scene.channel, [Subscription("late", ("notifications.#",))])

    done = await astray.replay_unrouted(scene.reach, by="exploitant", why="la file existe maintenant")

    assert (done.moved, done.came_back) == (2, 1)
    message = await taken(scene.channel, "late")
    assert message.routing_key == "notifications.delivery_failed.95"
    [back] = await astray.list_parked(scene.reach, UNROUTED_QUEUE)
    assert back.routing_key == "qualification.message_posted.95"


async def test_a_replay_is_written_down_at_each_service_that_told_the_messages(scene: Scene) -> None:
    await scene.channel.queue_delete("intake", if_unused=False, if_empty=False)
    await unrouted(scene, "escalation.a.95", "strange", "escalation.b.95")
    await astray.replay_unrouted(scene.reach, by="exploitant", why="essai")
    [at_escalation] = await record.latest(scene.escalation, "escalation")
    [at_the_door] = await record.latest(scene.intake, "intake")
    assert (at_escalation.action, at_escalation.by) == ("unrouted.replay", "exploitant")
    assert at_the_door.action == "unrouted.replay"
