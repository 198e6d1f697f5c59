"""Dead letters and unrouted messages: looked at without harm, and sent where they belong."""

from collections.abc import Callable

import aio_pika
import asyncpg
import pytest

from services.operations.reads import causes, figures, quarantine, undelivered
from services.operations.store import record
from services.operations.usecases import redeliver, settle_quarantine
from shared.clock import new_id
from shared.contracts.intake import MessagePosted
from shared.messaging.accounts import Origins
from shared.messaging.authenticity import Authenticity, Sender
from shared.messaging.connection import connect
from shared.messaging.envelope import DIGEST, digest_of
from shared.messaging.handlers import EventHandlers
from shared.messaging.inbox import resubmitted
from shared.messaging.inbox.inbox import Inbox
from shared.messaging.names import EVERYBODY, EXCHANGE, UNROUTED_QUEUE
from tests.operations.conftest import Scene
from tests.operations.test_journals import told
from tests.operations.trouble import a_dead_letter, bury, depth, parked_for, publish, taken
from tests.polling import eventually
from tests.shared.messaging.conftest import a_message
from tests.wire import wire


async def parked(scene: Scene, count: int) -> None:
    """Wait until so many messages have no listener."""

    async def there() -> bool:
        return await depth(scene.channel, UNROUTED_QUEUE) == count

    await eventually(there)


async def unrouted(scene: Scene, *keys: str, body: bytes | None = None) -> None:
    """Publish where nobody listens."""
    for number, key in enumerate(keys, start=1):
        await publish(scene.channel, body or wire(a_message(new_id()), number), key)
    await parked(scene, len(keys))


async def test_a_look_at_what_is_parked_never_uses_it_up(scene: Scene) -> None:
    await unrouted(scene, "notifications.delivery_failed.95")
    await a_dead_letter(scene, "escalation", b"dead")
    for _ in range(25):
        [one] = await undelivered.list_undelivered(scene.connections, UNROUTED_QUEUE)
        [dead] = await undelivered.list_undelivered(scene.connections, "escalation.dead")
    assert one.routing_key == "notifications.delivery_failed.95"
    assert (one.type, one.sequence) == ("intake.message_posted.v1", 1)
    assert (dead.type, dead.size) == (None, 4)


async def test_a_look_shows_no_more_than_was_asked_for(scene: Scene) -> None:
    await unrouted(scene, "notifications.a.95", "notifications.b.95", "notifications.c.95")
    assert len(await undelivered.list_undelivered(scene.connections, UNROUTED_QUEUE, most=2)) == 2
    assert await depth(scene.channel, UNROUTED_QUEUE) == 3


async def test_dead_letters_are_taken_again_by_their_service(scene: Scene) -> None:
    for body in (b"first", b"second"):
        await a_dead_letter(scene, "escalation", body)
    assert await redeliver.drain(scene.connections, "escalation", by="exploitant", why="cause corrigée") == 2
    waiting = [message for _, message in await resubmitted.following(scene.escalation)]
    assert [message.body for message in waiting] == [b"first", b"second"]
    assert {message.sender for message in waiting} == {Sender("", "escalation")}
    assert await undelivered.list_undelivered(scene.connections, "escalation.dead") == []
    [done] = await record.latest(scene.escalation, "escalation")
    assert (done.action, done.target) == ("dead.drain", "escalation.dead: 2 message(s)")
    assert await scene.inbox.process_resubmitted() == 2
    assert len(await quarantine.list_quarantined(scene.escalation, "escalation")) == 2
    assert await scene.inbox.process_resubmitted() == 0


async def test_it_stays_known_who_published_a_dead_letter(scene: Scene, broker_url: Callable[[str], str]) -> None:
    async with await connect(broker_url("intake"), "tests", within=10) as connection:
        exchange = await (await connection.channel()).get_exchange("cousumain.intake", ensure=False)
        message = aio_pika.Message(b"{}", delivery_mode=2, user_id="intake")
        await exchange.publish(message, routing_key="intake.message_posted.95")
    await bury(scene.channel, "escalation")
    assert await parked_for(scene, "escalation").store_dead() == 1
    assert await redeliver.drain(scene.connections, "escalation", by="exploitant", why="cause corrigée") == 1
    [(_, waiting)] = await resubmitted.following(scene.escalation)
    assert waiting.sender == Sender("intake", "escalation")


async def test_the_operators_role_forges_no_origin(scene: Scene) -> None:
    """What worked before: a message that nobody published, handed to a service in the name of intake."""
    forged = wire(a_message(new_id(), "forged"), 1)
    operators = scene.connections.service("escalation").database
    for statement in (
        "INSERT INTO inbox_again (body, routing_key, user_id) VALUES ($1, 'escalation', 'intake')",
        """
        INSERT INTO quarantine (id, reason, routing_key, user_id, body, settled_at, settlement)
        VALUES (gen_random_uuid(), '', 'escalation', 'intake', $1, now(), 'replayed')
        """,
        """
        INSERT INTO inbox_waiting (source, subject, sequence, event_id, type, body)
        VALUES ('/intake', gen_random_uuid()::text, 1, '', 'intake.message_posted.v1', $1)
        """,
    ):
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await operators.fetch(statement, forged)
    checking = Inbox(
        scene.escalation,
        EventHandlers({MessagePosted: scene.broken.apply}),
        authenticity=Authenticity(Origins(), "escalation"),
    )
    await operators.fetch(
        """
        INSERT INTO quarantine (id, reason, routing_key, body, settled_at, settled_by, settlement, why)
        VALUES (gen_random_uuid(), '', 'escalation', $1, now(), 'somebody', 'replayed', '')
        """,
        forged,
    )
    await checking.process_resubmitted()
    assert scene.broken.applied == []
    [one] = await quarantine.list_quarantined(scene.escalation, "escalation")
    assert (one.reason, one.user_id) == ("forged_source", "")


