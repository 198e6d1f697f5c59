"""A request is one trace: what it led to in another service hangs under it, and no text of people's is in it."""

import asyncio
import secrets
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator

import httpx2
import pytest

from shared import tracing
from shared.clock import new_id
from shared.db import Cause, Database
from shared.messaging import journal
from shared.messaging.envelope import trace_of
from shared.messaging.handlers import EventHandlers
from shared.messaging.inbox.inbox import Inbox
from shared.messaging.inbox.message import Message
from shared.messaging.messenger import Messenger
from shared.messaging.topology import Subscription
from shared.web.middleware import RequestMiddleware
from tests.collector import Collected, Collector
from tests.conftest import FreshDatabase
from tests.polling import eventually
from tests.shared.messaging.conftest import NOTING, a_message
from tests.wire import wire


def a_trace() -> tuple[str, str]:
    """A caller's traceparent, and the trace that it names."""
    trace_id = secrets.token_hex(16)
    return f"00-{trace_id}-{secrets.token_hex(8)}-01", trace_id


@pytest.fixture
def collector(monkeypatch: pytest.MonkeyPatch) -> Iterator[Collector]:
    """This process's traces are collected, as the environment says."""
    collector = Collector()
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", collector.address)
    monkeypatch.setenv("OTEL_BSP_SCHEDULE_DELAY", "50")
    end = tracing.configure("test")
    yield collector
    end()
    collector.close()


@pytest.fixture
async def two(
    fresh_database: Callable[[str], Awaitable[FreshDatabase]], broker_url: Callable[[str], str]
) -> AsyncIterator[Database]:
    """Two services over a real broker: give the database of the one that tells."""
    tells, hears = [
        await Database.connect((await fresh_database("intake")).app_url, name=name) for name in ("tells", "hears")
    ]
    teller = Messenger(
        tells, broker_url("intake"), name="intake", subscription=Subscription("intake", ()), handlers=EventHandlers({})
    )
    listener = Messenger(
        hears,
        broker_url("escalation"),
        name="escalation",
        subscription=Subscription("escalation", ("intake.#",)),
        handlers=FAILING,
    )
    async with teller.lifespan(), listener.lifespan():

        async def both_ready() -> bool:
            return await teller.missing() is None and await listener.missing() is None

        await eventually(both_ready)
        yield tells
    await tells.close()
    await hears.close()


async def cannot(_tx: object, _fact: object) -> None:
    raise ValueError("camille@exemple.fr")


FAILING = EventHandlers(dict.fromkeys(NOTING.on, cannot))


async def steps(collector: Collector, trace_id: str, *names: str) -> dict[str, Collected]:
    """Wait until these steps of a trace were sent."""

    async def there() -> bool:
        return set(names) <= {one.name for one in collector.trace(trace_id)}

    await eventually(there)
    return {one.name: one for one in collector.trace(trace_id)}


async def test_an_event_is_followed_over_the_broker_and_its_failure_shows_without_its_text(
    two: Database, collector: Collector
) -> None:
    given, trace_id = a_trace()
    async with two.transaction(Cause("corr", None, given)) as tx:
        event_id = await journal.record(tx, a_message(new_id(), "Texte privé"))
    publish, process = "publish intake.message_posted.v1", "process intake.message_posted.v1"
    found = await steps(collector, trace_id, publish, process)
    assert {one.parent_id for one in found.values()} == {given.split("-")[2]}
    assert (found[publish].failed, found[process].failed) == (False, True)
    assert found[process].facts["messaging.message.id"] == str(event_id)
    assert "Texte" not in str(found)
    assert "camille" not in str(found)


async def test_what_a_handler_tells_hangs_under_its_own_step(
    fresh_database: Callable[[str], Awaitable[FreshDatabase]], collector: Collector
) -> None:
    database = await Database.connect((await fresh_database("shared")).app_url, name="test")
    told: list[str | None] = []

    async def look(tx: object, _: object) -> None:
        told.append(getattr(tx, "cause").traceparent)  # noqa: B009 - the handler's type is of no matter here

    given, trace_id = a_trace()
    body = wire(a_message(new_id()), 1, traceparent=given)
    await Inbox(database, EventHandlers(dict.fromkeys(NOTING.on, look))).process([Message(body, "x")])
    step = (await steps(collector, trace_id, "process intake.message_posted.v1")).popitem()[1]
    assert told == [f"00-{trace_id}-{step.span_id}-01"]
    await database.close()


async def test_a_call_is_a_step_named_after_its_route_and_not_after_its_secret_path(collector: Collector) -> None:
    seen: list[str] = []

    async def application(scope: object, _receive: object, send: Callable[[object], Awaitable[None]]) -> None:
        assert isinstance(scope, dict)
        seen.append(scope["state"]["traceparent"])
        scope["path_template"] = "/suivi/{token}"
        await send({"type": "http.response.start", "status": 503, "headers": []})
        await send({"type": "http.response.body", "body": b""})

    async def door(scope: dict[str, object], receive: object, send: object) -> None:
        await RequestMiddleware(application, service="test")({**scope, "state": {}}, receive, send)  # type: ignore[arg-type] # a scope of our own

    given, trace_id = a_trace()
    async with httpx2.AsyncClient(transport=httpx2.ASGITransport(app=door), base_url="http://test") as client:  # type: ignore[arg-type] # same
        await client.get("/suivi/secret", headers={"traceparent": given})
        await client.get("/health/live", headers={"traceparent": given})
        await client.get("/suivi/secret", headers={"traceparent": "x" * 100_000})
    step = (await steps(collector, trace_id, "GET /suivi/{token}"))["GET /suivi/{token}"]
    assert (step.parent_id, step.failed) == (given.split("-")[2], True)
    assert seen[0] == f"00-{trace_id}-{step.span_id}-01"
    assert len(collector.trace(trace_id)) == 1
    assert tracing.known(seen[2])
    assert "secret" not in str(collector.collected)


async def test_without_a_collector_a_trace_is_handed_on_as_it_came() -> None:
    given, _ = a_trace()
    with tracing.step("x", tracing.SpanKind.INTERNAL, after=given) as step:
        step.set_attributes(a=1)
        step.fail("x")
        assert step.traceparent == given
    await asyncio.sleep(0)


def test_the_trace_of_an_event_is_never_read_from_what_people_wrote() -> None:
    given, _ = a_trace()
    member = f', "traceparent": "{given}"'
    assert trace_of('{"id": "1"' + member + ', "data": {}}') == given
    assert trace_of('{"id": "1", "data": {"text": "x"' + member + "}}") is None
    assert trace_of('{"id": "1", "traceparent": "00-trace-01", "data": {}}') is None
