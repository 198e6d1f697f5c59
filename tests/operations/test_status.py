"""Is all well? Each thing that is not is named, and what is away does not hide the rest."""

import asyncio
import ssl
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Any

import aio_pika
import pytest
import structlog

from deploy.local.rabbitmq import LocalRabbit
from services.operations.adapters.broker import Broker
from services.operations.adapters.connections import Connections, Watched
from services.operations.domain.concerns import Concern
from services.operations.reads import status as looking
from services.operations.reads.status import Status, status
from services.operations.reads.waiting import list_gaps
from services.operations.web import words
from shared import clock
from shared.clock import new_id
from shared.contracts.intake import MessagePosted
from shared.db import Database, Transaction
from shared.errors import WaitsForAnother
from shared.messaging import journal
from shared.messaging.handlers import EventHandlers
from shared.messaging.inbox.inbox import Inbox
from shared.messaging.inbox.message import Message
from shared.messaging.names import UNROUTED_QUEUE
from tests.operations.conftest import Scene
from tests.operations.trouble import a_dead_letter, a_held_stream, an_unreadable_message, publish
from tests.polling import eventually
from tests.shared.messaging.conftest import a_message
from tests.wire import wire


@asynccontextmanager
async def consumed(scene: Scene) -> AsyncIterator[None]:
    """Let both services' queues have a consumer, which takes nothing out of the test's hands."""
    channel = scene.channel
    await channel.set_qos(prefetch_count=1)
    tags = []
    for name in ("intake", "escalation"):
        queue = await channel.declare_queue(name, passive=True)

        async def keep(_: aio_pika.abc.AbstractIncomingMessage) -> None:
            await asyncio.sleep(0)

        tags.append((queue, await queue.consume(keep)))
    yield
    for queue, tag in tags:
        await queue.cancel(tag)


async def until(scene: Scene, what: str) -> tuple[Status, Concern]:
    """Look until the broker's figures tell it."""
    found: list[tuple[Status, Concern]] = []

    async def told() -> bool:
        seen = await status(scene.connections, at=clock.now())
        found.extend((seen, concern) for concern in seen.concerns if concern.what == what)
        return bool(found)

    await eventually(told)
    return found[0]


async def test_all_is_well_when_everything_runs_and_nothing_waits(scene: Scene) -> None:
    async with consumed(scene):
        seen: list[Status] = []

        async def well() -> bool:
            seen.append(await status(scene.connections, at=clock.now()))
            return seen[-1].well

        await eventually(well)
    assert seen[-1].concerns == []
    assert {queue.name: queue.kind for queue in seen[-1].queues} == {
        "escalation": "service",
        "escalation.dead": "dead",
        "intake": "service",
        "intake.dead": "dead",
        "unrouted": "unrouted",
    }
    assert {queue.name: queue.consumers for queue in seen[-1].queues}["escalation"] == 1


async def test_a_queue_that_nobody_consumes_needs_a_hand(scene: Scene) -> None:
    await scene.channel.default_exchange.publish(aio_pika.Message(b"x"), routing_key="escalation")

    async def counted() -> bool:
        _, concern = await until(scene, "no_consumer")
        seen = await status(scene.connections, at=clock.now())
        return any(queue.name == "escalation" and queue.ready == 1 for queue in seen.queues) and concern.urgent

    await eventually(counted)


async def test_a_queue_that_does_not_exist_is_told(scene: Scene) -> None:
    await scene.channel.queue_delete("intake", if_unused=False, if_empty=False)

    async def missing() -> bool:
        seen = await status(scene.connections, at=clock.now())
        return any(queue.name == "intake" and not queue.exists for queue in seen.queues)

    await eventually(missing)


async def test_a_held_stream_needs_a_hand_when_it_lasts_or_is_tried_no_more(scene: Scene) -> None:
    await a_held_stream(scene.inbox, scene.broken, scene.escalation)
    _, tried = await until(scene, "held")
    assert (tried.where, tried.count, tried.urgent) == ("escalation", 1, False)
    async with scene.escalation.transaction() as tx:
        await tx.execute("UPDATE inbox_held SET held_since = now() - interval '6 minutes'")
    _, lasting = await until(scene, "held")
    assert lasting.urgent, "what mends itself has done so within five minutes"
    async with scene.escalation.transaction() as tx:
        await tx.execute("UPDATE inbox_held SET next_attempt_at = NULL")
    _, given_up = await until(scene, "held_given_up")
    assert given_up.urgent