async def test_a_dead_letter_is_put_away_like_any_quarantined_message(scene: Scene) -> None:
    await a_dead_letter(scene, "escalation", b"rubbish")
    [dead] = await undelivered.list_undelivered(scene.connections, "escalation.dead")
    assert dead.message_id is not None
    watched = scene.connections.service("escalation")
    await settle_quarantine.discard(watched, dead.message_id, by="exploitant", why="ne veut rien dire")
    assert await undelivered.list_undelivered(scene.connections, "escalation.dead") == []
    [settled] = await quarantine.list_quarantined(scene.escalation, "escalation", settled=True)
    assert (settled.settlement, settled.dead) == ("discarded", True)


async def test_dead_letters_are_not_counted_as_unreadable_messages(scene: Scene) -> None:
    await a_dead_letter(scene, "escalation", b"dead")
    assert await quarantine.list_quarantined(scene.escalation, "escalation") == []
    assert await quarantine.count(scene.escalation) == [0]
    assert await causes.list_causes(scene.escalation, "escalation") == []
    assert (await figures.figures(scene.escalation, "escalation")).quarantine == 0


async def test_a_damaged_dead_letter_is_not_taken_again(scene: Scene) -> None:
    damaged = aio_pika.Message(b"other bytes", delivery_mode=2, headers={DIGEST: digest_of(b"these bytes")})
    await scene.channel.default_exchange.publish(damaged, routing_key="escalation")
    await bury(scene.channel, "escalation")
    assert await parked_for(scene, "escalation").store_dead() == 1
    assert await redeliver.drain(scene.connections, "escalation", by="exploitant", why="essai") == 0


async def test_an_empty_drain_leaves_no_trace(scene: Scene) -> None:
    assert await redeliver.drain(scene.connections, "escalation.dead", by="exploitant", why="pour voir") == 0
    assert await record.latest(scene.escalation, "escalation") == []


async def test_a_queue_that_nobody_has_is_refused(scene: Scene) -> None:
    for queue in ("nowhere", "intake.78"):
        with pytest.raises(undelivered.NoSuchQueue):
            await redeliver.drain(scene.connections, queue, by="exploitant", why="essai")


async def test_dead_letters_are_taken_again_though_their_queue_is_gone(scene: Scene) -> None:
    await a_dead_letter(scene, "escalation", b"kept")
    await scene.channel.queue_delete("escalation", if_unused=False, if_empty=False)
    assert await redeliver.drain(scene.connections, "escalation", by="exploitant", why="essai") == 1


async def test_unrouted_events_of_a_journal_are_published_again_and_the_others_stay(scene: Scene) -> None:
    await told(scene.intake, a_message(new_id()))
    [(position, body)] = await scene.intake.fetch("SELECT position, body FROM journal")
    await scene.intake.fetch("DELETE FROM outbox RETURNING position")
    await scene.channel.queue_delete("escalation", if_unused=False, if_empty=False)
    forged = wire(a_message(new_id()), 1)
    for message in (body.encode(), forged):
        await publish(scene.channel, message, "intake.message_posted.95")
    await parked(scene, 2)

    done = await redeliver.replay_unrouted(scene.connections, by="exploitant", why="la file existe maintenant")

    assert (done.moved, done.came_back) == (1, 1)
    [waiting] = await scene.intake.fetch("SELECT position, queue FROM outbox")
    assert (waiting["position"], waiting["queue"]) == (position, EVERYBODY)
    await parked(scene, 1)
    assert (await taken(scene.channel, UNROUTED_QUEUE)).body == forged
    [noted] = await record.latest(scene.intake, "intake")
    assert (noted.action, noted.by) == ("unrouted.replay", "exploitant")


async def test_what_a_form_filed_before_intake_had_a_queue_is_left_to_intake(scene: Scene) -> None:
    await scene.channel.queue_delete("intake", if_unused=False, if_empty=False)
    filed = wire(a_message(new_id()), None, type="forms.request_filed.v1", source="/forms/ours")
    await unrouted(scene, "forms.request_filed.95", body=filed)
    done = await redeliver.replay_unrouted(scene.connections, by="exploitant", why="le service est en place")
    assert (done.moved, done.came_back) == (0, 1)
    await parked(scene, 1)


async def test_control_messages_that_nobody_heard_are_dropped(scene: Scene) -> None:
    exchange = await scene.channel.get_exchange(EXCHANGE, ensure=False)
    wanted = aio_pika.Message(b"{}", type="notifications.stream_heads.v1")
    await exchange.publish(wanted, routing_key="notifications.stream_heads.95")
    await parked(scene, 1)
    done = await redeliver.replay_unrouted(scene.connections, by="exploitant", why="essai")
    assert (done.moved, done.came_back) == (1, 0)
    assert await depth(scene.channel, UNROUTED_QUEUE) == 0
