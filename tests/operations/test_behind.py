"""What was told and is not applied elsewhere has an age, wherever it stands; late dates and mails are counted."""

from collections.abc import Awaitable, Callable
from dataclasses import replace

import asyncpg
import pytest

from services.operations.adapters.connections import Connections, Watched
from services.operations.reads import overdue
from services.operations.reads.behind import behind, compare
from services.operations.reads.status import status
from services.operations.reads.verification import verify
from shared import clock
from shared.clock import new_id
from shared.contracts.intake import MessagePosted
from shared.db import Database
from shared.messaging.handlers import EventHandlers
from shared.messaging.inbox.inbox import Inbox
from shared.messaging.inbox.message import Message
from tests.conftest import FreshDatabase
from tests.operations.conftest import Scene
from tests.operations.test_journals import hear_all, told
from tests.shared.messaging.conftest import a_message
from tests.wire import wire


async def seen(scene: Scene, perimeter: list[str] | None = None) -> list[tuple[str, str, int]]:
    return [(one.told_by, one.service, one.events) for one in await behind(scene.connections, perimeter)]


async def test_what_stands_in_a_queue_is_counted_until_it_is_applied(scene: Scene) -> None:
    request_id = new_id()
    for text in ("first", "second"):
        await told(scene.intake, a_message(request_id, text))
    assert await seen(scene) == [("intake", "escalation", 2)]
    await hear_all(scene)
    assert await seen(scene) == []
    await told(scene.intake, a_message(request_id, "third"))
    assert await seen(scene) == [("intake", "escalation", 1)]


async def test_its_age_is_that_of_the_first_event_that_is_not_applied(scene: Scene) -> None:
    for _ in range(2):
        await told(scene.intake, a_message(new_id()))
    owner = await asyncpg.connect(scene.urls["intake"].owner_url)
    await owner.execute("ALTER TABLE journal DISABLE TRIGGER USER")
    await owner.execute("UPDATE journal SET recorded_at = now() - interval '10 minutes' WHERE position = 1")
    await owner.close()
    [one] = await behind(scene.connections)
    assert one.seconds == pytest.approx(600, abs=30)
    shown = await status(scene.connections, at=clock.now())
    [concern] = [concern for concern in shown.concerns if concern.what == "behind"]
    # Nobody listens there, which is what needs a hand.
    assert (concern.where, concern.count, concern.urgent) == ("escalation", 2, False)


async def test_what_is_held_is_not_told_twice(scene: Scene) -> None:
    scene.broken.texts.add("first")
    await told(scene.intake, a_message(new_id(), "first"))
    await hear_all(scene)
    assert await seen(scene) == []


async def test_only_what_comes_to_a_service_is_awaited_there(scene: Scene) -> None:
    await told(scene.intake, a_message(new_id()))
    other = replace(scene.connections.service("escalation"), queue="escalation.78")
    assert (
        await behind(Connections({**scene.connections.services, "escalation": other}, scene.connections.broker)) == []
    )
    assert await seen(scene, ["78"]) == []
    assert await seen(scene, ["95"]) == [("intake", "escalation", 1)]


async def test_who_is_away_hides_nobody_else(scene: Scene, free_port: int) -> None:
    await told(scene.intake, a_message(new_id()))
    away = await Database.connect(f"postgresql://nobody@127.0.0.1:{free_port}/x", name="test", min_size=0)
    services = {**scene.connections.services, "notifications": Watched("notifications", away, "notifications")}
    found = await behind(Connections(services, scene.connections.broker))
    assert [(one.told_by, one.service) for one in found] == [("intake", "escalation")]
    await away.close()


async def test_mails_that_wait_and_dates_that_passed_are_counted_where_they_are_kept(
    fresh_database: Callable[[str], Awaitable[FreshDatabase]],
) -> None:
    for service in ("qualification", "escalation", "notifications"):
        database = await Database.connect((await fresh_database(service)).app_url, name="test")
        dates = await overdue.deadlines(database, service, ["95"])
        assert (dates is None) == (service == "notifications")
        assert dates is None or dates.overdue == 0
        mails = await overdue.deliveries(database, service, ["95"])
        assert (mails is None) == (service != "notifications")
        if service == "notifications":
            for minutes, state, departement in ((20, "queued", "95"), (5, "failed", "95"), (5, "queued", "78")):
                await _a_mail(database, minutes, state, departement)
            here, everywhere = [await overdue.deliveries(database, service, seen) for seen in (["95"], None)]
            assert here is not None
            assert everywhere is not None
            assert (here.queued, here.failed, here.uncertain, everywhere.queued) == (1, 1, 0, 2)
            assert here.seconds == pytest.approx(1200, abs=30)
        await database.close()


