"""One request's events in order, and journals that were tampered with."""

from dataclasses import replace
from datetime import timedelta
from typing import Any
from uuid import UUID

import asyncpg
import pytest

from services.operations.adapters.connections import Connections, ServiceAway, Watched
from services.operations.reads import journals, verification
from services.operations.reads.journals import Event
from shared.clock import new_id, now
from shared.contracts.fact import Fact
from shared.contracts.intake import MessagePosted
from shared.db import Cause, Database
from shared.errors import Invalid
from shared.messaging import journal
from shared.messaging.handlers import EventHandlers
from shared.messaging.inbox.inbox import Inbox
from shared.messaging.inbox.message import Message
from tests.operations.conftest import Scene
from tests.shared.messaging.conftest import a_message


class Answered(MessagePosted):
    """An event of escalation, which tells it later or earlier by its own clock."""

    wire_type = "escalation.escalation_received.v1"


async def told(database: Database, fact: Fact, cause: UUID | None = None) -> UUID:
    given = Cause("test", str(cause)) if cause else None
    async with database.transaction(given) as tx:
        return await journal.record(tx, fact)


async def hear_all(scene: Scene) -> None:
    """Bring to escalation what intake told."""
    rows = await scene.intake.fetch("SELECT body, routing_key FROM journal ORDER BY position")
    await scene.inbox.process([Message(row["body"].encode(), row["routing_key"]) for row in rows])


async def test_a_requests_events_come_in_the_order_in_which_one_led_to_another(scene: Scene) -> None:
    """Escalation's clock is an hour behind, and still its answer follows the question."""
    request_id = new_id()
    first = await told(scene.intake, a_message(request_id, "question"))
    fact = Answered(**{**a_message(request_id, "answer").model_dump(), "at": now() - timedelta(hours=1)})
    answer = await told(scene.escalation, fact, cause=first)
    await told(scene.intake, a_message(new_id(), "another request"))

    trail = await journals.trail(scene.connections, str(request_id))

    assert [event.id for event in trail.events] == [str(first), str(answer)]
    assert [event.service for event in trail.events] == ["intake", "escalation"]
    assert trail.events[1].cause == str(first)
    assert trail.away == []


async def test_each_event_says_how_far_it_got(scene: Scene) -> None:
    request_id = new_id()
    scene.broken.texts.add("second")
    for text in ("first", "second", "third"):
        await told(scene.intake, a_message(request_id, text))
    await hear_all(scene)
    async with scene.intake.transaction() as tx:
        await tx.execute("DELETE FROM outbox WHERE position = (SELECT min(position) FROM journal)")

    first, second, third = (await journals.trail(scene.connections, str(request_id))).events

    assert (first.sent, second.sent) == (True, False)
    assert first.applied_by == ["escalation"]
    assert second.held_by == ["escalation"]
    assert third.waits_at == ["escalation"]
    await told(scene.intake, a_message(request_id, "on its way"))
    fourth = (await journals.trail(scene.connections, str(request_id))).events[-1]
    assert (fourth.missing_at, fourth.applied_by) == (["escalation"], [])


async def test_an_event_that_stands_alone_for_its_listener_is_followed_too(scene: Scene) -> None:
    request_id = new_id()
    await told(scene.intake, a_message(request_id, "first"))
    await told(scene.intake, a_message(request_id, "second"))
    alone = Inbox(scene.escalation, EventHandlers({MessagePosted: scene.broken.apply}, alone=[MessagePosted]))
    body = await scene.intake.fetchval("SELECT body FROM journal WHERE sequence = 2")
    await alone.process([Message(body.encode(), "intake.message_posted.95")])
    first, second = (await journals.trail(scene.connections, str(request_id))).events
    assert (first.applied_by, second.applied_by) == ([], ["escalation"])


async def test_a_request_is_found_by_its_number(scene: Scene) -> None:
    request_id = new_id()
    async with scene.intake.transaction() as tx:
        await tx.execute(
            """
            INSERT INTO request (id, number, filed_departement, departement, departement_at, submitted_at, body,
                                 status, status_at)
            VALUES ($1, '95-2026-000123', '95', '95', now(), now(), '{}', 'submitted', now())
            """,
            request_id,
        )
    await told(scene.intake, a_message(request_id))
    trail = await journals.trail(scene.connections, " 95-2026-000123 ")
    assert trail.request_id == request_id


async def test_what_is_away_is_named_and_the_rest_is_shown(scene: Scene, free_port: int) -> None:
    request_id = new_id()
    await told(scene.intake, a_message(request_id))
    away = await Database.connect(f"postgresql://nobody@127.0.0.1:{free_port}/x", name="test", min_size=0)
    services = {**scene.connections.services, "escalation": Watched("escalation", away, "escalation")}
    trail = await journals.trail(Connections(services, scene.connections.broker), str(request_id))
    assert (len(trail.events), trail.away) == (1, ["escalation"])
    without_intake = {**services, "intake": replace(services["escalation"], name="intake")}
    with pytest.raises(ServiceAway):
        await journals.trail(Connections(without_intake, scene.connections.broker), "95-2026-000123")
    await away.close()


async def test_what_is_no_request_is_refused(scene: Scene) -> None:
    with pytest.raises(journals.NoSuchRequest):
        await journals.trail(scene.connections, str(new_id()))
    with pytest.raises(journals.NoSuchRequest):
        await journals.trail(scene.connections, "95-2026-999999")
    with pytest.raises(Invalid):
        await journals.trail(scene.connections, "n'importe quoi")


