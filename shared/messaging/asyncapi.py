"""The AsyncAPI document of a service, made by FastStream of the broker whose subscriber consumes, and completed.

FastStream describes server, channels and operations: of the subscriber that runs, and of the publishers declared here,
through which nothing is published (the relay uses aio-pika). Its model has no place for several messages of a channel,
headers, AMQP properties and parameters of an address, and two models of one name overwrite each other (ADR 20).
These are added from the contracts: the payload of a message is the whole CloudEvents envelope, and what AMQP carries
beside the body stands in `headers` and, where AsyncAPI has no word for it, in `x-amqp-properties`.
"""

import inspect
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Final

from faststream.rabbit import ExchangeType, RabbitBroker, RabbitExchange
from faststream.specification.asyncapi import AsyncAPI
from pydantic import BaseModel, ConfigDict
from pydantic.json_schema import models_json_schema

from shared import tracing
from shared.contracts import FACTS
from shared.contracts.fact import Fact
from shared.messaging import control_messages
from shared.messaging.accounts import SERVICES
from shared.messaging.control_messages import ControlMessage
from shared.messaging.envelope import CONTENT_TYPE, DIGEST, FURTHEST
from shared.messaging.names import EXCHANGE, RESEND_EXCHANGE, exchange_of, matches_any
from shared.messaging.topology import ASKED_BY_ANYBODY, Subscription

CONTROL: Final[dict[str, type[ControlMessage]]] = {
    control_messages.EVENTS_MISSING: control_messages.EventsMissing,
    control_messages.STREAM_HEADS: control_messages.StreamHeads,
    control_messages.HEADS_WANTED: control_messages.HeadsWanted,
    control_messages.ALONE_HEADS: control_messages.StreamHeads,
    control_messages.STREAM_FORKED: control_messages.StreamForked,
    control_messages.STREAM_CHECKED: control_messages.StreamChecked,
}
"""Bodies of control messages by name."""

PARAMETERS: Final = {
    "departement": "The code of the département in charge, such as `95`",
    "form": "The name of the form whose account filed the request",
    "queue": "The queue that missed the events",
}
"""What the words of a routing key mean."""

_BINDING: Final = {"bindingVersion": "0.3.0"}
_CHAIN_HASH: Final = {"type": "string", "pattern": "^[0-9a-f]{64}$"}
_TRACE: Final = {
    "type": "string",
    "pattern": "^[0-9a-f]{2}-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}$",
    "description": "W3C Trace Context, where traces are collected",
}
_NAME: Final = {"type": "string", "minLength": 1, "maxLength": 300}

_MEMBERS: Final[dict[str, dict[str, Any]]] = {
    "specversion": {"type": "string", "const": "1.0"},
    "id": _NAME | {"description": "Unique within `source`"},
    "source": _NAME | {"description": "Who published it; with `subject` it names a stream"},
    "type": {"type": "string", "maxLength": 100, "pattern": "^[a-z_]+\\.[a-z_]+\\.v[0-9]+$"},
    "time": {"type": "string", "format": "date-time"},
    "datacontenttype": {"type": "string", "const": "application/json"},
    "departement": {"type": "string", "maxLength": 100, "description": "The code of the département in charge"},
    "correlationid": {"type": "string", "maxLength": 300, "description": "The same for all that one action led to"},
    "causationid": {"type": "string", "description": "The event that led to this one"},
    "traceparent": _TRACE,
}
_PLACE: Final[dict[str, dict[str, Any]]] = {
    "subject": _NAME | {"description": "The request, pact or programme that the stream is about"},
    "sequence": {"type": "integer", "minimum": 1, "maximum": FURTHEST, "description": "The place in the stream"},
    "previoushash": _CHAIN_HASH
    | {"description": "sha256(previoushash || body) of the event before it, the hash as bytes; absent in the first"},
}
_COMMON: Final = ["specversion", "id", "source", "type", "time", "datacontenttype", "departement", "data"]

