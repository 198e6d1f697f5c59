"""What a form of somebody else tries with its account, on the running broker: everything but filing is refused."""

import asyncio
import json
from collections.abc import Awaitable, Callable
from typing import Any

import aio_pika
import aiormq.exceptions
import pytest
from aio_pika.abc import AbstractChannel

from tests.actors import Json
from tests.journeys.strangers import EXCHANGE, ForeignForm, run
from tests.steps import a_request
from tests.system import System

pytestmark = pytest.mark.journey

Attempt = Callable[[AbstractChannel], Awaitable[object]]


@pytest.fixture(scope="module")
def form(system: System) -> ForeignForm:
    return ForeignForm.added(system)


@pytest.fixture(scope="module")
def other(system: System) -> ForeignForm:
    return ForeignForm.added(system)


def is_refused(form: ForeignForm, attempt: Attempt) -> bool:
    """Try one thing over a channel of its own; tell whether the broker refused it for want of rights."""

    async def try_it() -> bool:
        async with asyncio.timeout(30), await aio_pika.connect(form.amqp_url) as connection:
            channel = await connection.channel(on_return_raises=True)
            try:
                await attempt(channel)
            except aiormq.exceptions.ChannelAccessRefused:
                return True
            return False

    refused: bool = run(try_it())
    return refused


def publishing(exchange: str, routing_key: str, **properties: Any) -> Attempt:
    async def publish(channel: AbstractChannel) -> None:
        there = await channel.get_exchange(exchange, ensure=False) if exchange else channel.default_exchange
        await there.publish(aio_pika.Message(b"{}", **properties), routing_key)

    return publish


def declaring(name: str, **options: Any) -> Attempt:
    async def declare(channel: AbstractChannel) -> None:
        await channel.declare_exchange(name, aio_pika.ExchangeType.FANOUT, **options)

    return declare


def declaring_a_queue(name: str | None, **options: Any) -> Attempt:
    async def declare(channel: AbstractChannel) -> None:
        await channel.declare_queue(name, **options)

    return declare


def binding(queue: str, exchange: str, routing_key: str) -> Attempt:
    async def bind(channel: AbstractChannel) -> None:
        await (await channel.get_queue(queue, ensure=False)).bind(exchange, routing_key)

    return bind


def binding_exchanges(to: str, of: str, routing_key: str) -> Attempt:
    async def bind(channel: AbstractChannel) -> None:
        await (await channel.get_exchange(to, ensure=False)).bind(of, routing_key)

    return bind


def reading(queue: str) -> Attempt:
    async def read(channel: AbstractChannel) -> None:
        await (await channel.get_queue(queue, ensure=False)).get(fail=False, timeout=10)

    return read


def removing(queue: str) -> Attempt:
    async def remove(channel: AbstractChannel) -> None:
        await channel.queue_delete(queue, if_unused=False, if_empty=False)

    return remove


def purging(queue: str) -> Attempt:
    async def purge(channel: AbstractChannel) -> None:
        await (await channel.get_queue(queue, ensure=False)).purge()

    return purge


def removing_an_exchange(name: str) -> Attempt:
    async def remove(channel: AbstractChannel) -> None:
        await channel.exchange_delete(name)

    return remove


SERVICES = ("intake", "qualification", "escalation", "notifications")
EXCHANGES = ("cousumain.resend", "cousumain.dead", "cousumain.unrouted")


@pytest.mark.parametrize(
    "routing_key",
    [
        "escalation.decision_made.95",
        "intake.request_submitted.95",
        "qualification.request_refused.95",
        "notifications.delivery_succeeded.95",
        "intake.stream_heads.95",
        "escalation.events_missing.all",
        "forms.request_accepted.ours",
        "forms.request_refused.ours",
        "forms.alone_heads.95",
        "#",
    ],
)
def test_it_publishes_with_the_routing_key_of_others(form: ForeignForm, routing_key: str) -> None:
    assert is_refused(form, publishing(EXCHANGE, routing_key))


@pytest.mark.parametrize("queue", [*SERVICES, "intake.dead", "unrouted"])
def test_it_publishes_past_the_exchange_into_a_queue(form: ForeignForm, queue: str) -> None:
    assert is_refused(form, publishing("", queue))


@pytest.mark.parametrize("exchange", [*EXCHANGES, "amq.topic", "amq.direct", "amq.fanout"])
def test_it_publishes_to_an_exchange_that_goes_round_the_topic_rights(form: ForeignForm, exchange: str) -> None:
    assert is_refused(form, publishing(exchange, "intake"))


