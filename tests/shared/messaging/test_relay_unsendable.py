"""What the broker refuses for what it is, is found among what was under way with it, and set aside; the rest flows."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable, Iterable
from typing import Any
from uuid import UUID

import aio_pika
import pytest
import structlog

from deploy.local.rabbitmq import LARGEST_MESSAGE
from shared.clock import new_id
from shared.db import Database
from shared.messaging import gauges, journal, metrics, topology
from shared.messaging.recovery.resend import resend
from shared.messaging.relay import Relay
from tests.polling import eventually
from tests.shared.messaging.conftest import a_message

MANY = 250
"""More than two batches."""


@pytest.fixture(autouse=True)
async def exchange(broker_url: Callable[[str], str]) -> None:
    async with await aio_pika.connect(broker_url("supervisor")) as connection:
        await topology.declare(await connection.channel(), [topology.Subscription("escalation", ("intake.#",))])


@pytest.fixture
def unbounded(monkeypatch: pytest.MonkeyPatch) -> None:
    """A journal that holds what the broker does not take, as one whose broker has a smaller bound."""
    monkeypatch.setattr(journal, "LARGEST", 1 << 30)


async def recorded(database: Database, texts: Iterable[str], *, request_id: UUID | None = None) -> list[UUID]:
    async with database.transaction() as tx:
        return [await journal.record(tx, a_message(request_id or new_id(), text)) for text in texts]


@contextlib.asynccontextmanager
async def relaying(database: Database, url: str) -> AsyncIterator[list[Any]]:
    """Run a relay, and give what it logs as errors."""
    one = Relay(database, url, name="intake", poll=0.05)
    database.on_record = one.wake
    with structlog.testing.capture_logs() as logs:
        task = asyncio.create_task(one.run())
        try:
            yield logs
        finally:
            await one.stop()
            await task
            await one.close()


async def left(database: Database) -> list[tuple[UUID, str, bool]]:
    rows = await database.fetch(
        """
        SELECT j.id, o.queue, o.unsendable_since IS NOT NULL AS aside
        FROM outbox o JOIN journal j USING (position)
        ORDER BY o.position, o.queue
        """
    )
    return [(row["id"], row["queue"], row["aside"]) for row in rows]


def in_the_log(logs: list[Any]) -> list[str]:
    return [log["event_id"] for log in logs if log["event"] == "relay.unsendable"]


@pytest.mark.usefixtures("unbounded")
async def test_an_event_above_the_brokers_bound_is_set_aside_and_the_rest_flows_also_of_its_stream(
    database: Database, broker_url: Callable[[str], str]
) -> None:
    """The broker closes the channel, and with it the publishes of everything that is under way."""
    request_id = new_id()
    await recorded(database, ["before"], request_id=request_id)
    [large] = await recorded(database, ["x" * (LARGEST_MESSAGE + 1)], request_id=request_id)
    await recorded(database, ["after"], request_id=request_id)
    await recorded(database, (f"other {n}" for n in range(MANY)))

    async def only_the_large_one() -> bool:
        return await left(database) == [(large, "", True)]

    async with relaying(database, broker_url("intake")) as logs:
        await eventually(only_the_large_one)
        await recorded(database, ["later"], request_id=request_id)
        await recorded(database, ["of somebody else"])
        await eventually(only_the_large_one)
    assert in_the_log(logs) == [str(large)]
    reason = await database.fetchval("SELECT unsendable_reason FROM outbox")
    assert "larger than" in reason
    await gauges.measure(database)
    shown = [one._value.get() for one in (metrics.OUTBOX_UNSENDABLE, metrics.OUTBOX_EVENTS, metrics.OUTBOX_AGE)]  # noqa: SLF001 - what Prometheus reads
    assert shown == [1, 0, 0]


@pytest.mark.usefixtures("unbounded")
async def test_what_was_set_aside_is_left_alone_by_the_next_leader(
    database: Database, broker_url: Callable[[str], str]
) -> None:
    [large] = await recorded(database, ["x" * (LARGEST_MESSAGE + 1)])

    async def aside() -> bool:
        return await left(database) == [(large, "", True)]

    async with relaying(database, broker_url("intake")):
        await eventually(aside)
    async with relaying(database, broker_url("intake")) as logs:
        await recorded(database, ["new"])
        await eventually(aside)
    assert in_the_log(logs) == []


async def test_an_event_that_cannot_even_be_written_to_the_wire_is_set_aside(
    database: Database, broker_url: Callable[[str], str]
) -> None:
    async with database.transaction() as tx:
        bad = await journal.record(tx, a_message(new_id(), "bad").model_copy(update={"departement": "9" * 300}))
    await recorded(database, ["good"] * 3)

    async def only_the_bad_one() -> bool:
        return await left(database) == [(bad, "", True)]

    async with relaying(database, broker_url("intake")):
        await eventually(only_the_bad_one)


async def test_what_is_to_be_sent_again_to_a_queue_that_cannot_be_named_keeps_no_other_back(
    database: Database, broker_url: Callable[[str], str]
) -> None:
    """More of it than a batch takes of what is sent again: it would be the first of each batch for ever."""
    request_id, nowhere = new_id(), "q" * 300
    ids = await recorded(database, ["event"] * 130, request_id=request_id)
    await database.fetch("DELETE FROM outbox")
    for queue in (nowhere, "escalation"):
        async with database.transaction() as tx:
            await resend(tx, source="/intake", subject=str(request_id), first=1, last=130, queue=queue)

    async def only_those_to_nowhere() -> bool:
        return await left(database) == [(one, nowhere, True) for one in ids]

    async with relaying(database, broker_url("intake")):
        await eventually(only_those_to_nowhere)


async def test_a_broker_that_goes_away_meanwhile_sets_nothing_aside(
    database: Database, broker_url: Callable[[str], str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A channel that is refused after a message was is no verdict about the message."""
    monkeypatch.setattr(journal, "LARGEST", 1 << 30)
    [large] = await recorded(database, ["x" * (LARGEST_MESSAGE + 1)])
    one = Relay(database, broker_url("intake"), name="intake", poll=0.05)
    opened, tried = one.publisher._channel, 0  # noqa: SLF001 - the seam where the broker may be away

    @contextlib.asynccontextmanager
    async def away_every_second_time() -> AsyncIterator[Any]:
        nonlocal tried
        tried += 1
        if tried % 2 == 0:
            raise ConnectionError
        async with opened() as channel:
            yield channel

    monkeypatch.setattr(one.publisher, "_channel", away_every_second_time)
    task = asyncio.create_task(one.run())

    async def tried_twice() -> bool:
        return tried >= 4

    await eventually(tried_twice)
    assert await left(database) == [(large, "", False)]
    await one.stop()
    await task
    await one.close()