ENVELOPES: Final[dict[str, dict[str, Any]]] = {
    "Event": {
        "description": "One event of a stream: CloudEvents 1.0 in structured JSON",
        "type": "object",
        "properties": _MEMBERS | _PLACE,
        "required": [*_COMMON, "subject", "sequence", "correlationid"],
    },
    "ControlMessage": {
        "description": "A message between services to recover lost events; no event, and in no stream",
        "type": "object",
        "properties": _MEMBERS,
        "required": _COMMON,
    },
    "Answer": {
        "description": "What the form that filed a request is answered, and nobody else",
        "type": "object",
        "properties": _MEMBERS,
        "required": _COMMON,
    },
    "Filing": {
        "description": "What another program files: CloudEvents 1.0 in structured JSON, without a place in a stream",
        "type": "object",
        "properties": {name: _MEMBERS[name] for name in ("specversion", "id", "source", "type", "time")}
        | {"datacontenttype": _MEMBERS["datacontenttype"]},
        "required": ["specversion", "id", "source", "type", "data"],
    },
}
"""The forms of the envelope; `data` is described with each message."""

_PROPERTIES: Final[dict[str, Any]] = {
    "type": "object",
    "properties": {
        "content_type": {"type": "string", "const": CONTENT_TYPE},
        "delivery_mode": {"type": "integer", "const": 2},
        "message_id": _NAME | {"description": "The event's `id`"},
        "correlation_id": _NAME | {"description": "The event's `id`"},
        "type": {"type": "string", "description": "The event's `type`"},
        "user_id": {
            "type": "string",
            "description": "The account that publishes, checked by RabbitMQ; `source` must belong to it",
        },
    },
    "required": ["content_type", "delivery_mode", "message_id", "correlation_id", "type", "user_id"],
}
_HEADERS: Final[dict[str, Any]] = {
    "type": "object",
    "properties": {DIGEST: _CHAIN_HASH | {"description": "sha256 of the body"}, tracing.HEADER: _TRACE},
}
TRAITS: Final[dict[str, Any]] = {
    "published": {
        "contentType": CONTENT_TYPE,
        "headers": _HEADERS | {"required": [DIGEST]},
        "x-amqp-properties": _PROPERTIES,
    },
    "filed": {
        "contentType": CONTENT_TYPE,
        "headers": _HEADERS,
        "x-amqp-properties": _PROPERTIES | {"required": ["user_id"]},
    },
}
"""What AMQP carries beside the body of what services publish, and of what other programs file."""


@dataclass(frozen=True, slots=True)
class Filing:
    """What programs of others may publish, and what each of them is answered on a routing key of its own."""

    wire_type: str
    data: type[BaseModel]
    answers: tuple[type[Fact], ...]