def an_event(source: str, sequence: int, minutes: int, cause: str | None = None) -> Event:
    return Event(
        service=source.strip("/"),
        id=f"{source}{sequence}",
        type="intake.message_posted.v1",
        source=source,
        sequence=sequence,
        time=now() + timedelta(minutes=minutes),
        recorded_at=now(),
        departement="95",
        cause=cause,
        sent=True,
    )


def test_a_stream_keeps_its_order_whatever_the_clock_said() -> None:
    events = [an_event("/intake", 2, -5), an_event("/intake", 1, 0), an_event("/escalation", 1, -9, "/intake2")]
    assert [event.id for event in journals.in_order(events)] == ["/intake1", "/intake2", "/escalation1"]


def test_events_that_name_each_other_as_cause_are_all_shown() -> None:
    events = [an_event("/intake", 1, 0, "/escalation1"), an_event("/escalation", 1, 1, "/intake1")]
    assert len(journals.in_order(events)) == 2


@pytest.fixture
async def stream(scene: Scene) -> UUID:
    """Two streams in escalation's journal: one of five events, which tests spoil, and one that stays whole."""
    request_id = new_id()
    for number in range(1, 6):
        await told(scene.escalation, a_message(request_id, f"message {number}"))
    await told(scene.escalation, a_message(new_id(), "untouched"))
    return request_id


async def spoil(scene: Scene, query: str, *args: Any) -> None:
    """Do what only the owner of the tables can do, with the guard taken away."""
    owner = await asyncpg.connect(scene.urls["escalation"].owner_url)
    await owner.execute("ALTER TABLE journal DISABLE TRIGGER USER")
    await owner.execute("ALTER TABLE outbox DROP CONSTRAINT IF EXISTS outbox_position_fkey")
    await owner.execute(query, *args)
    await owner.close()


async def faults(scene: Scene) -> list[tuple[str, int, int]]:
    verified = await verification.verify(scene.connections.service("escalation"))
    assert verified.wrong == len(verified.faults)
    return [(fault.what, fault.sequence, fault.until) for fault in verified.faults]


async def test_a_whole_journal_has_no_fault(scene: Scene, stream: UUID) -> None:
    verified = await verification.verify(scene.connections.service("escalation"))
    assert (verified.streams, verified.events, verified.wrong) == (2, 6, 0)
    assert stream


async def test_a_changed_text_is_named_and_only_it(scene: Scene, stream: UUID) -> None:
    await spoil(
        scene,
        "UPDATE journal SET body = replace(body, 'message 3', 'message X') WHERE subject = $1 AND sequence = 3",
        str(stream),
    )
    verified = await verification.verify(scene.connections.service("escalation"))
    [fault] = verified.faults
    assert (fault.what, fault.sequence, fault.subject) == ("tampered", 3, str(stream))
    event_id = await scene.escalation.fetchval(
        "SELECT id FROM journal WHERE subject = $1 AND sequence = 3", str(stream)
    )
    assert fault.event_id == str(event_id)


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("DELETE FROM journal WHERE subject = $1 AND sequence = 3", [("missing", 3, 3)]),
        ("DELETE FROM journal WHERE subject = $1 AND sequence < 3", [("missing", 1, 2)]),
        ("DELETE FROM journal WHERE subject = $1 AND sequence > 3", [("missing", 4, 5)]),
        ("DELETE FROM journal WHERE subject = $1", [("missing", 1, 5)]),
        (
            "UPDATE journal SET hash = sha256('x') WHERE subject = $1 AND sequence = 5",
            [("tampered", 5, 5)],
        ),
        ("UPDATE journal SET hash = sha256('x') WHERE subject = $1 AND sequence = 3", [("tampered", 3, 3)]),
        ("UPDATE journal SET hash = sha256('x') WHERE subject = $1 AND sequence = 1", [("tampered", 1, 1)]),
        (
            "UPDATE journal SET hash = sha256('x') WHERE subject = $1 AND sequence IN (2, 4)",
            [("tampered", 2, 2), ("tampered", 4, 4)],
        ),
        (
            "UPDATE journal SET type = 'intake.request_closed.v1' WHERE subject = $1 AND sequence = 2",
            [("relabelled", 2, 2)],
        ),
        ("UPDATE journal SET id = gen_random_uuid() WHERE subject = $1 AND sequence = 2", [("relabelled", 2, 2)]),
        ("UPDATE stream SET hash = sha256('x') WHERE subject = $1", [("head", 5, 5)]),
        ("UPDATE stream SET sequence = 4 WHERE subject = $1", [("head", 5, 5)]),
        ("DELETE FROM stream WHERE subject = $1", [("head", 5, 5)]),
    ],
)
async def test_what_was_changed_or_taken_away_is_named(
    scene: Scene, stream: UUID, query: str, expected: list[tuple[str, int, int]]
) -> None:
    await spoil(scene, query, str(stream))
    assert await faults(scene) == expected


async def test_a_journal_of_many_pieces_is_read_whole(
    scene: Scene, stream: UUID, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(verification, "AT_ONCE", 2)
    assert await faults(scene) == []
    await spoil(scene, "DELETE FROM journal WHERE subject = $1 AND sequence = 4", str(stream))
    assert await faults(scene) == [("missing", 4, 4)]


async def test_not_more_faults_than_fit_on_a_screen_are_named_and_all_are_counted(
    scene: Scene, stream: UUID, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(verification, "MOST_NAMED", 1)
    await spoil(scene, "UPDATE journal SET body = body || ' ' WHERE subject = $1", str(stream))
    verified = await verification.verify(scene.connections.service("escalation"))
    assert (verified.wrong, len(verified.faults)) == (5, 1)