def test_it_says_that_another_account_published(form: ForeignForm) -> None:
    async def publish(channel: AbstractChannel) -> None:
        await publishing(EXCHANGE, "forms.request_filed.95", user_id="escalation")(channel)

    with pytest.raises(aiormq.exceptions.ChannelPreconditionFailed):
        is_refused(form, publish)
    assert not is_refused(form, publishing(EXCHANGE, "forms.request_filed.95", user_id=form.account))
    assert form.reads(1)[0]["data"]["code"] == "filing_unreadable"


@pytest.mark.parametrize("key", ["#", "intake.request_submitted.#", "forms.request_accepted.#", "*.stream_heads.#"])
def test_it_binds_its_own_queue_to_what_others_publish(form: ForeignForm, key: str) -> None:
    assert is_refused(form, binding(form.account, EXCHANGE, key))


def test_it_reads_the_answers_of_another_form(form: ForeignForm, other: ForeignForm) -> None:
    for attempt in (reading, purging, removing):
        assert is_refused(form, attempt(other.account))
    assert is_refused(form, binding(form.account, EXCHANGE, f"forms.request_accepted.{other.name}"))
    assert is_refused(form, binding(other.account, EXCHANGE, "#"))


@pytest.mark.parametrize("queue", [*SERVICES, "intake.dead", "unrouted"])
def test_it_reads_empties_or_removes_the_queue_of_a_service(form: ForeignForm, queue: str) -> None:
    for attempt in (reading, purging, removing):
        assert is_refused(form, attempt(queue))


def test_it_declares_queues_and_exchanges_of_its_own(form: ForeignForm) -> None:
    assert is_refused(form, declaring_a_queue(None, exclusive=True))
    assert is_refused(form, declaring_a_queue(f"{form.account}.more", durable=True))
    assert is_refused(
        form, declaring_a_queue(form.account, durable=True, arguments={"x-dead-letter-exchange": EXCHANGE})
    )
    assert is_refused(form, declaring(f"{form.account}.smuggle"))
    assert is_refused(form, declaring(f"{form.account}.alt", arguments={"alternate-exchange": EXCHANGE}))
    assert is_refused(form, removing(form.account))


@pytest.mark.parametrize("exchange", [EXCHANGE, *EXCHANGES])
def test_it_binds_or_removes_the_exchanges_of_all(form: ForeignForm, exchange: str) -> None:
    assert is_refused(form, binding_exchanges(EXCHANGE, exchange, "#"))
    assert is_refused(form, removing_an_exchange(exchange))


def test_it_decides_about_the_request_of_another_under_its_own_routing_key(system: System, form: ForeignForm) -> None:
    applicant = a_request(system)
    for source in ("/escalation", f"/forms/{form.name}"):
        decision = form.event(
            source=source,
            type="escalation.decision_made.v1",
            subject=applicant.id,
            sequence=1,
            departement="95",
            data={"request_id": applicant.id, "departement": "95", "at": "2026-11-30T10:00:00+01:00"},
        )
        form.files(decision)
        (answer,) = form.reads(1)
        assert answer["data"]["code"] == "not_for_this_account"
        assert answer["data"]["filed_id"] == decision["id"]
    form.files(form.event())
    assert form.reads(1)[0]["type"] == "forms.request_accepted.v1"
    assert applicant.sees()["status"] in {"submitted", "registered"}


def test_it_files_under_the_source_of_another_form(form: ForeignForm, other: ForeignForm) -> None:
    form.files(form.event(source=f"/forms/{other.name}"))
    (answer,) = form.reads(1)
    assert answer["data"]["code"] == "not_for_this_account"
    other.files(other.event())
    assert other.reads(1)[0]["type"] == "forms.request_accepted.v1"


def test_it_publishes_what_nobody_can_read_and_no_operator_is_alarmed(system: System, form: ForeignForm) -> None:
    before = quarantined(system)
    for missing in ("id", "source", "specversion", "type"):
        event = form.event()
        del event[missing]
        form.files(event)
        (answer,) = form.reads(1)
        assert answer["data"]["code"] == "filing_unreadable"
        assert answer["data"]["filed_id"] == event.get("id", "")
        assert missing in {error["field"] for error in answer["data"]["errors"]}
    form.publishes(*(f"rubbish {number}".encode() for number in range(200)))
    assert {answer["data"]["code"] for answer in form.reads(200)} == {"filing_unreadable"}
    assert quarantined(system) == before


def quarantined(system: System) -> int:
    """Count what waits for an operator at intake."""
    found: list[Json] = json.loads(system.command("quarantine", "list", "--service", "intake", "--json"))
    return len(found)