@dataclass(frozen=True, slots=True)
class Interface:
    """What a service publishes and consumes."""

    service: str
    subscription: Subscription
    publishes: Sequence[type[Fact]] = ()
    filing: Filing | None = None

    def declare_publishers(self, broker: RabbitBroker) -> None:
        """Declare a FastStream publisher for each channel that the service publishes to, so that it is described."""
        for fact in self.publishes:
            _declare(broker, fact.wire_type, _key(fact.wire_type, "departement"), EXCHANGE)
        for name in CONTROL:
            wire_type = f"{self.service}.{name}.v1"
            _declare(broker, wire_type, _key(wire_type, "departement"), EXCHANGE)
        for answer in self.filing.answers if self.filing else ():
            _declare(broker, answer.wire_type, _key(answer.wire_type, "form"), EXCHANGE)
        _declare(
            broker, "resend", "{queue}", RESEND_EXCHANGE, "Events that one queue missed, published to it once more"
        )

    def document(self, broker: RabbitBroker) -> dict[str, Any]:
        """Describe the service in AsyncAPI 3; `broker` is the consumer's, with the publishers declared above."""
        described = AsyncAPI(
            broker,
            title=f"Cousu-main: {self.service}",
            version="1",
            description=(
                f"What {self.service} publishes, and what its queue `{self.subscription.queue}` receives. It publishes "
                f"to `{exchange_of(self.service)}`, which alone it may write to, and which hands its events on to "
                f"`{EXCHANGE}`."
            ),
            license={"name": "EUPL-1.2"},
        )
        document: dict[str, Any] = described.to_specification().to_jsonable()
        document["defaultContentType"] = CONTENT_TYPE
        document["servers"] = {"broker": _server(*document["servers"].values())}
        for operation in document["operations"].values():
            del operation["messages"], operation["bindings"]["amqp"]["cc"]
        for name, channel in document["channels"].items():
            del channel["servers"]
            channel["messages"] = {one: _ref("messages", one) for one in self._messages_of(name)}
            if parameters := re.findall(r"\{(\w+)\}", channel["address"]):
                channel["parameters"] = {one: {"description": PARAMETERS[one]} for one in parameters}
        document["channels"]["queue"] |= {
            "address": self.subscription.queue,
            "x-queue-bindings": self._queue_bindings(),
        }
        document["components"] = self._components()
        return document

    @property
    def _keys(self) -> tuple[str, ...]:
        """The routing keys by which messages come to the queue."""
        return (*self.subscription.bindings, *ASKED_BY_ANYBODY, *self.subscription.alone_heads())

    def _queue_bindings(self) -> list[dict[str, str]]:
        return [
            *({"exchange": EXCHANGE, "routingKey": key} for key in self._keys),
            {"exchange": RESEND_EXCHANGE, "routingKey": self.subscription.queue},
        ]

    def _messages_of(self, channel: str) -> list[str]:
        """Name the messages of a channel."""
        if channel == "resend":
            return [fact.wire_type for fact in self.publishes]
        if channel == "queue":
            facts = [fact.wire_type for fact in FACTS if _leads(fact.wire_type, self.subscription.bindings)]
            control = [
                f"{name}.v1" for name in CONTROL if any(_leads(f"{one}.{name}.v1", self._keys) for one in SERVICES)
            ]
            return [*facts, *control, *([self.filing.wire_type] if self.filing else [])]
        service, _, rest = channel.partition(".")
        return [rest] if service == self.service and rest.removesuffix(".v1") in CONTROL else [channel]

    def _components(self) -> dict[str, Any]:
        """Return the messages with their envelopes, headers and properties, and one schema for each model."""
        bindings = self.subscription.bindings
        facts = [fact for fact in FACTS if fact in self.publishes or _leads(fact.wire_type, bindings)]
        models: dict[str, type[BaseModel]] = {fact.wire_type: fact for fact in facts}
        messages = {fact.wire_type: _message(fact.wire_type, "Event", inspect.getdoc(fact)) for fact in facts}
        for name, model in CONTROL.items():
            models[f"{name}.v1"] = model
            messages[f"{name}.v1"] = _message(f"{name}.v1", "ControlMessage", inspect.getdoc(model), any_service=True)
        if self.filing is not None:
            models[self.filing.wire_type] = self.filing.data
            messages[self.filing.wire_type] = _filing(self.filing)
            for answer in self.filing.answers:
                models[answer.wire_type] = answer
                messages[answer.wire_type] = _message(answer.wire_type, "Answer", inspect.getdoc(answer))
        named = [(_named(wire_type, model), "validation") for wire_type, model in models.items()]
        _, schemas = models_json_schema(named, ref_template="#/components/schemas/{model}")  # type: ignore[arg-type] # "validation" is a literal
        return {
            "messages": messages,
            "messageTraits": TRAITS,
            "schemas": ENVELOPES | _as_draft_7(schemas["$defs"]),
            "securitySchemes": {"account": {"type": "userPassword", "description": "An account of the broker"}},
        }


def _declare(broker: RabbitBroker, title: str, routing_key: str, exchange: str, description: str | None = None) -> None:
    broker.publisher(
        routing_key=routing_key,
        exchange=RabbitExchange(exchange, type=ExchangeType.TOPIC, declare=False),
        title=title,
        description=description,
        mandatory=True,
        persist=True,
    )


def _key(wire_type: str, last: str) -> str:
    """Return the routing key of a type, its last word a parameter: `intake.message_posted.{departement}`."""
    return f"{wire_type.rpartition('.')[0]}.{{{last}}}"