async def test_an_event_that_does_not_come_needs_a_hand_after_a_while(scene: Scene) -> None:
    await scene.inbox.process([Message(wire(a_message(new_id()), 2), "intake.message_posted.95")])
    _, young = await until(scene, "gap_young")
    assert not young.urgent
    async with scene.escalation.transaction() as tx:
        await tx.execute("UPDATE inbox_waiting SET received_at = now() - interval '10 minutes'")
    _, old = await until(scene, "gap")
    assert (old.urgent, old.count) == (True, 1)
    assert old.seconds == pytest.approx(600, abs=30)


async def test_the_missing_event_is_named(scene: Scene) -> None:
    request_id = new_id()
    bodies = [wire(a_message(request_id), number) for number in (3, 4)]
    await scene.inbox.process([Message(body, "intake.message_posted.95") for body in bodies])
    await a_held_stream(scene.inbox, scene.broken, scene.escalation)
    [gap] = await list_gaps(scene.escalation, "escalation")
    assert (gap.subject, gap.source, gap.missing, gap.first, gap.waiting) == (str(request_id), "/intake", 1, 3, 2)


async def test_what_waits_for_another_stream_is_no_failure_and_worth_a_look_after_a_minute(scene: Scene) -> None:
    async def wait(_: Transaction, __: MessagePosted) -> None:
        raise WaitsForAnother

    inbox = Inbox(scene.escalation, EventHandlers({MessagePosted: wait}))
    with structlog.testing.capture_logs() as lines:
        await inbox.process([Message(wire(a_message(new_id()), 1), "intake.message_posted.95")])
    [line] = [line for line in lines if line["event"].startswith("event.")]
    assert (line["event"], line["log_level"], "exc_info" in line) == ("event.waits_for_another", "info", False)
    young = await status(scene.connections, at=clock.now())
    assert [one for one in young.concerns if one.what == "held"] == []
    cells = dict(next(one.cells for one in words.lines(young) if one.service == "escalation"))
    assert cells["Retenues"] == words.Cell("1", None, "/retenues")
    async with scene.escalation.transaction() as tx:
        await tx.execute("UPDATE inbox_held SET held_since = now() - interval '61 seconds'")
    _, concern = await until(scene, "held")
    assert (concern.count, concern.urgent) == (1, False)


async def test_what_waits_behind_a_held_event_is_no_gap(scene: Scene) -> None:
    await a_held_stream(scene.inbox, scene.broken, scene.escalation)
    seen = await status(scene.connections, at=clock.now())
    [figures] = [one.figures for one in seen.services if one.name == "escalation"]
    assert figures is not None
    assert (figures.held, figures.gaps, figures.waiting) == (1, 0, 3)


async def test_an_outbox_that_does_not_empty_needs_a_hand(scene: Scene) -> None:
    async with scene.escalation.transaction() as tx:
        await journal.record(tx, a_message(new_id()))
    seen = await status(scene.connections, at=clock.now())
    assert "outbox_late" not in {concern.what for concern in seen.concerns}
    async with scene.escalation.transaction() as tx:
        await tx.execute("UPDATE outbox SET waiting_since = now() - interval '2 minutes'")
    _, late = await until(scene, "outbox_late")
    assert (late.where, late.count, late.urgent) == ("escalation", 1, True)


async def test_an_event_that_the_broker_refuses_needs_a_hand_and_is_not_late(scene: Scene) -> None:
    async with scene.escalation.transaction() as tx:
        await journal.record(tx, a_message(new_id()))
    async with scene.escalation.transaction() as tx:
        await tx.execute("UPDATE outbox SET waiting_since = now() - interval '2 minutes', unsendable_since = now()")
    seen, refused = await until(scene, "unsendable")
    assert (refused.where, refused.count, refused.urgent) == ("escalation", 1, True)
    assert "outbox_late" not in {concern.what for concern in seen.concerns}


async def test_unreadable_dead_and_undelivered_need_a_hand(scene: Scene) -> None:
    await an_unreadable_message(scene.inbox)
    await a_dead_letter(scene, "escalation", b"dead")
    await publish(scene.channel, b"lost", "notifications.lost.95")
    for what, where in (("quarantine", "escalation"), ("dead", "escalation.dead"), ("unrouted", "unrouted")):
        seen, concern = await until(scene, what)
        assert (concern.where, concern.count, concern.urgent) == (where, 1, True)
        assert not seen.well


async def test_a_broker_that_is_away_is_said_and_the_services_are_still_seen(scene: Scene, free_port: int) -> None:
    await a_held_stream(scene.inbox, scene.broken, scene.escalation)
    nobody = Broker(f"amqp://operator:x@127.0.0.1:{free_port}/", metrics_url=f"http://127.0.0.1:{free_port}")
    seen = await status(replace(scene.connections, broker=nobody), at=clock.now())
    assert seen.broker_away
    assert not seen.well
    assert {concern.what for concern in seen.concerns} == {"broker_away", "held"}
    assert all(one.figures is not None for one in seen.services)


