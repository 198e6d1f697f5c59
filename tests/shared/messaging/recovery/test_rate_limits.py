"""What one service may ask of another is bounded by name, size, number and rate."""

import json
from typing import Any

import pytest

from shared.clock import new_id
from shared.db import Database
from shared.messaging import control_messages, journal, metrics
from shared.messaging.recovery import gap_recovery, rate_limits, resend
from shared.messaging.recovery.gap_recovery import GapRecovery
from shared.messaging.recovery.rate_limits import Rate, RateLimiter
from tests.shared.messaging.conftest import a_message
from tests.shared.messaging.inbox.test_forks import Channel, control


class Relay(Channel):
    """Collects what is published, and has nothing to send."""

    def wake(self) -> None:
        """Events were put into the outbox."""


def a_source(database: Database) -> GapRecovery:
    return GapRecovery(database, Relay(), service="intake", queue="intake")  # type: ignore[arg-type] # no more is used


async def a_published_event(database: Database) -> str:
    request_id = new_id()
    async with database.transaction() as tx:
        await journal.record(tx, a_message(request_id))
    await database.fetch("DELETE FROM outbox")
    return str(request_id)


def refused(why: str) -> float:
    count: float = metrics.CONTROL_REFUSED.labels(why)._value.get()  # noqa: SLF001 - how a counter is read in a test
    return count


async def waiting(database: Database) -> list[str]:
    return [row["queue"] for row in await database.fetch("SELECT queue FROM outbox")]


def a_question(request: str, **changed: Any) -> bytes:
    asked = {"source": "/intake", "subject": request, "first": 1, "last": 1, "queue": "escalation"} | changed
    return control("escalation.events_missing.v1", **asked)


async def test_a_question_that_is_in_order_is_answered(database: Database) -> None:
    subject = await a_published_event(database)
    await a_source(database).handle(a_question(subject))
    assert await waiting(database) == ["escalation"]


@pytest.mark.parametrize(
    "wrong",
    [
        {"queue": ""},
        {"queue": "*"},
        {"queue": "q" * 201},
        {"queue": "escalation\x00"},
        {"queue": "escalation.#"},
        {"source": ""},
        {"source": "/" * 301},
        {"subject": ""},
        {"subject": "x" * 301},
        {"first": 0},
        {"last": 2**63},
    ],
    ids=str,
)
async def test_a_question_beyond_its_bounds_is_left_aside(database: Database, wrong: dict[str, Any]) -> None:
    subject = await a_published_event(database)
    before = refused("unreadable")
    await a_source(database).handle(a_question(subject, **wrong))
    assert await waiting(database) == []
    assert refused("unreadable") == before + 1


@pytest.mark.parametrize("queue", ["notifications", "escalations", "intake"])
async def test_nobody_asks_for_the_queue_of_another(database: Database, queue: str) -> None:
    subject = await a_published_event(database)
    await a_source(database).handle(a_question(subject, queue=queue))
    assert await waiting(database) == []


async def test_an_instance_asks_for_its_own_queue(database: Database) -> None:
    subject = await a_published_event(database)
    await a_source(database).handle(a_question(subject, queue="escalation.95"))
    assert await waiting(database) == ["escalation.95"]


async def test_a_message_that_is_too_large_is_not_parsed(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    def parse(_: object) -> None:
        raise AssertionError("it was parsed")

    monkeypatch.setattr("shared.messaging.recovery.gap_recovery.Envelope.read", parse)
    before = refused("size")
    await a_source(database).handle(b" " * (control_messages.MOST_BYTES + 1))
    assert refused("size") == before + 1


async def test_too_many_heads_in_one_message_are_left_aside(database: Database) -> None:
    heads = [[f"subject {number}", 1] for number in range(control_messages.MOST_ENTRIES + 1)]
    listener = GapRecovery(database, Relay(), service="escalation", queue="escalation")  # type: ignore[arg-type] # same
    await listener.handle(control("intake.stream_heads.v1", source="/intake", heads=heads))
    assert await database.fetchval("SELECT count(*) FROM inbox_expected") == 0
    await listener.handle(control("intake.stream_heads.v1", source="/intake", heads=heads[:-1]))
    assert await database.fetchval("SELECT count(*) FROM inbox_expected") == control_messages.MOST_ENTRIES


async def test_five_hundred_heads_of_ours_are_within_the_bounds(database: Database) -> None:
    channel = Channel()
    source = GapRecovery(database, channel, service="intake", queue="intake")  # type: ignore[arg-type] # only `publish_control`
    await database.fetch(
        """
        INSERT INTO stream (source, subject, sequence, hash, departement)
        SELECT '/intake', gen_random_uuid()::text, 1000000, sha256(n::text::bytea), '95' FROM generate_series(1, 500) n
        """
    )
    await source.publish_recent_heads()
    sizes = {len(body) for body in channel.published}
    assert len(json.loads(channel.published[0])["data"]["heads"]) == 500
    assert max(sizes) < control_messages.MOST_BYTES / 2


async def test_who_asks_too_often_is_not_answered_and_others_are(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(gap_recovery, "LIMITS", {**gap_recovery.LIMITS, "events_missing": Rate(3, 0.001)})
    source = a_source(database)
    subjects = [await a_published_event(database) for _ in range(5)]
    for subject in subjects:
        await source.handle(a_question(subject))
    await source.handle(a_question(subjects[0], queue="escalation.95"))
    assert sorted(await waiting(database)) == ["escalation"] * 3 + ["escalation.95"]


async def test_all_queues_together_wait_for_a_bounded_number_of_events(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(resend, "MOST_WAITING_IN_ALL", 3)
    source = a_source(database)
    subject = await a_published_event(database)
    for number in range(6):
        await source.handle(a_question(subject, queue=f"escalation.{number}"))
    assert len(await waiting(database)) == 3


def test_a_rate_comes_back_with_time_and_is_each_askers_own() -> None:
    now = [0.0]
    limiter = RateLimiter(Rate(2, 0.5), lambda: now[0])
    assert [limiter.allows("a") for _ in range(3)] == [True, True, False]
    assert limiter.allows("b")
    now[0] = 2.0
    assert [limiter.allows("a") for _ in range(2)] == [True, False]


def test_invented_askers_take_no_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rate_limits, "MOST_ASKERS", 3)
    now = [0.0]
    limiter = RateLimiter(Rate(2, 1), lambda: now[0])
    assert [limiter.allows(str(number)) for number in range(5)] == [True, True, True, False, False]
    now[0] = 10.0
    assert limiter.allows("4")