def _ref(kind: str, name: str) -> dict[str, str]:
    return {"$ref": f"#/components/{kind}/{name}"}


def _server(described: dict[str, Any]) -> dict[str, Any]:
    """Complete FastStream's server by what the address of an installation is made of."""
    return described | {
        "protocolVersion": "0-9-1",
        "variables": {"host": {"default": "127.0.0.1"}, "port": {"default": "5672"}},
        "security": [_ref("securitySchemes", "account")],
    }


def _leads(wire_type: str, bindings: Iterable[str]) -> bool:
    """Return whether an event of this type, of some département, comes to a queue with these bindings."""
    key = wire_type.rpartition(".")[0]
    codes = {binding.rpartition(".")[2] for binding in bindings} - {"#", "*"}
    return any(matches_any(f"{key}.{code}", bindings) for code in codes or {"95"})


def _message(wire_type: str, envelope: str, meaning: str | None, *, any_service: bool = False) -> dict[str, Any]:
    """Describe one message; `any_service`: each service publishes it as `<service>.<wire_type>`."""
    service = f"({'|'.join(SERVICES)})" if any_service else _publisher(wire_type)
    pattern = f"^{service}.{wire_type}$".replace(".", "\\.")
    members = {
        "type": {"pattern": pattern} if any_service else {"const": wire_type},
        "source": {"pattern": f"^/{service}(/.+)?$"},
        "data": _data(wire_type),
    }
    return {
        "name": wire_type,
        "title": wire_type,
        "description": meaning or "",
        "traits": [_ref("messageTraits", "published")],
        "correlationId": {"location": f"$message.payload#/{'id' if any_service else 'correlationid'}"},
        "payload": {"allOf": [_ref("schemas", envelope), {"type": "object", "properties": members}]},
        "bindings": {"amqp": _BINDING if any_service else _BINDING | {"messageType": wire_type}},
    }


def _data(wire_type: str) -> dict[str, str]:
    return _ref("schemas", _schema_name(wire_type))


def _publisher(wire_type: str) -> str:
    """Return the service that publishes a type; intake answers forms."""
    service = wire_type.partition(".")[0]
    return "intake" if service == "forms" else service


def _filing(filing: Filing) -> dict[str, Any]:
    """Describe what programs of others publish."""
    members = {
        "type": {"const": filing.wire_type},
        "source": {"pattern": "^/forms/.+$"},
        "data": _data(filing.wire_type),
    }
    return {
        "name": filing.wire_type,
        "title": filing.wire_type,
        "description": (
            f"{inspect.getdoc(filing.data)} A program publishes it to `{EXCHANGE}` with the routing key "
            f"`{filing.wire_type.rpartition('.')[0]}.<departement>`, and is answered on its own queue by "
            f"{' or '.join(f'`{answer.wire_type}`' for answer in filing.answers)}."
        ),
        "traits": [_ref("messageTraits", "filed")],
        "correlationId": {"location": "$message.payload#/id"},
        "payload": {"allOf": [_ref("schemas", "Filing"), {"type": "object", "properties": members}]},
        "bindings": {"amqp": _BINDING},
    }


def _named(wire_type: str, model: type[BaseModel]) -> type[BaseModel]:
    """Return the same model under its wire type: two services may call different facts by one class name."""
    more = {"__doc__": model.__doc__, "model_config": ConfigDict(title=wire_type)}
    return type(_schema_name(wire_type), (model,), more)


def _schema_name(wire_type: str) -> str:
    """Name the schema of a type's data: pydantic takes dots for the path of a module."""
    return wire_type.replace(".", "_")


def _as_draft_7(schema: Any) -> Any:
    """Write tuples as JSON Schema draft 7 does, which AsyncAPI builds upon."""
    if isinstance(schema, list):
        return [_as_draft_7(one) for one in schema]
    if not isinstance(schema, dict):
        return schema
    return {("items" if name == "prefixItems" else name): _as_draft_7(value) for name, value in schema.items()}