async def _a_mail(database: Database, minutes: int, state: str, departement: str) -> None:
    async with database.transaction() as tx:
        await tx.execute(
            """
            INSERT INTO delivery (id, event_id, event_type, event_at, departement, audience, template, holder,
                                  recipient, subject, text_body, html_body, link_kind, link_target, thread_id, cadence,
                                  status, tried_since, created_at)
            VALUES ($1, $1, 'x', now(), $4, 'national', 'x', 'x', 'x@y.test', 'x', 'x', 'x', 'x', 'x', $1, 'instant',
                    $3, now() - make_interval(mins => $2), now() - make_interval(mins => $2))
            """,
            new_id(),
            minutes,
            state,
            departement,
        )


async def lost_since_the_backup(scene: Scene, subject: str, *, back_to: int) -> None:
    """Take the last events of a stream from intake's database, as the restore of a backup does."""
    owner = await asyncpg.connect(scene.urls["intake"].owner_url)
    await owner.execute("ALTER TABLE journal DISABLE TRIGGER USER")
    await owner.execute("TRUNCATE outbox")
    await owner.execute("DELETE FROM journal WHERE subject = $1 AND sequence > $2", subject, back_to)
    await owner.execute(
        """
        UPDATE stream s SET sequence = j.sequence, hash = j.hash
        FROM journal j
        WHERE s.subject = $1 AND j.subject = s.subject AND j.sequence = $2
        """,
        subject,
        back_to,
    )
    await owner.execute("ALTER TABLE journal ENABLE TRIGGER USER")
    await owner.close()


@pytest.mark.parametrize("published_again", [0, 1, 2, 3])
async def test_a_source_that_lost_what_was_applied_is_told_whatever_it_published_since(
    scene: Scene, published_again: int
) -> None:
    request_id = new_id()
    for text in ("first", "second", "third"):
        await told(scene.intake, a_message(request_id, text))
    await hear_all(scene)
    assert (await compare(scene.connections)).forked == []
    await lost_since_the_backup(scene, str(request_id), back_to=1)
    for number in range(published_again):
        await told(scene.intake, a_message(request_id, f"after the restore {number}"))
    [one] = (await compare(scene.connections)).forked
    assert (one.told_by, one.service, one.streams, one.first) == ("intake", "escalation", 1, str(request_id))
    shown = await status(scene.connections, at=clock.now())
    [concern] = [concern for concern in shown.concerns if concern.what == "forked"]
    assert (concern.where, concern.detail, concern.urgent, shown.well) == ("escalation", "intake", True, False)
    verified = await verify(scene.connections.service("intake"), scene.connections.services.values())
    [fault] = verified.faults
    assert (fault.what, fault.subject, fault.sequence, fault.listener) == ("forked", str(request_id), 3, "escalation")


async def test_what_is_held_as_forked_and_what_listeners_dispute_are_told(scene: Scene) -> None:
    request_id = new_id()
    await told(scene.intake, a_message(request_id, "first"))
    await hear_all(scene)
    await scene.inbox.process([Message(wire(a_message(request_id, "another first"), 1), "")])
    await scene.intake.fetch(
        "INSERT INTO stream_fork (listener, source, subject, sequence, hash) VALUES ('here', '/intake', 'x', 1, '')"
    )
    shown = await status(scene.connections, at=clock.now())
    found = {
        (one.what, one.where, one.count, one.urgent) for one in shown.concerns if one.what in {"forked", "disputed"}
    }
    assert found == {("forked", "escalation", 1, True), ("disputed", "intake", 1, True)}


async def test_a_stream_that_its_source_never_published_is_an_alarm(scene: Scene) -> None:
    """As after a forgery by an account that owns the source: every listener believes it, and no journal has it."""
    ghost = new_id()
    await told(scene.intake, a_message(new_id(), "true"))
    await hear_all(scene)
    assert (await compare(scene.connections)).forked == []
    await scene.inbox.process([Message(wire(a_message(ghost, "ghost"), 1), "")])
    [fork] = (await compare(scene.connections)).forked
    assert (fork.told_by, fork.service, fork.streams, fork.first) == ("intake", "escalation", 1, str(ghost))
    shown = await status(scene.connections, at=clock.now())
    assert [concern.where for concern in shown.concerns if concern.what == "forked"] == ["escalation"]
    assert not shown.well


async def test_a_fact_that_stands_alone_and_that_its_source_never_published_is_an_alarm(scene: Scene) -> None:
    alone = Inbox(scene.escalation, EventHandlers({MessagePosted: scene.broken.apply}, alone=[MessagePosted]))
    event_id = await told(scene.intake, a_message(new_id(), "true"))
    body = await scene.intake.fetchval("SELECT body FROM journal WHERE id = $1", event_id)
    await alone.process([Message(body.encode(), "")])
    assert (await compare(scene.connections)).forked == []
    await alone.process([Message(wire(a_message(new_id(), "ghost"), 1), "")])
    assert [fork.streams for fork in (await compare(scene.connections)).forked] == [1]
