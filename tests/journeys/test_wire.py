"""What really travels through the broker is what the AsyncAPI documents say, envelope, headers and properties."""

import asyncio
import json
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote, urlsplit

import aio_pika
import jsonschema_rs
import pytest
from aio_pika.abc import AbstractIncomingMessage

from shared.messaging.accounts import SERVICES, Origins
from tests.actors import HTTP, Json
from tests.journeys.strangers import ForeignForm
from tests.steps import People, a_decided_request, an_outcome
from tests.system import System

pytestmark = pytest.mark.journey

QUIET = 3.0
"""Seconds without a message after which no more is waited for."""

ENOUGH_TYPES = 18
"""Types that two requests and two filings lead to; what other tests did before comes besides."""


@dataclass(frozen=True, slots=True)
class Caught:
    """One message as it came from the broker."""

    routing_key: str
    body: Json
    headers: Json
    properties: Json

    @classmethod
    def of(cls, message: AbstractIncomingMessage) -> "Caught":
        names = ("content_type", "delivery_mode", "message_id", "correlation_id", "type", "user_id")
        told = {name: getattr(message, name) for name in names}
        properties = {name: value for name, value in told.items() if value is not None}
        headers = {name: value for name, value in message.headers.items() if not name.startswith("x-")}
        return cls(message.routing_key or "", json.loads(message.body), headers, properties)

    @property
    def type(self) -> str:
        wire_type: str = self.body["type"]
        return wire_type


@pytest.fixture(scope="module")
def caught(system: System, agent: People) -> list[Caught]:
    """Listen while two requests are decided, a form files, and every event that was ever published is sent again."""
    form = ForeignForm.added(system)
    caught: list[Caught] = []

    async def listen() -> None:
        async with await aio_pika.connect(system.endpoints["amqp"]) as connection:
            channel = await connection.channel()
            everything = await channel.declare_queue(exclusive=True)
            await everything.bind("cousumain", "#")
            await everything.consume(catch, no_ack=True)
            await asyncio.to_thread(act)
            seen = -1
            while seen < len(caught):
                seen = len(caught)
                await asyncio.sleep(QUIET)

    async def catch(message: AbstractIncomingMessage) -> None:
        caught.append(Caught.of(message))

    def act() -> None:
        a_decided_request(system, agent, "granted").does("messages", text="Merci.")
        an_outcome(system, agent, "refusal")
        form.files(form.event())
        form.files(form.event(data={}))
        form.reads(2)
        for source in ("/intake", "/qualification/95", "/escalation", "/notifications"):
            system.command("events", "resend", "--source", source, "--from", "2020-01-01", "--why", "essai", within=120)

    with ThreadPoolExecutor(1) as pool:
        pool.submit(asyncio.run, listen()).result(timeout=300)
    return caught


@pytest.fixture(scope="module")
def documents(system: System) -> dict[str, Json]:
    """What each service says about itself."""
    return {service: HTTP.get(f"{system.endpoints[service]}/asyncapi").json() for service in SERVICES}


def described(documents: dict[str, Json], wire_type: str) -> tuple[Json, Json]:
    """Find the document and the message that describe a type: the publisher's, or the one that it is filed with."""
    service = wire_type.partition(".")[0]
    document = documents["intake" if service == "forms" else service]
    channel = document["channels"].get(wire_type, document["channels"]["queue"])
    (name,) = [name for name in channel["messages"] if name == wire_type or wire_type.endswith(f".{name}")]
    return document, document["components"]["messages"][name]


class Fits:
    """Compares messages with their descriptions; a validator is made once for each."""

    def __init__(self, documents: dict[str, Json]) -> None:
        self._documents = documents
        self._validators: dict[str, list[tuple[str, Any]]] = {}

    def wrong(self, message: Caught) -> set[str]:
        """Say what does not fit: in the body, the headers, and the properties."""
        if message.type not in self._validators:
            self._validators[message.type] = self._made_for(message.type)
        parts = {"body": message.body, "headers": message.headers, "properties": message.properties}
        return {
            f"{message.type} {part}: {error.message[:300]}"
            for part, validator in self._validators[message.type]
            for error in validator.iter_errors(parts[part])
        }

    def _made_for(self, wire_type: str) -> list[tuple[str, Any]]:
        document, one = described(self._documents, wire_type)
        (trait,) = [document["components"]["messageTraits"][t["$ref"].rpartition("/")[2]] for t in one["traits"]]
        parts = {"body": one["payload"], "headers": trait["headers"], "properties": trait["x-amqp-properties"]}
        return [
            (
                part,
                jsonschema_rs.Draft7Validator(
                    {"allOf": [schema], "components": document["components"]}, validate_formats=True
                ),
            )
            for part, schema in parts.items()
        ]


def test_every_message_is_described_and_fits(caught: list[Caught], documents: dict[str, Json]) -> None:
    fits, found = Fits(documents), set[str]()
    for message in caught:
        if message.body["data"]:  # one filing was wrong on purpose
            found |= fits.wrong(message)
    assert not found
    types = {message.type for message in caught}
    assert len(types) >= ENOUGH_TYPES, types


def test_control_messages_and_answers_to_forms_were_among_them(caught: list[Caught]) -> None:
    types = {message.type for message in caught}
    assert {"forms.request_filed.v1", "forms.request_accepted.v1", "forms.request_refused.v1"} <= types
    assert "intake.stream_heads.v1" in types


def test_every_message_comes_by_the_routing_key_of_its_channel(
    caught: list[Caught], documents: dict[str, Json]
) -> None:
    for message in caught:
        if message.type == "forms.request_filed.v1":
            continue
        document, _ = described(documents, message.type)
        address = document["channels"][message.type]["address"]
        assert message.routing_key.rpartition(".")[0] == address.rpartition(".")[0]


def test_every_message_says_which_account_published_it(caught: list[Caught]) -> None:
    for message in caught:
        assert Origins().owns(message.properties["user_id"], message.body["source"]), message


def test_queue_and_bindings_are_those_of_the_broker(system: System, documents: dict[str, Json]) -> None:
    account = urlsplit(system.endpoints["amqp"])
    signed = (account.username or "", unquote(account.password or ""))

    def ask(path: str) -> Any:
        return HTTP.get(f"{system.endpoints['management']}/api/queues/%2F/{path}", auth=signed).json()

    for document in documents.values():
        channel = document["channels"]["queue"]
        queue = channel["bindings"]["amqp"]["queue"]
        there = ask(queue["name"])
        assert {name: there[name] for name in ("name", "durable", "vhost")} == {
            name: queue[name] for name in ("name", "durable", "vhost")
        }
        bound = ask(f"{queue['name']}/bindings")
        assert {(one["source"], one["routing_key"]) for one in bound if one["source"]} == {
            (one["exchange"], one["routingKey"]) for one in channel["x-queue-bindings"]
        }