async def test_a_database_that_is_away_is_said_and_the_others_are_still_seen(scene: Scene, free_port: int) -> None:
    away = await Database.connect(f"postgresql://nobody@127.0.0.1:{free_port}/x", name="test", min_size=0)
    services = {**scene.connections.services, "intake": Watched("intake", away, "intake")}
    seen = await status(Connections(services, scene.connections.broker), at=clock.now())
    assert [concern.where for concern in seen.concerns if concern.what == "database_away"] == ["intake"]
    assert [one.figures is None for one in seen.services] == [True, False]
    await away.close()


async def test_cases_that_are_locked_are_not_taken_for_a_database_that_is_away(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def waits_for_a_lock(*_: object) -> None:
        await asyncio.sleep(60)

    monkeypatch.setattr(looking, "PATIENCE", 0.5)
    monkeypatch.setattr(looking, "deadlines", waits_for_a_lock)
    stuck = {("database_stuck", name, True) for name in scene.connections.services}

    async def said() -> bool:
        """Half a second is little for all the rest, on a machine that does many things at once."""
        seen = await status(scene.connections, at=clock.now())
        told = {(concern.what, concern.where, concern.urgent) for concern in seen.concerns}
        return told == stuck and all(one.figures is not None and one.database_away is None for one in seen.services)

    async with consumed(scene):
        await eventually(said, within=60)


async def test_a_service_that_does_not_answer_is_said(scene: Scene, free_port: int) -> None:
    watched = replace(scene.connections.service("intake"), public_url=f"http://127.0.0.1:{free_port}")
    seen = await status(
        Connections({**scene.connections.services, "intake": watched}, scene.connections.broker), at=clock.now()
    )
    assert [concern.where for concern in seen.concerns if concern.what == "service_away"] == ["intake"]


async def test_without_metrics_the_queues_themselves_are_asked(scene: Scene, broker_url: object) -> None:
    assert callable(broker_url)
    await scene.channel.default_exchange.publish(aio_pika.Message(b"x"), routing_key="escalation")
    asked = await Broker(broker_url("operator")).queues(["escalation", "intake.78"])
    assert [(queue.name, queue.exists, queue.ready) for queue in asked] == [
        ("escalation", True, 1),
        ("intake.78", False, 0),
    ]


async def test_of_a_cluster_the_nodes_that_answer_are_enough(
    broker_url: Callable[[str], str], rabbit_server: LocalRabbit, scene: Scene, free_port: int
) -> None:
    await scene.channel.default_exchange.publish(aio_pika.Message(b"x"), routing_key=UNROUTED_QUEUE)
    url, nobody, password = broker_url("operator"), f"127.0.0.1:{free_port}", rabbit_server.passwords.of("operator")
    broker = Broker(
        f"amqp://operator:x@{nobody}/,{url}",
        management_url=f"http://{nobody},http://operator:{password}@127.0.0.1:{rabbit_server.management_port}",
        metrics_url=f"http://{nobody}, http://127.0.0.1:{rabbit_server.prometheus_port}/",
    )

    async def counted() -> bool:
        [queue] = [queue for queue in await broker.queues([UNROUTED_QUEUE]) if queue.name == UNROUTED_QUEUE]
        return queue.exists and queue.ready == 1

    await eventually(counted)
    async with broker.channel() as channel:
        assert (await (await channel.get_queue(UNROUTED_QUEUE)).get()) is not None


async def test_a_service_that_is_ready_and_degraded_says_so_and_needs_no_hand_for_that(
    scene: Scene, free_port: int
) -> None:
    body = b'{"status": "ready", "degraded": ["relay: no leader"]}'

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nConnection: close\r\n\r\n" + body)
        await writer.drain()
        writer.close()

    async with await asyncio.start_server(answer, "127.0.0.1", free_port):
        watched = replace(scene.connections.service("intake"), public_url=f"http://127.0.0.1:{free_port}")
        seen = await status(replace(scene.connections, services={"intake": watched}), at=clock.now())
    [intake] = seen.services
    assert (intake.ready, intake.missing, intake.degraded) == (True, [], ["relay: no leader"])
    [concern] = [one for one in seen.concerns if one.what == "service_degraded"]
    assert (concern.where, concern.detail, concern.urgent) == ("intake", "relay: no leader", False)


async def test_certificate_authorities_are_not_loaded_at_each_look(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    loaded: list[object] = []
    load = ssl.create_default_context

    def count(*arguments: Any, **options: Any) -> ssl.SSLContext:
        loaded.append(arguments)
        return load(*arguments, **options)

    monkeypatch.setattr(ssl, "create_default_context", count)
    for _ in range(3):
        await status(scene.connections, at=clock.now())
    assert len(loaded) <= 1
